import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import Testing

@testable import AlibabaAdapter

/// What the provider's answers mean.
///
/// Answers of Model Studio's pages on asynchronous tasks (12 October 2026), Wan (2026) and error codes (2026); messages that
/// are not quoted there are made up. Written 2026-11-21.
@Suite struct AlibabaAnswerTests {
    private static let id = "0385dc79-5ff8-4d82-bcb6-6c1d2e3f4a5b"

    private static func operation(
        resolution: String = "720P",
        submittedAt: Int64 = 0
    ) -> ProviderOperation {
        let ticket = WanTicket(model: "wan2.7-t2v", resolution: resolution, submittedAt: submittedAt)
        return ProviderOperation(remoteID: id, payload: ticket.payload)
    }

    private static func status(
        _ body: String,
        http: Int = 200,
        of operation: ProviderOperation = operation(),
        now: Int64 = 0
    ) async throws -> OperationStatus {
        let transport = ScriptedTransport([
            .answered(.get, "\(Stage.scripted)/tasks/\(id)", status: http, body: body)
        ])
        let status = try await Stage(transport, now: { now }).adapter.status(of: operation)
        #expect(transport.requests.first?.header("Authorization") == "Bearer \(Stage.key)")
        return status
    }

    private static func task(_ fields: String, usage: String? = nil) -> String {
        #"{"request_id":"r","output":{"task_id":"\#(id)",\#(fields)}"# + (usage.map { #","usage":\#($0)"# } ?? "") + "}"
    }

    // MARK: - Standings

    @Test(arguments: [
        ("PENDING", true), ("SUSPENDED", true), ("RUNNING", false), ("PREHEATING", false),
    ])
    func whatHasNotEndedIsPending(_ word: String, _ isQueued: Bool) async throws {
        let status = try await Self.status(Self.task(#""task_status":"\#(word)""#))
        #expect(status == .pending(progress: nil, isQueued: isQueued))
    }

    @Test func whatHasSucceededHasItsVideoAndItsBill() async throws {
        let status = try await Self.status(
            Self.task(
                """
                "task_status":"SUCCEEDED","submit_time":"2026-11-21 18:03:25.848","orig_prompt":"A boat",\
                "video_url":"https://dashscope-result-sgp.oss-ap-southeast-1.aliyuncs.com/x.mp4?Expires=1&Signature=s"
                """,
                usage:
                    #"{"duration":5,"input_video_duration":0,"output_video_duration":5,"video_count":1,"SR":720,"ratio":"16:9"}"#
            )
        )
        let url = "https://dashscope-result-sgp.oss-ap-southeast-1.aliyuncs.com/x.mp4?Expires=1&Signature=s"
        #expect(
            status
                == .completed(
                    [ProviderOutput(.url(url), mediaType: "video/mp4")],
                    ReportedUsage(milliseconds: 5_000)
                )
        )
    }

    @Test(
        arguments: [
            (#"{"duration":10.04,"SR":720}"#, 10_040), (#"{"duration":5,"SR":"720"}"#, 5_000),
            (#"{"duration":5}"#, 5_000), (#"{"duration":5,"SR":1080}"#, nil), (#"{"duration":-5,"SR":720}"#, nil),
            (#"{"duration":1e300,"SR":720}"#, nil), (#"{"duration":"5","SR":720}"#, nil), ("[]", nil), ("null", nil),
        ] as [(String, Int64?)]
    )
    func onlyABillThatMakesSenseIsBelieved(_ usage: String, _ milliseconds: Int64?) async throws {
        let body = Self.task(#""task_status":"SUCCEEDED","video_url":"https://a.example/x.mp4""#, usage: usage)
        guard case .completed(_, let reported) = try await Self.status(body) else {
            Issue.record("not completed")
            return
        }
        #expect(reported.milliseconds == milliseconds)
    }

    @Test(arguments: [#""task_status":"SUCCEEDED""#, #""task_status":"SUCCEEDED","video_url":"""#])
    func successWithoutAVideoHasNoOutput(_ fields: String) async throws {
        guard case .completed(let outputs, _) = try await Self.status(Self.task(fields)) else {
            Issue.record("not completed")
            return
        }
        #expect(outputs.isEmpty)
    }

    @Test(
        arguments: [
            ("DataInspectionFailed", .contentPolicy, .never), ("IPInfringementSuspect", .contentPolicy, .never),
            ("InternalError.DataInspection", .contentPolicy, .never),
            ("InvalidParameter.DataInspection", .invalidRequest, .never), ("InvalidParameter", .invalidRequest, .never),
            ("InvalidURL.Timeout", .invalidRequest, .never), ("Throttling.RateQuota", .rateLimited, .backoff),
            ("InternalError.Algo", .unavailable, .backoff), ("InternalError.Timeout", .timedOut, .backoff),
            ("Arrearage", .insufficientProviderFunds, .never), ("AccessDenied.Unpurchased", .authentication, .never),
            ("SomethingNew", .unknown, .never),
        ] as [(String, ProviderFailure.Code, ProviderFailure.Retry)]
    )
    func aFailedTaskSaysWhyAndIsNotBilled(
        _ code: String,
        _ portable: ProviderFailure.Code,
        _ retry: ProviderFailure.Retry
    ) async throws {
        let body = Self.task(#""task_status":"FAILED","code":"\#(code)","message":"Words of the provider.""#)
        guard case .failed(let failure) = try await Self.status(body) else {
            Issue.record("not failed")
            return
        }
        #expect(failure.code == portable)
        #expect(failure.retry == retry)
        #expect(failure.billing == .notCharged)
        #expect(failure.providerCode == code)
        let isPrivate = portable == .insufficientProviderFunds || portable == .authentication
        #expect(failure.message.contains("Words of the provider.") == !isPrivate)
    }

    @Test(arguments: ["CANCELED", "CANCELLED"])
    func whatWasStoppedCostsNothing(_ word: String) async throws {
        let status = try await Self.status(Self.task(#""task_status":"\#(word)""#))
        #expect(status == .cancelled(chargedNanoUSD: 0))
    }

    @Test(arguments: [(0, false), (24 * 3_600_000 - 1, false), (24 * 3_600_000, true)] as [(Int64, Bool)])
    func aTaskThatIsNotKnownIsNotFound(_ now: Int64, _ isOld: Bool) async throws {
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await Self.status(Self.task(#""task_status":"UNKNOWN""#), now: now)
        }
        #expect(failure?.code == .notFound)
        #expect(failure?.retry == .never)
        #expect(failure?.message.contains("24 hours") == isOld)
    }

    @Test(arguments: [
        #"{"request_id":"r"}"#, #"{"output":{"task_id":"another","task_status":"SUCCEEDED"}}"#,
        #"{"output":{"task_status":"SUCCEEDED"}}"#, #"{"output":"SUCCEEDED"}"#, "[]", "",
    ])
    func anAnswerAboutNothingIsAskedForAgain(_ body: String) async throws {
        let failure = await #expect(throws: ProviderFailure.self) { _ = try await Self.status(body) }
        #expect(failure?.code == .unknown)
        #expect(failure?.retry == .backoff)
    }

    // MARK: - Refusals of a submit

    struct Refusal: Sendable, CustomTestStringConvertible {
        let status: Int
        let code: String
        let portable: ProviderFailure.Code
        var isDefinite = true
        var isFinal = true
        var testDescription: String { "\(status) \(code)" }
    }

    @Test(arguments: [
        Refusal(status: 400, code: "InvalidParameter", portable: .invalidRequest),
        Refusal(status: 400, code: "DataInspectionFailed", portable: .contentPolicy),
        Refusal(status: 400, code: "InvalidParameter.DataInspection", portable: .invalidRequest),
        Refusal(status: 400, code: "Arrearage", portable: .insufficientProviderFunds),
        Refusal(status: 403, code: "AllocationQuota.FreeTierOnly", portable: .insufficientProviderFunds),
        Refusal(status: 429, code: "CommodityNotPurchased", portable: .insufficientProviderFunds),
        Refusal(status: 401, code: "InvalidApiKey", portable: .authentication),
        Refusal(status: 403, code: "AccessDenied.Unpurchased", portable: .authentication),
        Refusal(status: 403, code: "Model.AccessDenied", portable: .authentication),
        Refusal(status: 404, code: "ModelNotFound", portable: .notFound),
        Refusal(status: 429, code: "Throttling.RateQuota", portable: .rateLimited, isFinal: false),
        Refusal(status: 429, code: "Throttling.AllocationQuota", portable: .rateLimited, isFinal: false),
        Refusal(status: 500, code: "InternalError.Timeout", portable: .unavailable, isDefinite: false, isFinal: false),
        Refusal(status: 500, code: "DataInspectionFailed", portable: .unavailable, isDefinite: false, isFinal: false),
        Refusal(status: 503, code: "ModelServiceFailed", portable: .unavailable, isDefinite: false, isFinal: false),
        Refusal(status: 408, code: "RequestTimeOut", portable: .timedOut, isDefinite: false, isFinal: false),
    ])
    func aRefusalSaysWhyAndWhetherItIsOne(_ refusal: Refusal) async throws {
        let body = #"{"code":"\#(refusal.code)","message":"Words about sk-simulated.","request_id":"a1"}"#
        let transport = ScriptedTransport([
            .answered(.post, Stage.scripted, status: refusal.status, body: body)
        ])
        let stage = Stage(transport)
        let request = try stage.resolved(Stage.request("alibaba/wan-2.7"))
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await stage.adapter.submit(request, attempt: stage.attempt().context())
        }
        #expect(failure?.code == refusal.portable)
        #expect(failure?.isDefiniteRefusal == refusal.isDefinite)
        #expect((failure?.retry == .never) == refusal.isFinal)
        #expect(failure?.providerCode == refusal.code)
        if refusal.portable == .authentication || refusal.portable == .insufficientProviderFunds {
            // What the provider says about the operator's account stays with the operator.
            #expect(failure?.message.contains("Words") == false)
        } else {
            #expect(failure?.message.contains("Words") == true)
        }
    }

    @Test(arguments: [
        "", "{}", #"{"output":{"task_status":"PENDING"}}"#, #"{"output":{"task_id":""}}"#,
        #"{"output":{"task_id":"../../x"}}"#, #"{"output":{"task_id":7}}"#, #"{"code":"X","message":"y"}"#,
    ])
    func anAcceptanceWithoutAUsableIDLeavesTheOutcomeUnknown(_ body: String) async throws {
        let stage = Stage(ScriptedTransport([.answered(.post, Stage.scripted, status: 200, body: body)]))
        let request = try stage.resolved(Stage.request("alibaba/wan-2.7"))
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await stage.adapter.submit(request, attempt: stage.attempt().context())
        }
        #expect(failure?.isDefiniteRefusal == false)
        #expect(failure?.billing == .unknown)
    }
}
