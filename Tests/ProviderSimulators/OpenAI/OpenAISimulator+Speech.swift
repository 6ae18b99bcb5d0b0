import Foundation
import Generation

/// Speech, as bytes or as events: `openai` 3.54.0 on PyPI, `types/audio/speech_create_params.py`, 2026-11-21.
extension OpenAISimulator {
    private static let firstVoices = ["alloy", "ash", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer"]
    private static let laterVoices = ["ballad", "verse", "marin", "cedar"]
    private static let mediaTypes = [
        "mp3": "audio/mpeg", "opus": "audio/opus", "aac": "audio/aac", "flac": "audio/flac", "wav": "audio/wav",
        "pcm": "audio/pcm",
    ]

    func speech(_ request: SimulatedRequest) async throws -> SimulatedAnswer {
        let fields = try OpenAIFields(request, mayBeForm: false)
        try fields.refuseUnknown([
            "model", "input", "voice", "instructions", "response_format", "speed", "stream_format",
        ])
        let input = try fields.text("input", max: 4_096)
        let model = try fields.text("model", max: 100)
        let isFirst = ["tts-1", "tts-1-hd"].contains(model)
        guard isFirst || ["gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15"].contains(model) else {
            throw OpenAIRefusal(404, "The model '\(model)' does not exist.", param: "model", code: "model_not_found")
        }
        try checkVoice(fields, isFirst ? Self.firstVoices : Self.firstVoices + Self.laterVoices)
        let format = try fields.choice("response_format", of: Self.mediaTypes.keys.sorted()) ?? "mp3"
        let speed = try fields.number("speed", in: 0.25...4) ?? 1
        let isStream = try fields.choice("stream_format", of: ["audio", "sse"]) == "sse"
        let instructions = try fields.string("instructions")
        guard !isFirst || (!isStream && instructions == nil) else {
            let param = isStream ? "stream_format" : "instructions"
            throw OpenAIRefusal(
                400,
                "'\(param)' is not supported with '\(model)'.",
                param: param,
                code: "unsupported_value"
            )
        }
        let seconds = max(1, min(60, Int(Double(input.unicodeScalars.count) / 15 / speed)))
        let task = try await made(input, "speech_", seconds: seconds, fields: ["model": .string(model)])
        var bytes = try await world.media.sound(seconds: seconds, format: format)
        if format == "wav" { bytes = Self.streaming(bytes) }
        if try outcome(of: task) == .withoutMedia { bytes = [] }
        guard isStream else {
            var answer = SimulatedAnswer.media(Self.mediaTypes[format] ?? "audio/mpeg", bytes)
            answer.isChunked = true
            return answer
        }
        let pieces = stride(from: 0, to: bytes.count, by: 6_000).map { start -> [String: JSONValue] in
            let piece = bytes[start..<min(bytes.count, start + 6_000)]
            return ["audio": .string(Data(piece).base64EncodedString())]
        }
        let words = input + (instructions ?? "")
        let (read, spoken) = (Int64(words.utf8.count / 4 + 4), Int64(seconds) * 21)
        let usage: JSONValue = [
            "input_tokens": .integer(read), "output_tokens": .integer(spoken), "total_tokens": .integer(read + spoken),
        ]
        return Self.stream(
            pieces.map { ("speech.audio.delta", $0) } + [("speech.audio.done", ["usage": usage])]
        )
    }

    private func checkVoice(_ fields: OpenAIFields, _ voices: [String]) throws {
        if let own = fields.json("voice")?["id"]?.stringValue {
            guard own.hasPrefix("voice_") else {
                throw OpenAIRefusal(404, "Voice '\(own)' not found.", param: "voice", code: "voice_not_found")
            }
        } else {
            guard let voice = try fields.string("voice") else {
                throw OpenAIRefusal(
                    400,
                    "Missing required parameter: 'voice'.",
                    param: "voice",
                    code: "missing_required_parameter"
                )
            }
            guard voices.contains(voice) else { throw OpenAIRefusal.value("voice", voice, voices) }
        }
    }

    /// A WAV as it is streamed: its header does not know how long it will be.
    private static func streaming(_ wave: [UInt8]) -> [UInt8] {
        var bytes = wave
        let unknown = [UInt8](repeating: 0xFF, count: 4)
        bytes.replaceSubrange(4..<8, with: unknown)
        let mark = Array("data".utf8)
        for start in 12..<min(bytes.count - 8, 200) where bytes[start..<(start + 4)].elementsEqual(mark) {
            bytes.replaceSubrange((start + 4)..<(start + 8), with: unknown)
            break
        }
        return bytes
    }
}
