import Foundation
import Generation
import MediaInspection

/// Transcriptions: `openai` 3.54.0 on PyPI, `types/audio/transcription*.py`, 2026-11-21.
///
/// Nobody listens here: every four seconds of sound say the same sentence. A transcript without media is JSON without text.
extension OpenAISimulator {
    /// What a model takes.
    private struct Listener {
        var formats: [String]
        var hasTimes = false
        var isBilledBySeconds = false
        var takesHints = false
        var isDiarizing = false

        static let all = [
            "whisper-1": Listener(
                formats: ["json", "text", "srt", "verbose_json", "vtt"],
                hasTimes: true,
                isBilledBySeconds: true
            ),
            "gpt-4o-transcribe": Listener(formats: ["json"]), "gpt-4o-mini-transcribe": Listener(formats: ["json"]),
            "gpt-4o-mini-transcribe-2025-12-15": Listener(formats: ["json"]),
            "gpt-4o-transcribe-diarize": Listener(formats: ["json", "text", "diarized_json"], isDiarizing: true),
            "gpt-transcribe": Listener(formats: ["json"], isBilledBySeconds: true, takesHints: true),
        ]
    }

    private static let endings = ["flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"]
    static let sentence = "A paper boat drifts down the canal."

    func transcription(_ request: SimulatedRequest) async throws -> SimulatedAnswer {
        let fields = try OpenAIFields(request, mayBeForm: true, mayBeJSON: false)
        let model = try fields.text("model", max: 100)
        guard let listener = Listener.all[model] else {
            throw OpenAIRefusal(404, "The model '\(model)' does not exist.", param: "model", code: "model_not_found")
        }
        let both = ["file", "model", "prompt", "response_format", "stream", "chunking_strategy", "include[]"]
        try fields.refuseUnknown(
            both
                + (listener.takesHints
                    ? ["keywords[]", "languages[]"] : ["language", "temperature", "timestamp_granularities[]"])
        )
        let milliseconds = try Self.length(fields)
        let format = try fields.choice("response_format", of: listener.formats) ?? "json"
        _ = try fields.number("temperature", in: 0...1)
        let granularities = fields.texts("timestamp_granularities[]")
        guard granularities.isEmpty || format == "verbose_json" else {
            throw OpenAIRefusal(
                400,
                "'timestamp_granularities' needs 'verbose_json'.",
                param: "timestamp_granularities",
                code: "invalid_value"
            )
        }
        try check(listener, fields, milliseconds)
        let prompt = try fields.string("prompt") ?? ""
        let task = try await made(
            prompt,
            "transcription_",
            seconds: Int(milliseconds / 1_000),
            fields: ["model": .string(model)]
        )
        let isSilent = try outcome(of: task) == .withoutMedia
        let heard = OpenAIHearing(milliseconds: milliseconds, sentence: isSilent ? nil : Self.sentence)
        let usage = listener.isBilledBySeconds ? heard.seconds : heard.tokens
        if try fields.bool("stream"), !listener.hasTimes {
            return Self.stream(
                heard.pieces.map { ("transcript.text.delta", ["delta": .string($0)]) }
                    + [("transcript.text.done", ["text": .string(heard.text), "usage": usage])]
            )
        }
        switch format {
        case "text": return .media("text/plain; charset=utf-8", Array("\(heard.text)\n".utf8))
        case "srt": return .media("text/plain; charset=utf-8", Array(heard.captions(point: ",", head: "").utf8))
        case "vtt":
            return .media("text/plain; charset=utf-8", Array(heard.captions(point: ".", head: "WEBVTT\n\n").utf8))
        case "verbose_json":
            let hasWords = granularities.contains("word")
            let hasSegments = granularities.isEmpty || granularities.contains("segment")
            return .json(200, heard.verbose(segments: hasSegments, words: hasWords, usage))
        case "diarized_json": return .json(200, heard.diarized(usage))
        case _:
            var answer: [String: JSONValue] = ["usage": usage]
            answer["text"] = isSilent ? nil : .string(heard.text)
            if listener.takesHints { answer["languages"] = [["code": "en"]] }
            return .json(200, .object(answer))
        }
    }

    /// The length of the sound, as far as its file tells.
    static func length(_ fields: OpenAIFields) throws -> Int64 {
        guard let file = fields.files.first(where: { $0.field == "file" }) else {
            throw OpenAIRefusal(
                400,
                "Missing required parameter: 'file'.",
                param: "file",
                code: "missing_required_parameter"
            )
        }
        guard file.bytes.count <= 26_214_400 else {
            throw OpenAIRefusal(413, "Maximum content size limit (26214400) exceeded", type: "server_error")
        }
        let ending = file.name.split(separator: ".").last.map { $0.lowercased() } ?? ""
        guard endings.contains(ending) else {
            throw OpenAIRefusal(
                400,
                "Invalid file format. Supported formats: \(endings)",
                param: "file",
                code: "invalid_value"
            )
        }
        do {
            let facts = try MediaInspector.inspect(bytes: file.bytes, expecting: nil)
            return max(1, facts.durationMilliseconds ?? 1_000)
        } catch {
            throw OpenAIRefusal(
                400,
                "Audio file might be corrupted or unsupported",
                param: "file",
                code: "invalid_value"
            )
        }
    }

    private func check(_ listener: Listener, _ fields: OpenAIFields, _ milliseconds: Int64) throws {
        if !listener.hasTimes, milliseconds > 1_400_000 {
            let seconds = Double(milliseconds) / 1_000
            throw OpenAIRefusal(
                400,
                "audio duration \(seconds) seconds is longer than 1400 seconds which is the maximum for this model",
                code: "invalid_value"
            )
        }
        guard listener.isDiarizing else { return }
        guard try fields.string("prompt") == nil else {
            throw OpenAIRefusal(400, "'prompt' is not supported here.", param: "prompt", code: "unsupported_value")
        }
        guard try fields.string("chunking_strategy") != nil || milliseconds <= 30_000 else {
            throw OpenAIRefusal(
                400,
                "chunking_strategy is required for diarization models",
                param: "chunking_strategy",
                code: "invalid_value"
            )
        }
    }
}

/// What was heard.
struct OpenAIHearing {
    let milliseconds: Int64
    let sentence: String?

    /// One sentence for every four seconds that have begun.
    private var times: [(start: Int64, end: Int64)] {
        guard sentence != nil else { return [] }
        return stride(from: 0, to: milliseconds, by: 4_000).map { ($0, min(milliseconds, $0 + 4_000)) }
    }

    var pieces: [String] { times.indices.map { ($0 == 0 ? "" : " ") + (sentence ?? "") } }
    var text: String { pieces.joined() }

    /// Seconds, rounded up.
    var seconds: JSONValue { ["type": "duration", "seconds": .integer((milliseconds + 999) / 1_000)] }

    var tokens: JSONValue {
        let (audio, output) = (milliseconds / 100 + 1, Int64(text.utf8.count / 4 + 1))
        return [
            "type": "tokens", "input_tokens": .integer(audio),
            "input_token_details": ["text_tokens": 0, "audio_tokens": .integer(audio)],
            "output_tokens": .integer(output), "total_tokens": .integer(audio + output),
        ]
    }

    func verbose(segments: Bool, words: Bool, _ usage: JSONValue) -> JSONValue {
        var answer: [String: JSONValue] = [
            "task": "transcribe", "language": "english", "duration": .number(Double(milliseconds) / 1_000),
            "usage": usage,
        ]
        answer["text"] = sentence == nil ? nil : .string(text)
        if segments {
            answer["segments"] = .array(
                times.enumerated().map { index, time in
                    [
                        "id": .integer(Int64(index)), "seek": 0, "start": Self.seconds(time.start),
                        "end": Self.seconds(time.end), "text": .string(" " + (sentence ?? "")), "tokens": [50_364],
                        "temperature": 0, "avg_logprob": .number(-0.2), "compression_ratio": .number(0.8),
                        "no_speech_prob": .number(0.01),
                    ]
                }
            )
        }
        if words {
            answer["words"] = .array(
                times.flatMap { time -> [JSONValue] in
                    let words = (sentence ?? "").split(separator: " ")
                    let each = (time.end - time.start) / Int64(max(1, words.count))
                    return words.enumerated().map { index, word in
                        let start = time.start + Int64(index) * each
                        return [
                            "word": .string(String(word)), "start": Self.seconds(start),
                            "end": Self.seconds(start + each),
                        ]
                    }
                }
            )
        }
        return .object(answer)
    }

    func diarized(_ usage: JSONValue) -> JSONValue {
        let segments = times.enumerated().map { index, time -> JSONValue in
            [
                "type": "transcript.text.segment", "id": .string("seg_\(index)"), "start": Self.seconds(time.start),
                "end": Self.seconds(time.end), "text": .string(sentence ?? ""),
                "speaker": index % 2 == 0 ? "A" : "B",
            ]
        }
        var answer: [String: JSONValue] = [
            "task": "transcribe", "duration": .number(Double(milliseconds) / 1_000), "segments": .array(segments),
            "usage": usage,
        ]
        answer["text"] = sentence == nil ? nil : .string(text)
        return .object(answer)
    }

    func captions(point: String, head: String) -> String {
        let all = times.enumerated().map { index, time in
            let number = point == "," ? "\(index + 1)\n" : ""
            return "\(number)\(Self.clock(time.start, point)) --> \(Self.clock(time.end, point))\n\(sentence ?? "")\n\n"
        }
        return head + all.joined()
    }

    private static func seconds(_ milliseconds: Int64) -> JSONValue { .number(Double(milliseconds) / 1_000) }

    private static func clock(_ time: Int64, _ point: String) -> String {
        func digits(_ value: Int64, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let (hours, minutes, seconds) = (time / 3_600_000, time / 60_000 % 60, time / 1_000 % 60)
        return "\(digits(hours, 2)):\(digits(minutes, 2)):\(digits(seconds, 2))\(point)\(digits(time % 1_000, 3))"
    }
}
