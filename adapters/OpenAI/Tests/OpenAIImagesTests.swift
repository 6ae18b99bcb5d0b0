import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import MediaInspection
import ProviderKit
import ProviderSimulators
import Synchronization
import Testing

@testable import OpenAIAdapter

/// Images: what is sent, and what is made of the answers.
@Suite struct OpenAIImagesTests {
    private static func picture(_ hash: String, _ width: Int, _ height: Int) -> (StoredInput, [UInt8]) {
        let bytes = TestPicture.png(width: width, height: height)
        let sha256 = hash + String(repeating: "0", count: 64 - hash.count)
        return (StoredInput(sha256: sha256, mediaType: "image/png", bytes: Int64(bytes.count)), bytes)
    }

    @Test func whatDecidesTheBillIsAlwaysSaid() async throws {
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter("\(simulator.baseURL)/v1")
            let request = try OpenAIStage.image(options: ["moderation": "low"]) {
                ($0.quality, $0.outputFormat, $0.outputCompression, $0.n) = (nil, "jpeg", 70, 2)
            }
            try adapter.validate(request)
            let (outputs, usage) = try await OpenAIStage.submit(request, to: adapter)
            let sent = try #require(simulator.requests(.submit).first)
            #expect(sent.path == "/v1/images/generations")
            #expect(sent.bearerToken == OpenAIStage.key)
            let expected: JSONValue = [
                "model": "gpt-image-2", "prompt": "A paper boat", "n": 2, "size": "1024x1024", "quality": "medium",
                "output_format": "jpeg", "output_compression": 70, "moderation": "low",
            ]
            #expect(sent.json == expected)
            #expect(outputs.count == 2)
            #expect(Set(outputs).count == 2, "each image has a file of its own")
            for output in outputs {
                #expect(output.mediaType == "image/jpeg")
                let bytes = try await AdapterConformance.read(output, at: adapter)
                let facts = try MediaInspector.inspect(bytes: bytes, expecting: .jpeg)
                #expect(facts.width == 1_024 && facts.height == 1_024)
            }
            // 1,756 for one of medium quality.
            #expect(usage.outputImageTokens == 3_512)
            #expect(usage.inputTextTokens ?? 0 > 0)
            #expect(usage.inputImageTokens == 0)
        }
    }

    @Test func referencesAndAMaskMakeItAnEdit() async throws {
        let (first, firstBytes) = Self.picture("aa", 64, 48)
        let (second, secondBytes) = Self.picture("bb", 32, 32)
        let (mask, maskBytes) = Self.picture("cc", 64, 48)
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter("\(simulator.baseURL)/v1")
            let request = try OpenAIStage.image(
                "Merge\r\nthem",
                model: "openai/gpt-image-1.5",
                options: ["input_fidelity": "high"]
            ) {
                $0.inputReferences = [.stored(first), .stored(second)]
                ($0.mask, $0.background) = (.stored(mask), "transparent")
            }
            try adapter.validate(request)
            let inputs = [first.sha256: firstBytes, second.sha256: secondBytes, mask.sha256: maskBytes]
            let (outputs, usage) = try await OpenAIStage.submit(request, to: adapter, inputs: inputs)
            #expect(outputs.count == 1)
            #expect(usage.inputImageTokens ?? 0 > 0)
            let sent = try #require(simulator.requests(.submit).first)
            #expect(sent.path == "/v1/images/edits")
            let form = try #require(MultipartParts(sent.header("Content-Type") ?? "", sent.body))
            let texts = form.all.filter { $0.fileName == nil }.map {
                "\($0.name)=\(String(decoding: $0.bytes, as: UTF8.self))"
            }
            let expected = [
                "model=gpt-image-1.5", "prompt=Merge\r\nthem", "n=1", "size=1024x1024", "quality=low",
                "background=transparent", "output_format=png", "input_fidelity=high",
            ]
            #expect(texts == expected)
            let files = form.all.filter { $0.fileName != nil }
            #expect(files.map(\.name) == ["image[]", "image[]", "mask"])
            #expect(files.map(\.bytes) == [firstBytes, secondBytes, maskBytes])
            #expect(files.allSatisfy { $0.mediaType == "image/png" })
            // One alone has the name that the SDK gives it.
            let alone = try OpenAIStage.image { $0.inputReferences = [.stored(first)] }
            _ = try await OpenAIStage.submit(alone, to: adapter, inputs: inputs, externalID: "att_2")
            let last = try #require(simulator.requests(.submit).last)
            let other = try #require(MultipartParts(last.header("Content-Type") ?? "", last.body))
            #expect(other.first("image")?.bytes == firstBytes)
        }
    }

    /// What a client would be shown.
    private final class Watcher: OutputWatcher {
        let previews = Mutex<[(index: Int, mediaType: String, bytes: Int)]>([])

        func opened(_ path: String, mediaType: String) {}
        func grew(_ path: String, to bytes: Int64) {}
        func finished(_ path: String) {}
        func discarded(_ path: String) {}
        func previewed(_ path: String, index: Int, mediaType: String) {
            let bytes = (try? Data(contentsOf: URL(fileURLWithPath: path)).count) ?? 0
            previews.withLock { $0.append((index, mediaType, bytes)) }
        }
    }

    @Test func previewsComeOnAStream() async throws {
        try await withSimulator(OpenAISimulator.self) { simulator in
            let adapter = try OpenAIStage.adapter("\(simulator.baseURL)/v1")
            let watcher = Watcher()
            let request = try OpenAIStage.image { ($0.partialImages, $0.outputFormat) = (2, "webp") }
            let (outputs, usage) = try await OpenAIStage.submit(request, to: adapter, watcher: watcher)
            let sent = try #require(simulator.requests(.submit).first?.json)
            #expect(sent["stream"] == true && sent["partial_images"] == 2)
            let previews = watcher.previews.withLock { $0 }
            #expect(previews.map(\.index) == [0, 1])
            #expect(previews.allSatisfy { $0.mediaType == "image/webp" && $0.bytes > 100 })
            #expect(usage.outputImageTokens == 396)
            let output = try #require(outputs.first)
            #expect(outputs.count == 1 && output.mediaType == "image/webp")
            let bytes = try await AdapterConformance.read(output, at: adapter)
            #expect(throws: Never.self) { _ = try MediaInspector.inspect(bytes: bytes, expecting: .webp) }
            // Of several images the events would not say whose they are.
            let several = try OpenAIStage.image { ($0.partialImages, $0.n) = (2, 2) }
            let (both, _) = try await OpenAIStage.submit(several, to: adapter, externalID: "att_2")
            #expect(both.count == 2)
            #expect(simulator.requests(.submit).last?.json?["stream"] == nil)
        }
    }

    // MARK: - Answers of other kinds

    private static func answered(
        _ body: String,
        type: String = "application/json",
        status: Int = 200,
        streaming: Bool = false
    ) async throws -> Result<[ProviderOutput], ProviderFailure> {
        let exchange = ScriptedTransport.Exchange.answered(
            .post,
            "http://server/v1/images/generations",
            status: status,
            headers: [("Content-Type", type)],
            body: body
        )
        let adapter = try OpenAIStage.adapter("http://server/v1", transport: ScriptedTransport([exchange]))
        let request = try OpenAIStage.image { $0.partialImages = streaming ? 1 : nil }
        let attempt = TestAttempt(at: adapter, externalID: "att_\(abs(body.hashValue))")
        do throws(ProviderFailure) {
            guard case .completed(let outputs, _) = try await adapter.submit(request, attempt: attempt.context()) else {
                return .success([])
            }
            return .success(outputs)
        } catch {
            return .failure(error)
        }
    }

    @Test func anImageThatIsNotThereIsNoSuccess() async throws {
        for body in [#"{"created": 1, "data": []}"#, #"{"data": [{"b64_json": ""}]}"#, #"{"data": [{}]}"#] {
            #expect(try await Self.answered(body) == .success([]), "\(body)")
        }
        for body in [#"{"error": {"message": "no"}}"#, "<html>", #"{"data": [{"b64_json": "???"}]}"#] {
            guard case .failure(let failure) = try await Self.answered(body) else {
                Issue.record("\(body) was taken for images")
                continue
            }
            #expect(!failure.isDefiniteRefusal, "\(body)")
        }
    }

    @Test func aServersOwnAddressIsAnOutput() async throws {
        let body = #"{"created": 1, "data": [{"url": "http://server/images/1.png"}]}"#
        let outputs = try await Self.answered(body)
        #expect(outputs == .success([ProviderOutput(.url("http://server/images/1.png"), mediaType: nil)]))
    }

    @Test func aStreamThatBreaksIsUnknownAndOneThatIsFilteredIsNot() async throws {
        let partial = #"data: {"type":"image_generation.partial_image","partial_image_index":0,"b64_json":"iVBORw0K"}"#
        let filtered = #"data: {"error": {"code": "moderation_blocked", "message": "Not this."}}"#
        let broken = #"data: {"type": "error", "error": {"type": "server_error", "message": "Sorry."}}"#
        let stream = "text/event-stream; charset=utf-8"
        for body in ["", "\(partial)\n\n", "\(partial)\n\n\(broken)\n\n", "data: [DONE]\n\n", "data: {}"] {
            guard case .failure(let failure) = try await Self.answered(body, type: stream, streaming: true) else {
                Issue.record("\(body) was taken for an image")
                continue
            }
            #expect(!failure.isDefiniteRefusal, "\(body)")
        }
        guard case .failure(let failure) = try await Self.answered("\(filtered)\n\n", type: stream, streaming: true)
        else {
            Issue.record("a filtered image was given out")
            return
        }
        #expect(failure.code == .contentPolicy && failure.isDefiniteRefusal)
        #expect(failure.message.contains("Not this."))
    }

    @Test func refusalsAreUnderstood() async throws {
        // The answers of the vendor's guides and of its error page, read on 2026-11-21.
        let answers: [(status: Int, body: String, code: ProviderFailure.Code, words: String?)] = [
            (
                400,
                #"{"error":{"message":"Your request was rejected by the safety system.","type":"image_generation_user_error","param":null,"code":"moderation_blocked","moderation_details":{"moderation_stage":"output","categories":["violence"]}}}"#,
                .contentPolicy, "violence"
            ),
            (
                400,
                #"{"error":{"message":"Billing hard limit has been reached","type":"invalid_request_error","code":"billing_hard_limit_reached"}}"#,
                .insufficientProviderFunds, nil
            ),
            (
                403,
                #"{"error":{"message":"Your organization must be verified.","type":"invalid_request_error","code":null}}"#,
                .authentication, nil
            ),
            (
                429,
                #"{"error":{"message":"You exceeded your current quota.","type":"insufficient_quota","code":"insufficient_quota"}}"#,
                .insufficientProviderFunds, nil
            ),
        ]
        for (status, body, code, words) in answers {
            guard case .failure(let failure) = try await Self.answered(body, status: status) else {
                Issue.record("\(body) was taken for images")
                continue
            }
            #expect(failure.code == code && failure.retry == .never && failure.isDefiniteRefusal, "\(body)")
            if let words { #expect(failure.message.contains(words)) }
        }
    }

    // MARK: - At the door

    @Test func whatTheVendorWouldRefuseIsRefusedAtTheDoor() throws {
        let adapter = try OpenAIStage.adapter(nil)
        let (picture, _) = Self.picture("aa", 64, 48)
        let mask = StoredInput(sha256: String(repeating: "ab", count: 32), mediaType: "image/webp", bytes: 3)
        let wrong: [(field: String, request: GenerationRequest)] = [
            ("output_compression", try OpenAIStage.image { $0.outputCompression = 50 }),
            (
                "mask",
                try OpenAIStage.image {
                    ($0.inputReferences, $0.mask) = ([.stored(picture)], .stored(mask))
                }
            ),
            ("provider.options.openai.style", try OpenAIStage.image(options: ["style": "vivid"])),
            ("provider.options.openai.moderation", try OpenAIStage.image(options: ["moderation": "none"])),
            ("provider.options.openai", try OpenAIStage.image(options: "low")),
            (
                "provider.options.openai.input_fidelity",
                try OpenAIStage.image(model: "openai/gpt-image-1.5", options: ["input_fidelity": "high"])
            ),
        ]
        for (field, request) in wrong {
            let problem = #expect(throws: RequestProblem.self, "\(field)") { try adapter.validate(request) }
            #expect(problem?.field == field)
        }
        #expect(throws: Never.self) {
            try adapter.validate(OpenAIStage.image { ($0.outputFormat, $0.outputCompression) = ("webp", 50) })
        }
    }

    @Test func nothingOfAnImageCanBeFoundAgain() throws {
        let adapter = try OpenAIStage.adapter(nil)
        for request in try OpenAIStage.requests() { #expect(adapter.recovery(of: request) == .unrecoverable) }
    }
}
