import Foundation
import Generation
import HTTPTransport
import ProviderKit
import Testing

@testable import OpenAICompatibleAdapter

/// The errors of these servers, in all the forms that they have.
@Suite struct CompatibleFailureTests {
    private func refused(_ status: Int, _ body: String) -> ProviderFailure {
        CompatibleFailures.refused(ProviderAnswer(status: status, headers: [], body: Array(body.utf8)))
    }

    @Test(arguments: [
        #"{"error":{"message":"The model is not there.","type":"NotFoundError","param":"model","code":404}}"#,
        #"{"error":"The model is not there."}"#, #"{"detail":"The model is not there."}"#,
        #"{"detail":{"error":"validation_error","message":"The model is not there.","type":"x"}}"#,
        #"{"detail":[{"type":"missing","loc":["body","model"],"msg":"The model is not there.","input":{}}]}"#,
    ])
    func theWordsAreFoundInEveryForm(_ body: String) {
        let failure = refused(400, body)
        #expect(failure.message.contains("The model is not there."), "\(failure.message)")
        #expect(failure.code == .invalidRequest && failure.isDefiniteRefusal)
    }

    @Test func whatAServerAnswersItselfHasCostNothing() {
        for status in [500, 501, 503, 507] { #expect(refused(status, "{}").isDefiniteRefusal, "\(status)") }
        // What stands in front of it gives up while it works on.
        for status in [502, 504, 408, 409, 425, 499] { #expect(!refused(status, "{}").isDefiniteRefusal, "\(status)") }
    }

    @Test func aFullCardIsALackOfRoomAndAnotherErrorIsNot() {
        let full = refused(500, #"{"detail":"CUDA out of memory. Tried to allocate 2.00 GiB."}"#)
        #expect(full.code == .unavailable && full.isForCapacity)
        #expect(refused(503, #"{"error":{"code":503,"message":"loading","type":""}}"#).isForCapacity)
        let broken = refused(500, #"{"error":{"code":500,"message":"could not load model","type":""}}"#)
        #expect(!broken.isForCapacity && broken.retry != .never)
    }

    @Test func aFailedVideoHasItsOwnStatusAndItsOwnWords() throws {
        let adapter = try CompatibleStage.adapter("http://127.0.0.1:9/v1")
        let body =
            #"{"id":"video_gen_1","object":"video","status":"failed","error":{"code":"500","message":"no luck"}}"#
        let answer = ProviderAnswer(status: 500, headers: [], body: Array(body.utf8))
        let standing = try adapter.standing(answer, of: ProviderOperation(remoteID: "video_gen_1"))
        guard case .failed(let failure) = standing else { throw CompatibleStage.NoAdapter() }
        #expect(failure.message.hasSuffix("no luck") && failure.billing == .notCharged)
    }
}
