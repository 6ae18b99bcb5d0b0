import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import MediaInspection
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

@testable import AlibabaAdapter

/// What comes back for images, and what it means.
@Suite struct ImageAnswerTests {
    private func submit(_ request: GenerationRequest, _ status: Int, _ body: JSONValue) async throws -> Submission {
        let stage = Stage(ScriptedTransport([Stage.answer(.post, body, status: status)]))
        return try await stage.adapter.submit(stage.resolved(request), attempt: stage.attempt().context())
    }

    private func failure(_ request: GenerationRequest, _ status: Int, _ body: JSONValue) async -> ProviderFailure? {
        await #expect(throws: ProviderFailure.self) { _ = try await submit(request, status, body) }
    }

    private static let qwen = Stage.image("qwen/qwen-image-2.0") { $0.n = 2 }
    private static let wan = Stage.image("alibaba/wan-2.7-image") { $0.n = 2 }

    private static func choice(_ part: JSONValue) -> JSONValue {
        ["finish_reason": "stop", "message": ["role": "assistant", "content": [part]]]
    }

    // MARK: - At once

    @Test func imagesComeAtOnceWithAndWithoutAType() async throws {
        let body: JSONValue = [
            "request_id": "r",
            "output": [
                "choices": [
                    Self.choice(["image": "https://cdn.example.com/1.png"]),
                    Self.choice(["image": "https://cdn.example.com/2.png", "type": "image"]),
                ]
            ],
            "usage": [
                "image_count": 2, "output_width": 1_024, "output_height": 1_024,
                "output_image_type": "qima_output_1k",
            ],
        ]
        let expected = Submission.completed(
            [1, 2].map { ProviderOutput(.url("https://cdn.example.com/\($0).png"), mediaType: "image/png") },
            ImageAnswer.usage(images: 2)
        )
        #expect(try await submit(Self.qwen, 200, body) == expected)
    }

    @Test(arguments: [
        ("DataInspectionFailed", ProviderFailure.Code.contentPolicy), ("InternalError.Algo", .unavailable),
        ("InvalidParameter", .invalidRequest), ("Throttling.RateQuota", .rateLimited), ("Nobody.Knows", .unknown),
        ("Arrearage", .insufficientProviderFunds),
    ])
    func aCodeWithStatus200IsARefusal(_ code: String, _ meaning: ProviderFailure.Code) async {
        let body: JSONValue = ["code": .string(code), "message": "It was not made.", "request_id": "r"]
        for request in [Self.qwen, Self.wan] {
            let failure = await failure(request, 200, body)
            #expect(failure?.code == meaning)
            #expect(failure?.isDefiniteRefusal == true)
            #expect(failure?.providerCode == code)
        }
    }

    @Test(arguments: [[:], ["output": [:]], ["output": "x"], ["output": ["choices": "x"]], []] as [JSONValue])
    func anAnswerOfAnotherShapeLeavesTheOutcomeUnknown(_ body: JSONValue) async {
        for request in [Self.qwen, Self.wan] {
            #expect(await failure(request, 200, body)?.isDefiniteRefusal == false)
        }
    }

    @Test func choicesWithoutAnImageAreNothing() async throws {
        let body: JSONValue = ["output": ["choices": [Self.choice(["text": "I cannot draw that."])]]]
        #expect(try await submit(Self.qwen, 200, body) == .completed([], ImageAnswer.usage(images: 0)))
    }

    // MARK: - Tasks

    private func standing(_ body: JSONValue, now: Int64 = 1_000) async throws -> OperationStatus {
        let stage = Stage(ScriptedTransport([Stage.answer(.get, body)]), now: { now })
        let ticket = ImageTicket(model: "wan2.7-image", submittedAt: 0)
        return try await stage.adapter.status(of: ProviderOperation(remoteID: "t-1", payload: ticket.payload))
    }

    @Test func aTaskOfTheOlderFormMayHaveLostSomeOfItsImages() async throws {
        let body: JSONValue = [
            "output": [
                "task_id": "t-1", "task_status": "SUCCEEDED",
                "results": [
                    ["url": "https://cdn.example.com/1.png", "orig_prompt": "A boat"],
                    ["code": "DataInspectionFailed", "message": "Withheld."],
                ],
            ],
            "usage": ["image_count": 1],
        ]
        let expected = ProviderOutput(.url("https://cdn.example.com/1.png"), mediaType: "image/png")
        #expect(try await standing(body) == .completed([expected], ImageAnswer.usage(images: 1)))
    }

    @Test func aTaskThatLostAllOfThemHasFailed() async throws {
        let body: JSONValue = [
            "output": [
                "task_id": "t-1", "task_status": "SUCCEEDED",
                "results": [["code": "DataInspectionFailed", "message": "Withheld."]],
            ]
        ]
        guard case .failed(let failure) = try await standing(body) else {
            Issue.record("it has not failed")
            return
        }
        #expect(failure.code == .contentPolicy)
        #expect(failure.billing == .notCharged)
        #expect(failure.message.contains("image"))
    }

    @Test func aTaskThatIsUnknownIsNotFoundAndAfterADayItIsSaidWhy() async {
        let body: JSONValue = ["output": ["task_id": "t-1", "task_status": "UNKNOWN"]]
        let young = await #expect(throws: ProviderFailure.self) { _ = try await standing(body) }
        #expect(young?.code == .notFound)
        let old = await #expect(throws: ProviderFailure.self) { _ = try await standing(body, now: 86_400_000) }
        #expect(old?.message.contains("24 hours") == true)
    }

    @Test(arguments: ["PENDING", "SUSPENDED", "RUNNING", "PREHEATING"])
    func aTaskThatHasNotEndedIsPending(_ word: String) async throws {
        let body: JSONValue = ["output": ["task_id": "t-1", "task_status": .string(word)]]
        let isQueued = word == "PENDING" || word == "SUSPENDED"
        #expect(try await standing(body) == .pending(progress: nil, isQueued: isQueued))
    }

    @Test func aTicketIsToldFromThatOfAVideo() {
        let ticket = ImageTicket(model: "wan2.7-image", submittedAt: 7)
        #expect(ImageTicket(payload: ticket.payload) == ticket)
        #expect(WanTicket(payload: ticket.payload) == nil)
        let video = WanTicket(model: "wan2.7-t2v", resolution: "720P", submittedAt: 7)
        #expect(ImageTicket(payload: video.payload) == nil)
        #expect(ImageTicket(payload: "no json") == nil)
    }

    // MARK: - Over HTTP

    @Test(arguments: ["qwen/qwen-image-2.0", "alibaba/wan-2.6-t2i", "alibaba/wan-2.5-t2i-preview"])
    func imagesAreAtTheirAddressesAndHaveTheirSize(_ slug: String) async throws {
        try await withSimulator(DashScopeSimulator.self, Stage.settings()) { simulator in
            let stage = Stage(simulator)
            let isQwen = slug.hasPrefix("qwen")
            let size = isQwen ? PixelSize(width: 512, height: 640) : PixelSize(width: 1_280, height: 1_280)
            let request = Stage.image(slug) { image in
                (image.n, image.size) = (2, size)
            }
            var outputs: [ProviderOutput] = []
            switch try await stage.adapter.submit(stage.resolved(request), attempt: stage.attempt().context()) {
            case .completed(let made, let usage):
                #expect(isQwen && usage.images == 2)
                outputs = made
            case .accepted(let operation):
                #expect(!isQwen)
                simulator.world.finishAll()
                guard case .completed(let made, let usage) = try await stage.adapter.status(of: operation) else {
                    break
                }
                #expect(usage.images == 2)
                outputs = made
            }
            #expect(outputs.count == 2)
            for output in outputs {
                let bytes = try await AdapterConformance.read(output, at: stage.adapter)
                let facts = try MediaInspector.inspect(bytes: bytes, expecting: .png)
                #expect(facts.width == size.width && facts.height == size.height)
            }
        }
    }

    @Test func ofSeveralImagesSomeMayBeWithheld() async throws {
        try await withSimulator(DashScopeSimulator.self, Stage.settings(.fixed(seconds: 0))) { simulator in
            let stage = Stage(simulator)
            let prompt = "A lighthouse [[sim:one_filtered]]"
            for slug in ["qwen/qwen-image-3.0", "alibaba/wan-2.7-image", "alibaba/wan-2.2-t2i-plus"] {
                let request = Stage.image(slug, prompt) { $0.n = 3 }
                let submission = try await stage.adapter.submit(
                    stage.resolved(request),
                    attempt: stage.attempt().context()
                )
                switch submission {
                case .completed(let outputs, let usage): #expect(outputs.count == 2 && usage.images == 2)
                case .accepted(let operation):
                    guard case .completed(let outputs, let usage) = try await stage.adapter.status(of: operation)
                    else {
                        Issue.record("\(slug) was not completed")
                        continue
                    }
                    #expect(outputs.count == 2 && usage.images == 2, "\(slug)")
                }
            }
        }
    }

    @Test func anImageCannotBeFoundAgain() {
        let stage = Stage(ScriptedTransport([]))
        for request in [Self.qwen, Self.wan] { #expect(stage.adapter.recovery(of: request) == .unrecoverable) }
    }
}

extension Stage {
    /// An exchange that is answered with JSON, at whatever path.
    static func answer(
        _ method: HTTPRequest.Method,
        _ body: JSONValue,
        status: Int = 200
    ) -> ScriptedTransport.Exchange {
        .answered(
            method,
            scripted,
            status: status,
            headers: [("Content-Type", "application/json")],
            body: body.canonicalText
        )
    }
}
