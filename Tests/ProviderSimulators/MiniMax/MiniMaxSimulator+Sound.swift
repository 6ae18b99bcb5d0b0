import Foundation
import Generation

/// Speech and music: one call each, answered with the sound or with where it is.
///
/// Source: api-reference speech-t2a-http and music-generation (platform.minimax.io, copies of 2026); read on 2026-11-22.
extension MiniMaxSimulator {
    private struct Order {
        let text: String
        let format: String
        let isURL: Bool
        let isSpeech: Bool
    }

    /// Plays a call.
    func sound(_ request: SimulatedRequest) async throws(MiniMaxRefusal) -> JSONValue {
        let order: Order
        do {
            order = try request.segments.last == "t2a_v2" ? Self.speech(request.json) : Self.music(request.json)
        } catch {
            throw .parameters("\(error.field) \(error.words)")
        }
        let outcome = world.outcome(of: order.text)
        guard outcome != .filteredInput, outcome != .filteredOutput else {
            world.consumeOutcome()
            throw .filtered
        }
        let seconds = order.isSpeech ? max(1, order.text.count / 15) : 20
        let task = world.newTask(
            id: world.newID("0", digits: 20),
            prompt: order.text,
            seconds: seconds,
            width: 0,
            height: 0,
            hasAudio: true
        )
        await world.settle(task)
        var audio: JSONValue = ""
        switch world.standing(of: task) {
        case .failed: throw .status(500)
        case .withoutMedia: break
        case .queued, .running, .unknown, .succeeded, .filteredInput, .filteredOutput, .cancelled, .vanished:
            audio = .string(try await made(order, seconds, task))
        }
        return [
            "data": ["audio": audio, "status": 2], "trace_id": .string(task.id), "base_resp": Self.fine,
            "extra_info": [
                "audio_length": .integer(Int64(seconds) * 1_000), "audio_format": .string(order.format),
                "usage_characters": .integer(order.isSpeech ? Self.characters(order.text) : 0), "audio_channel": 1,
            ],
        ]
    }

    private func made(_ order: Order, _ seconds: Int, _ task: SimulatedTask) async throws(MiniMaxRefusal) -> String {
        let bytes: [UInt8]
        do {
            bytes = try await world.media.sound(seconds: seconds, format: order.format, sampleRate: 32_000)
        } catch {
            throw .status(500)
        }
        guard order.isURL else { return bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }
        let name = "\(task.id).\(order.format)"
        world.keep(bytes, type: order.format == "mp3" ? "audio/mpeg" : "audio/\(order.format)", as: name)
        return "\(world.outputsURL)/outputs/\(name)?Expires=1999999999&Signature=simulated"
    }

    /// A Chinese character counts as two.
    private static func characters(_ text: String) -> Int64 {
        text.unicodeScalars.reduce(0) { $0 + (("\u{4E00}"..."\u{9FFF}").contains($1) ? 2 : 1) }
    }

    private static func speech(_ body: JSONValue?) throws(FieldComplaint) -> Order {
        var fields = try StrictFields(body)
        let known = ["2.8", "2.6", "02"].flatMap { ["speech-\($0)-hd", "speech-\($0)-turbo"] }
        guard try known.contains(fields.text("model")) else {
            throw FieldComplaint(field: "model", words: "does not exist")
        }
        let text = try fields.text("text", most: 10_000)
        guard try fields.bool("stream") != true else {
            throw FieldComplaint(field: "stream", words: "is not simulated")
        }
        var voice = try StrictFields(fields.value("voice_setting"), "voice_setting")
        _ = try voice.text("voice_id", most: 256)
        _ = try voice.number("speed", in: 0.5...2)
        _ = try voice.number("vol", in: 0...10)
        _ = try voice.integer("pitch", in: -12...12)
        _ = try voice.word(
            "emotion",
            of: ["happy", "sad", "angry", "fearful", "disgusted", "surprised", "calm", "fluent", "whisper"]
        )
        try voice.finish()
        _ = try fields.string("language_boost", most: 40)
        let format = try format(&fields, ["mp3", "pcm", "flac", "wav", "opus"])
        let isURL = try fields.word("output_format", of: ["hex", "url"]) == "url"
        try fields.finish()
        return Order(text: text, format: format, isURL: isURL, isSpeech: true)
    }

    private static func music(_ body: JSONValue?) throws(FieldComplaint) -> Order {
        var fields = try StrictFields(body)
        guard try ["music-2.6", "music-2.5"].contains(fields.text("model")) else {
            throw FieldComplaint(field: "model", words: "does not exist")
        }
        let text = try fields.string("prompt", most: 2_000) ?? ""
        let lyrics = try fields.string("lyrics", most: 3_500) ?? ""
        let isInstrumental = try fields.bool("is_instrumental") ?? false
        let isWritten = try fields.bool("lyrics_optimizer") ?? false
        guard isInstrumental || isWritten || !lyrics.isEmpty else {
            throw FieldComplaint(field: "lyrics", words: "is required")
        }
        _ = try fields.bool("stream")
        let format = try format(&fields, ["mp3", "wav", "pcm"])
        let isURL = try fields.word("output_format", of: ["hex", "url"]) == "url"
        try fields.finish()
        return Order(text: text, format: format, isURL: isURL, isSpeech: false)
    }

    private static func format(
        _ fields: inout StrictFields,
        _ formats: [String]
    ) throws(FieldComplaint) -> String {
        guard let value = fields.value("audio_setting") else { return "mp3" }
        var setting = try StrictFields(value, "audio_setting")
        _ = try setting.integer("sample_rate", in: 8_000...44_100)
        _ = try setting.integer("bitrate", in: 32_000...256_000)
        _ = try setting.integer("channel", in: 1...2)
        let format = try setting.word("format", of: formats) ?? "mp3"
        try setting.finish()
        return format
    }
}
