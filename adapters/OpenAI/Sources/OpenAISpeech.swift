import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// OpenAI's speech: one paid request, answered with the sound as it is made.
///
/// A model that is billed by tokens is asked for events, since only they tell the tokens; the older ones send bytes and no
/// figures. Source: openai 3.54.0 on PyPI, `types/audio/speech_create_params.py`, and the text-to-speech guide, read on
/// 2026-11-21.
struct OpenAISpeech {
    let door: OpenAIDoor

    /// What a format is called as a media type; raw samples with their rate.
    private static let mediaTypes = [
        "mp3": "audio/mpeg", "opus": "audio/ogg", "aac": "audio/aac", "flac": "audio/flac", "wav": "audio/wav",
        "pcm": "audio/pcm;rate=24000;channels=1",
    ]

    /// Refuses a voice that is none of the vendor's and none of an account's own.
    static func validate(_ speech: SpeechRequest, model: ModelCapabilities?) throws(RequestProblem) {
        guard case .speech(let offered)? = model?.parameters, let voice = speech.voice,
            !offered.voices.contains(voice), !isCustom(voice)
        else { return }
        throw RequestProblem(
            .unsupportedValue,
            field: "voice",
            "`voice` is \(RequestProblem.shown(.string(voice))), which `\(model?.slug ?? "")` does not offer; allowed: \(RequestProblem.list(offered.voices)), and an account's own as voice_ID."
        )
    }

    private static func isCustom(_ voice: String) -> Bool {
        voice.utf8.starts(with: "voice_".utf8) && voice.utf8.count > 6 && ProviderHTTP.isPlain(voice)
    }

    func submit(
        _ speech: SpeechRequest,
        model: ModelCapabilities,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        guard let voice = speech.voice, let format = speech.responseFormat, let type = Self.mediaTypes[format] else {
            throw .notSent(.invalidRequest, "The request does not fit the model.")
        }
        var fields: [String: JSONValue] = [
            "model": .string(model.providerModel), "input": .string(speech.input),
            "voice": Self.isCustom(voice) ? ["id": .string(voice)] : .string(voice),
            "response_format": .string(format),
        ]
        if let speed = speech.speed { fields["speed"] = .number(speed) }
        if let instructions = speech.instructions { fields["instructions"] = .string(instructions) }
        if let form = model.wire[OpenAIModels.streamFormat] { fields["stream_format"] = .string(form) }
        let response = try await context.send(door.post("/audio/speech", fields))
        guard response.isSuccess else { throw OpenAIFailures.refused(try await ProviderAnswer(response)) }
        if response.isEventStream { return try await events(response, type, context) }
        guard response.mediaType.hasPrefix("audio/") || response.mediaType == "application/octet-stream" else {
            throw .unreadable("an answer of \(response.mediaType.prefix(40)) instead of sound")
        }
        return try await bytes(response, type, context)
    }

    // MARK: - Answers

    private func bytes(
        _ response: HTTPResponse,
        _ type: String,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        var sound = OpenAISound(type, context)
        do throws(ProviderFailure) {
            while let chunk = try await Self.next(of: response.body) { try sound.append(chunk) }
            guard let output = try sound.finish() else { throw .unreadable("an answer without a sound") }
            return .completed([output], ReportedUsage())
        } catch {
            sound.discard()
            throw error
        }
    }

    private static func next(of body: HTTPBody) async throws(ProviderFailure) -> [UInt8]? {
        do {
            return try await body.next()
        } catch {
            throw ProviderFailure(error)
        }
    }

    private func events(
        _ response: HTTPResponse,
        _ type: String,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        var sound = OpenAISound(type, context)
        var usage = ReportedUsage()
        do throws(ProviderFailure) {
            try await OpenAIDoor.events(of: response.body) { event throws(ProviderFailure) in
                guard let json = JSONValue(parsing: event.data) else { throw .unreadable("an event without JSON") }
                if let failure = OpenAIFailures.broken(json) { throw failure }
                switch json["type"]?.stringValue ?? event.event {
                case "speech.audio.delta":
                    guard let text = json["audio"]?.stringValue, let data = Data(base64Encoded: text) else {
                        throw .unreadable("a piece of sound that is no base64")
                    }
                    try sound.append(Array(data))
                    return true
                case "speech.audio.done":
                    usage.inputTextTokens = json["usage"]?["input_tokens"]?.count
                    usage.outputAudioTokens = json["usage"]?["output_tokens"]?.count
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
private struct OpenAISound {
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
