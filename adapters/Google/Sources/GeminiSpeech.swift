import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// Speech by `streamGenerateContent`: samples come in pieces, while they are spoken.
///
/// Source: google-genai 3.4.0 (`SpeechConfig`, `SpeechMetadata`); ai.google.dev/gemini-api/docs/speech-generation and
/// docs.cloud.google.com, Agent Platform: text-to-speech, migration guide (2026-10).
///
/// - Models from 3.8 on speak their text word for word: who speaks, and how, stands beside it. Earlier ones take both from
///   the text itself.
/// - A stream gives samples of 16 bits, low byte first, one channel, without a header.
enum GeminiSpeech {
    /// How a model is told who speaks, and how.
    enum Script: String {
        /// In the text: `gemini-3.1-flash-tts-preview` and earlier.
        case prompt
        /// In members beside the text.
        case metadata

        /// The name under which a model notes it.
        static let note = "script"

        /// What a model notes.
        init(_ model: ModelCapabilities) { self = model.wire[Self.note].flatMap(Script.init(rawValue:)) ?? .metadata }
    }

    /// The longest piece of a stream: earlier models may put all of their eleven minutes into one.
    private static let eventBytesMax = 48 << 20
    /// How the ids of an account's own voices begin.
    private static let ownVoicePrefix = "voice_"

    /// Refuses voices of a form that there is not.
    static func check(_ speech: SpeechRequest, _ parameters: SpeechParameters) throws(RequestProblem) {
        let turns = speech.turns.enumerated().map { ("input[\($0.offset)].voice", $0.element.voice) }
        for (field, voice) in [("voice", speech.voice)] + turns {
            guard let voice, !parameters.voices.contains(voice) else { continue }
            guard voice.hasPrefix(ownVoicePrefix), voice.utf8.count <= 128, ProviderHTTP.isPlain(voice) else {
                throw RequestProblem(
                    .unsupportedValue,
                    field: field,
                    "`\(field)` is \(RequestProblem.shown(.string(voice))); allowed: an id that begins with \(ownVoicePrefix), or \(RequestProblem.list(parameters.voices))."
                )
            }
        }
    }

    // MARK: - The request

    /// The body that asks for speech.
    static func body(_ speech: SpeechRequest, _ script: Script, _ parameters: SpeechParameters) -> [UInt8] {
        let fallback = speech.voice ?? parameters.voices.first ?? ""
        let turns = speech.turns.isEmpty ? [SpeechTurn(text: speech.input)] : speech.turns
        var voices: [String] = []
        for voice in turns.map({ $0.voice ?? fallback }) where !voices.contains(voice) { voices.append(voice) }
        /// The names by which the text tells the voices apart; none when there is one.
        func speaker(_ turn: SpeechTurn) -> String? {
            guard voices.count > 1, let index = voices.firstIndex(of: turn.voice ?? fallback) else { return nil }
            return "Speaker \(index + 1)"
        }
        let parts: [JSONValue]
        switch script {
        case .metadata:
            parts = turns.map { turn in
                var metadata: [String: JSONValue] = [:]
                metadata["speaker"] = speaker(turn).map { .string($0) }
                metadata["style"] = speech.instructions.map { .string($0) }
                var part: [String: JSONValue] = ["text": .string(turn.text)]
                if !metadata.isEmpty { part["speechMetadata"] = .object(metadata) }
                return .object(part)
            }
        case .prompt:
            let lines = turns.map { turn in (speaker(turn).map { "\($0): " } ?? "") + turn.text }
            let text = prefix(speech.instructions) + lines.joined(separator: "\n")
            parts = [["text": .string(text)]]
        }
        let config: JSONValue
        if voices.count > 1 {
            let speakers = voices.enumerated().map { index, voice -> JSONValue in
                ["speaker": .string("Speaker \(index + 1)"), "voiceConfig": configuration(of: voice, parameters)]
            }
            config = ["multiSpeakerVoiceConfig": ["speakerVoiceConfigs": .array(speakers)]]
        } else {
            config = ["voiceConfig": configuration(of: voices.first ?? fallback, parameters)]
        }
        let body: JSONValue = [
            "contents": [["role": "user", "parts": .array(parts)]],
            "generationConfig": ["responseModalities": ["AUDIO"], "speechConfig": config],
        ]
        return Array(body.canonicalText.utf8)
    }

    /// Instructions as the start of a text: `Say cheerfully:`, and then what is to be said.
    private static func prefix(_ instructions: String?) -> String {
        guard let instructions, !instructions.isEmpty else { return "" }
        return instructions.hasSuffix(":") ? "\(instructions) " : "\(instructions):\n"
    }

    private static func configuration(of voice: String, _ parameters: SpeechParameters) -> JSONValue {
        parameters.voices.contains(voice)
            ? ["prebuiltVoiceConfig": ["voiceName": .string(voice)]] : ["voice": .string(voice)]
    }

    // MARK: - The answer

    /// Reads the answer to a submit: samples are handed on as they come.
    ///
    /// A WAV file is kept back until its length is known, so that its header is true.
    ///
    /// - Parameters:
    ///   - response: The answer, a success.
    ///   - format: `pcm` or `wav`.
    ///   - context: Where the samples are kept.
    /// - Returns: The speech, and what it took.
    /// - Throws: The filter's refusal; that nothing was spoken; or that the stream broke, which leaves the outcome unknown.
    static func submission(
        _ response: HTTPResponse,
        format: String?,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        var take = SpeechTake(isFile: format == "wav", context)
        do throws(ProviderFailure) {
            var events = ServerSentEvents(eventBytesMax: eventBytesMax)
            while true {
                let chunk: [UInt8]?
                do {
                    chunk = try await response.body.next()
                } catch {
                    throw ProviderFailure(error)
                }
                guard let chunk else { break }
                for event in try events.take(chunk) { try take.take(event.data) }
            }
            return try take.end()
        } catch {
            take.discard()
            throw error
        }
    }
}

/// One answer in pieces: the samples so far, and how it stands.
private struct SpeechTake {
    private static let bytesMax = 512 << 20

    private let isFile: Bool
    private let context: AttemptContext
    private var writer: OutputWriter?
    private var file: WaveFile?
    private var rate: Int?
    private var bytes = 0
    /// The last piece that ends the answer or refuses it.
    private var verdict: JSONValue?
    private var said = ""
    private var counts: JSONValue?
    private var isAnswer = false

    init(isFile: Bool, _ context: AttemptContext) {
        self.isFile = isFile
        self.context = context
    }

    mutating func take(_ bytes: [UInt8]) throws(ProviderFailure) {
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) else {
            throw .unreadable("\(bytes.count) bytes of a stream that are no JSON")
        }
        if let error = json["error"], error != .null { throw failure(error, json) }
        isAnswer = isAnswer || json["candidates"] != nil || json["promptFeedback"] != nil
        if let usage = json["usageMetadata"] { counts = usage }
        for part in GeminiContent.parts(json) where part["thought"] != true {
            if let text = part["text"]?.stringValue { said += text }
            guard let data = part["inlineData"]?["data"]?.stringValue, !data.isEmpty else { continue }
            try take(samples: data, part["inlineData"]?["mimeType"]?.stringValue ?? "")
        }
        if json["promptFeedback"]?["blockReason"] != nil { verdict = json }
        if case .array(let candidates)? = json["candidates"], let word = candidates.first?["finishReason"],
            word != .null
        {
            verdict = verdict ?? json
        }
    }

    private mutating func take(samples: String, _ type: String) throws(ProviderFailure) {
        guard let data = Data(base64Encoded: samples) else { throw .unreadable("samples that are no base64") }
        guard let rate = SampleRate.of(type) else { throw .unreadable("sound of the type \(type.prefix(60))") }
        guard self.rate ?? rate == rate else { throw .unreadable("sound whose rate changes") }
        self.rate = rate
        bytes += data.count
        guard bytes <= Self.bytesMax else { throw .unreadable("more than \(Self.bytesMax) bytes of sound") }
        if isFile {
            if file == nil { file = try WaveFile(in: context.outputFolder, rate: rate) }
            try file?.append(data)
        } else {
            if writer == nil { writer = try context.openOutput(mediaType: "audio/pcm;rate=\(rate);channels=1") }
            try writer?.append(data)
        }
    }

    /// What a stream means that has come to its end.
    mutating func end() throws(ProviderFailure) -> Submission {
        guard isAnswer else { throw .unreadable("a stream without candidates") }
        guard let verdict else { throw .unreadable("a stream that breaks off") }
        let usage = GeminiUsage.report(["usageMetadata": counts ?? .null], media: .audio)
        guard bytes > 0 else {
            if let failure = try GeminiVerdict.failure(verdict) { throw failure }
            guard said.isEmpty else { throw try GeminiVerdict.failure(Self.words(said)) ?? .unreadable("words") }
            return .completed([], usage)
        }
        if var failure = try Self.failure(after: verdict) {
            // Sound was made, and is billed: the same is not paid for again.
            failure.retry = .never
            throw failure
        }
        if let file {
            let path = try file.finish()
            self.file = nil
            return .completed([try context.seal(path, mediaType: "audio/wav")], usage)
        }
        guard let output = try writer?.finish() else { return .completed([], usage) }
        writer = nil
        return .completed([output], usage)
    }

    func discard() {
        writer?.discard()
        file?.discard()
    }

    /// Sound that was cut short is no success; `MAX_TOKENS` is the end of what a call can speak.
    private static func failure(after verdict: JSONValue) throws(ProviderFailure) -> ProviderFailure? {
        guard case .array(let candidates)? = verdict["candidates"] else { return try GeminiVerdict.failure(verdict) }
        let word = candidates.first?["finishReason"]?.stringValue
        return word == "STOP" ? nil : try GeminiVerdict.failure(verdict)
    }

    private static func words(_ text: String) -> JSONValue {
        ["candidates": [["finishReason": "STOP", "content": ["parts": [["text": .string(text)]]]]]]
    }

    /// An error in the midst of a stream: before the first sample it is a refusal like any other.
    private func failure(_ error: JSONValue, _ json: JSONValue) -> ProviderFailure {
        let status = Int(clamping: error["code"]?.integerValue ?? 500)
        let answer = ProviderAnswer(status: status, headers: [], body: Array(json.canonicalText.utf8))
        var failure = ProviderFailure.google(answer)
        if bytes > 0 { failure.billing = .unknown }
        return failure
    }
}

/// The rate of samples, as a media type tells it: `audio/L16;codec=pcm;rate=24000`.
enum SampleRate {
    /// Samples in a second; nil for a type that is no plain samples.
    static func of(_ type: String) -> Int? {
        let parts = type.lowercased().split(separator: ";").map { $0.trimmingPrefix { $0 == " " } }
        guard let name = parts.first, name == "audio/l16" || name == "audio/pcm" else { return nil }
        guard let text = parts.dropFirst().first(where: { $0.hasPrefix("rate=") }) else { return 24_000 }
        guard let rate = Int(text.dropFirst("rate=".count)), (8_000...192_000).contains(rate) else { return nil }
        return rate
    }
}
