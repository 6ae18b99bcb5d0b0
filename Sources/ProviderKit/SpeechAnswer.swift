import Foundation
public import Generation
public import HTTPTransport

/// Speech that the answer to a submit carries: as bytes while it is made, or as the events `speech.audio.delta` and
/// `speech.audio.done`.
public struct SpeechAnswer: Sendable {
    private let mediaType: String
    private let broken: @Sendable (_ event: JSONValue) -> ProviderFailure?

    /// Describes an answer.
    ///
    /// - Parameters:
    ///   - mediaType: What was asked for.
    ///   - broken: The error that an event tells of; nil of one that tells of none.
    public init(mediaType: String, broken: @escaping @Sendable (_ event: JSONValue) -> ProviderFailure?) {
        self.mediaType = mediaType
        self.broken = broken
    }

    /// Reads a success to its end: clients hear it as it comes.
    ///
    /// - Throws: What leaves the outcome unknown: a break, something else than sound, no sound at all; what `broken` tells.
    public func read(
        _ response: HTTPResponse,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        if response.isEventStream { return try await events(response, context) }
        guard response.mediaType.hasPrefix("audio/") || response.mediaType == "application/octet-stream" else {
            throw .unreadable("an answer of \(response.mediaType.prefix(40)) instead of sound")
        }
        return try await bytes(response, context)
    }

    private func bytes(
        _ response: HTTPResponse,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        var sound = SoundPieces(mediaType, context)
        do throws(ProviderFailure) {
            while let chunk = try await response.body.nextOfAnswer() { try sound.append(chunk) }
            guard let output = try sound.finish() else { throw .unreadable("an answer without a sound") }
            return .completed([output], ReportedUsage())
        } catch {
            sound.discard()
            throw error
        }
    }

    private func events(
        _ response: HTTPResponse,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        var sound = SoundPieces(mediaType, context)
        var usage = ReportedUsage()
        do throws(ProviderFailure) {
            try await response.body.readEvents { event throws(ProviderFailure) in
                guard let json = JSONValue(parsing: event.data) else { throw .unreadable("an event without JSON") }
                if let failure = broken(json) { throw failure }
                switch json["type"]?.stringValue ?? event.event {
                case "speech.audio.delta":
                    guard let text = json["audio"]?.stringValue, let data = Data(base64Encoded: text) else {
                        throw .unreadable("a piece of sound that is no base64")
                    }
                    try sound.append(Array(data))
                    return true
                case "speech.audio.done":
                    // `token_usage` is Speaches' word (speaches-ai/speaches, 2026-03-26).
                    let told = json["usage"] ?? json["token_usage"]
                    usage.inputTextTokens = told?["input_tokens"]?.count
                    usage.outputAudioTokens = told?["output_tokens"]?.count
                    return false
                case _: return true
                }
            }
            // Told to be done, and nothing to be heard: a filter's doing.
            return .completed(try sound.finish().map { [$0] } ?? [], usage)
        } catch {
            sound.discard()
            throw error
        }
    }
}

/// A sound that comes in pieces: its output begins with the first of them.
private struct SoundPieces {
    private let type: String
    private let context: AttemptContext
    private var writer: OutputWriter?

    init(_ type: String, _ context: AttemptContext) {
        self.type = type
        self.context = context
    }

    mutating func append(_ bytes: [UInt8]) throws(ProviderFailure) {
        guard !bytes.isEmpty else { return }
        if writer == nil { writer = try context.openOutput(mediaType: type) }
        try writer?.append(bytes)
    }

    /// The whole; nil when no byte came.
    mutating func finish() throws(ProviderFailure) -> ProviderOutput? { try writer?.finish() }

    mutating func discard() { writer?.discard() }
}
