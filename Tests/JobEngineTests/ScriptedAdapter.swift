import Cryptography
import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// The wire of one node to the provider.
struct NodeTransport: HTTPTransport {
    let provider: ScriptedProvider
    let life: NodeLife

    func exchange(
        _ request: HTTPRequest,
        options: ExchangeOptions
    ) async throws(TransportFailure) -> HTTPResponse {
        try await provider.exchange(request, options: options, life: life)
    }
}

/// What all scripted adapters have in common: they differ in what they can do besides.
protocol ScriptedAdapter: ProviderAdapter {
    var wire: NodeTransport { get }
    var slots: Int { get }
    var submitsPerMinute: Int? { get }
    var submitsPerSecond: Int? { get }
    /// The models that are offered; empty for all.
    var offered: Set<String> { get }
}

/// Cancels, and resolves lost answers by the class of the model.
struct AbleAdapter: ScriptedAdapter, CancellableAdapter, RecoverableAdapter, ValidatingAdapter {
    let wire: NodeTransport
    let slots: Int
    let submitsPerMinute: Int?
    let offered: Set<String>

    func cancel(_ operation: ProviderOperation) async throws(ProviderFailure) {
        _ = try await exchange(HTTPRequest(.post, "https://provider/cancel/\(operation.remoteID)"))
    }

    func validate(_ request: GenerationRequest) throws(RequestProblem) {
        for (path, input) in request.inputs {
            guard case .stored(let stored) = input, stored.mediaType == "image/gif" else { continue }
            throw RequestProblem(.unsupportedValue, field: path, "`\(path)` is a GIF, which is not taken.")
        }
    }

    func recovery(of request: GenerationRequest) -> RecoveryClass {
        wire.provider.script.recovery[request.model] ?? .unrecoverable
    }

    func find(
        _ request: GenerationRequest,
        attempt: AttemptReference,
        isTaken: @Sendable (_ remoteID: String) async -> Bool
    ) async throws(ProviderFailure) -> Submission? {
        let answer = try await exchange(HTTPRequest(.get, "https://provider/find/\(attempt.externalID)"))
        return answer.header("x-id").map { .accepted(ProviderOperation(remoteID: $0)) }
    }
}

/// Resolves lost answers, but cannot cancel.
struct UnstoppableAdapter: ScriptedAdapter, RecoverableAdapter {
    let wire: NodeTransport
    let slots: Int
    let submitsPerMinute: Int?
    let offered: Set<String>

    func recovery(of request: GenerationRequest) -> RecoveryClass {
        wire.provider.script.recovery[request.model] ?? .unrecoverable
    }

    func find(
        _ request: GenerationRequest,
        attempt: AttemptReference,
        isTaken: @Sendable (_ remoteID: String) async -> Bool
    ) async throws(ProviderFailure) -> Submission? { nil }
}

extension ScriptedAdapter {
    var submitsPerSecond: Int? { nil }
    var id: ProviderID { ProviderID("scripted") }
    var account: String { "main" }
    var transport: any HTTPTransport { wire }
    var trustedOrigins: Set<String> { wire.provider.script.trustedOrigins }

    var models: [ModelCapabilities] {
        [
            model("fake/video", .video(video), [ListPrice(unit: "second", usd: "0.1")]),
            model("fake/other", .video(fitting), [ListPrice(unit: "second", usd: "0.1")]),
            model("fake/image", .image(image), [ListPrice(unit: "image", usd: "0.04")]),
            model("fake/speech", .speech(speech), [ListPrice(unit: "character", usd: "0.001")]),
        ].filter { offered.isEmpty || offered.contains($0.slug) }
    }

    private var video: VideoParameters {
        var parameters = VideoParameters(
            durations: [4, 5, 8],
            defaultDuration: 4,
            sizes: [SizeOption(resolution: "720p", aspectRatio: "16:9", size: PixelSize(width: 1_280, height: 720))]
        )
        parameters.frameRoles = [.first]
        return parameters
    }

    /// Frames must have the video's own size.
    private var fitting: VideoParameters {
        var parameters = video
        parameters.framesMatchSize = true
        return parameters
    }

    private var image: ImageParameters {
        var parameters = ImageParameters(
            sizes: [SizeOption(resolution: "1K", aspectRatio: "1:1", size: PixelSize(width: 1_024, height: 1_024))],
            formats: ["png"]
        )
        parameters.countMax = 4
        parameters.referencesMax = 2
        return parameters
    }

    private var speech: SpeechParameters { SpeechParameters(voices: ["ann"], formats: ["wav"]) }

    private func model(_ slug: String, _ parameters: ModelParameters, _ prices: [ListPrice]) -> ModelCapabilities {
        ModelCapabilities(
            slug: slug,
            name: slug,
            summary: "Scripted.",
            parameters: parameters,
            promptCharactersMax: 1_000,
            prices: prices,
            limits: EndpointLimits(
                slots: slots,
                submitsPerMinute: submitsPerMinute,
                submitsPerSecond: submitsPerSecond
            ),
            timing: EndpointTiming(
                typicalSeconds: 10,
                deadlineSeconds: 900,
                sendTimeoutSeconds: 60,
                pollIntervalSeconds: 0.5
            ),
            source: "made for tests, 2026-11-21"
        )
    }

    func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        // Inputs are read before the send, as an upload would be, and go into its body.
        var inputs: [String] = []
        for (_, input) in request.inputs {
            guard case .stored(let stored) = input else { throw Self.unclear("an input is not stored") }
            inputs.append(SHA256.hash(try await context.bytes(of: stored)).hex)
        }
        let fields = [
            "model": request.model, "prompt": request.prompt, "external_id": context.reference.externalID,
            "salt": wire.provider.script.salt, "inputs": inputs.joined(separator: " "),
        ]
        let answer = try await context.send(
            HTTPRequest(.post, "https://provider/submit", body: Self.json(fields))
        )
        switch answer.status {
        case 202:
            guard let id = answer.header("x-id") else { throw Self.unclear("no id") }
            return .accepted(ProviderOperation(remoteID: id))
        case 200: return .completed(Self.outputs(answer), wire.provider.script.usage)
        case _: throw Self.refusal(answer)
        }
    }

    func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        try await scriptedStatus(of: operation)
    }

    /// How the provider says that a generation stands.
    func scriptedStatus(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        let answer = try await exchange(HTTPRequest(.get, "https://provider/operations/\(operation.remoteID)"))
        guard answer.status == 200 else { throw Self.refusal(answer) }
        switch answer.header("x-state") {
        case "completed": return .completed(Self.outputs(answer), wire.provider.script.usage)
        case "failed":
            return .failed(
                ProviderFailure(
                    answer.header("x-code").flatMap(ProviderFailure.Code.init) ?? .unknown,
                    retry: answer.header("x-billed") == "false" ? .backoff : .never,
                    billing: answer.header("x-billed") == "false" ? .notCharged : .charged,
                    requestReachedProvider: .yes,
                    message: "The generation failed."
                )
            )
        case "cancelled": return .cancelled(chargedNanoUSD: answer.header("x-charged").flatMap { Int64($0) })
        case let state:
            return .pending(
                progress: answer.header("x-progress").flatMap { Double($0) },
                isQueued: state == "queued"
            )
        }
    }

    func exchange(_ request: HTTPRequest) async throws(ProviderFailure) -> HTTPResponse {
        do {
            return try await wire.exchange(request, options: ExchangeOptions())
        } catch {
            throw ProviderFailure(error)
        }
    }

    private static func outputs(_ answer: HTTPResponse) -> [ProviderOutput] {
        (answer.header("x-outputs") ?? "").split(separator: " ").map {
            ProviderOutput(.url(String($0)), mediaType: nil)
        }
    }

    private static func json(_ fields: [String: String]) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array((try? encoder.encode(fields)) ?? Data())
    }

    private static func unclear(_ details: String) -> ProviderFailure {
        ProviderFailure(
            .unknown,
            retry: .backoff,
            billing: .unknown,
            requestReachedProvider: .yes,
            message: "The provider's answer was not understood.",
            details: details
        )
    }

    private static func refusal(_ answer: HTTPResponse) -> ProviderFailure {
        let hint = answer.header("retry-after").flatMap { Double($0) }
        let (code, retry, billing): (ProviderFailure.Code, ProviderFailure.Retry, ProviderFailure.Billing) =
            switch answer.status {
            case 400, 422: (.invalidRequest, .never, .notCharged)
            case 404: (.notFound, .never, .notCharged)
            case 409: (.unknown, .backoff, .unknown)
            case 429: (.rateLimited, hint.map { .after(seconds: $0) } ?? .backoff, .notCharged)
            // Documented as unbilled, and worth another try.
            case 502: (.unknown, .backoff, .notCharged)
            case 503: (.unavailable, .backoff, .notCharged)
            case _: (.unknown, .backoff, .unknown)
            }
        return ProviderFailure(
            code,
            retry: retry,
            billing: billing,
            requestReachedProvider: .yes,
            message: "The provider answered \(answer.status)."
        )
    }
}
