import Foundation
import Generation

/// `generateContent` and `streamGenerateContent` of both doors, as far as they make images, speech and music: answered at
/// once.
///
/// Source: as of `ContentRequestCheck`. Which format a model's images have is the server's choice: of 2.5 PNG, of later
/// ones JPEG. Speech is samples without a header, except that 3.8 answers a call that does not stream with a WAV file.
struct ContentSimulation {
    /// The longest request, with its pictures: 20 MB (ai.google.dev/gemini-api/docs/image-understanding, 2026).
    private static let requestBytesMax = 20_000_000
    private static let rate = 24_000

    let world: SimulatorWorld
    let door: ContentRequestCheck.Door

    /// Whether a call of a model is one of these two.
    static func isCall(_ path: String) -> Bool {
        path.hasSuffix(":generateContent") || path.hasSuffix(":streamGenerateContent")
    }

    /// The answer to a call, `MODEL:generateContent`.
    func answer(_ request: SimulatedRequest, call: String) async -> SimulatedAnswer {
        let name = String(call.prefix { $0 != ":" })
        guard let model = ContentRequestCheck.models[name] else {
            return GoogleWire.error(
                404,
                "models/\(name) is not found for API version v1beta, or is not supported for generateContent."
            )
        }
        guard door == .vertex || request.bodyBytes <= Self.requestBytesMax else {
            return GoogleWire.error(400, "Request payload size exceeds the limit: 20971520 bytes.")
        }
        let check: ContentRequestCheck
        do {
            check = try ContentRequestCheck(request.json, door: door, name: name, model: model)
        } catch {
            return GoogleWire.error(400, error.message)
        }
        let isStream = call.hasSuffix(":streamGenerateContent")
        guard !isStream || request.queryItem("alt") == "sse" else {
            return GoogleWire.error(400, "Only alt=sse is simulated.")
        }
        let task = world.newTask(
            id: world.newID("r", digits: 20),
            prompt: check.prompt,
            seconds: 1,
            width: check.width,
            height: check.height,
            hasAudio: false,
            fields: ["model": .string(name)]
        )
        world.finish(task.id)
        do {
            let pieces = try await pieces(check, task, isStream: isStream)
            return isStream ? Self.stream(pieces) : .json(200, pieces.last ?? .null)
        } catch {
            return GoogleWire.error(500, "\(error)")
        }
    }

    private static func stream(_ pieces: [JSONValue]) -> SimulatedAnswer {
        let body = pieces.flatMap { Array("data: \($0.canonicalText)\r\n\r\n".utf8) }
        return .media("text/event-stream", body)
    }

    /// The answer: several of a stream, otherwise one.
    private func pieces(
        _ check: ContentRequestCheck,
        _ task: SimulatedTask,
        isStream: Bool
    ) async throws -> [JSONValue] {
        let standing = world.standing(of: world.allTasks.first { $0.id == task.id } ?? task)
        switch standing {
        case .filteredInput:
            let refusal = piece(check, nil, nil)
            return [refusal.adding("promptFeedback", ["blockReason": "PROHIBITED_CONTENT"])]
        case .filteredOutput:
            let word = check.imageTokens > 0 ? "IMAGE_SAFETY" : "PROHIBITED_CONTENT"
            return [piece(check, [], word, message: "Unable to show what was generated.")]
        case .failed, .cancelled: return [piece(check, [], check.imageTokens > 0 ? "NO_IMAGE" : "OTHER")]
        case .withoutMedia: return [piece(check, [], "STOP")]
        case .queued, .running, .unknown, .succeeded, .vanished: break
        }
        switch check.model {
        case .image: return try await image(check, isStream: isStream)
        case .speech(let isVerbatim): return speech(check, isWave: isVerbatim && !isStream, isStream: isStream)
        case .music(let seconds):
            let bytes = try await world.media.sound(seconds: seconds, format: "mp3", sampleRate: 44_100)
            let song: JSONValue = [
                "inlineData": ["mimeType": "audio/mpeg", "data": .string(Data(bytes).base64EncodedString())]
            ]
            return [piece(check, [["text": "[Verse]\nLa la la."], song], "STOP", made: seconds * 25)]
        }
    }

    private func image(_ check: ContentRequestCheck, isStream: Bool) async throws -> [JSONValue] {
        let format = check.format ?? (check.name == "gemini-2.5-flash-image" ? "png" : "jpeg")
        let bytes = try await world.media.picture(width: check.width, height: check.height, format: format)
        func part(_ data: [UInt8], _ type: String) -> [String: JSONValue] {
            ["inlineData": ["mimeType": .string(type), "data": .string(Data(data).base64EncodedString())]]
        }
        var final = part(bytes, "image/\(format)")
        var drafts: [JSONValue] = []
        if check.name == "gemini-3-pro-image" || check.name == "gemini-nano-banana-2.1" {
            // Those think first, and show a draft of it.
            var draft = part(try await world.media.picture(width: 512, height: 512, format: "jpeg"), "image/jpeg")
            draft["thought"] = true
            drafts = [["text": "First a sketch.", "thought": true], .object(draft)]
            final["thoughtSignature"] = .string(String(repeating: "QUJD", count: 50_000))
        }
        guard isStream else { return [piece(check, drafts + [.object(final)], "STOP", made: check.imageTokens)] }
        return [
            piece(check, drafts + [.object(final)], nil), piece(check, [["text": ""]], "STOP", made: check.imageTokens),
        ]
    }

    private func speech(_ check: ContentRequestCheck, isWave: Bool, isStream: Bool) -> [JSONValue] {
        // As fast as people speak, 15 characters a second.
        let seconds = max(0.4, Double(check.lines.joined().count) / 15)
        let samples = SimulatedVoice.samples(seconds: seconds, rate: Self.rate)
        let tokens = max(1, Int(seconds * 25))
        func part(_ data: [UInt8], _ type: String) -> JSONValue {
            ["inlineData": ["mimeType": .string(type), "data": .string(Data(data).base64EncodedString())]]
        }
        if isWave {
            return [
                piece(check, [part(SimulatedVoice.wave(samples, Self.rate), "audio/wav")], "STOP", made: tokens)
            ]
        }
        let type = "audio/L16;codec=pcm;rate=\(Self.rate)"
        guard isStream else { return [piece(check, [part(samples, type)], "STOP", made: tokens)] }
        // A fifth of a second each, and the figures at the end.
        let length = Self.rate / 5 * 2
        var pieces = stride(from: 0, to: samples.count, by: length).map { start in
            piece(check, [part(Array(samples[start..<min(samples.count, start + length)]), type)], nil)
        }
        pieces.append(piece(check, [["text": ""]], "STOP", made: tokens))
        return pieces
    }

    private func piece(
        _ check: ContentRequestCheck,
        _ parts: [JSONValue]?,
        _ word: String?,
        message: String? = nil,
        made: Int = 0
    ) -> JSONValue {
        var answer: [String: JSONValue] = [
            "modelVersion": .string(check.name), "responseId": .string(world.newID("", digits: 22)),
        ]
        if let parts {
            var candidate: [String: JSONValue] = ["index": 0]
            if !parts.isEmpty { candidate["content"] = ["role": "model", "parts": .array(parts)] }
            candidate["finishReason"] = word.map { .string($0) }
            candidate["finishMessage"] = message.map { .string($0) }
            answer["candidates"] = [.object(candidate)]
        }
        if parts == nil || word != nil { answer["usageMetadata"] = Self.usage(check, made: made) }
        return .object(answer)
    }

    private static func usage(_ check: ContentRequestCheck, made: Int) -> JSONValue {
        let text = max(1, check.prompt.utf8.count / 4)
        let pictures = check.pictures * 258
        let thoughts = check.name == "gemini-3-pro-image" && made > 0 ? 173 : 0
        var input: [JSONValue] = [["modality": "TEXT", "tokenCount": .integer(Int64(text))]]
        if pictures > 0 { input.append(["modality": "IMAGE", "tokenCount": .integer(Int64(pictures))]) }
        var usage: [String: JSONValue] = [
            "promptTokenCount": .integer(Int64(text + pictures)), "promptTokensDetails": .array(input),
            "totalTokenCount": .integer(Int64(text + pictures + made + thoughts)),
        ]
        if made > 0 {
            let modality: JSONValue = check.imageTokens > 0 ? "IMAGE" : "AUDIO"
            usage["candidatesTokenCount"] = .integer(Int64(made))
            usage["candidatesTokensDetails"] = [["modality": modality, "tokenCount": .integer(Int64(made))]]
        }
        if thoughts > 0 { usage["thoughtsTokenCount"] = .integer(Int64(thoughts)) }
        return .object(usage)
    }
}

extension JSONValue {
    /// An object with one more member.
    fileprivate func adding(_ name: String, _ value: JSONValue) -> JSONValue {
        guard case .object(var members) = self else { return self }
        members[name] = value
        return .object(members)
    }
}

/// Real sound of any length: a tone that swells and fades like syllables.
enum SimulatedVoice {
    /// Samples of 16 bits, low byte first, one channel.
    static func samples(seconds: Double, rate: Int) -> [UInt8] {
        let count = Int(seconds * Double(rate))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * 2)
        for index in 0..<count {
            let time = Double(index) / Double(rate)
            let loudness = 0.5 - 0.5 * cos(2 * .pi * 4 * time)
            let value = Int16(12_000 * loudness * sin(2 * .pi * 220 * time))
            bytes.append(UInt8(truncatingIfNeeded: value))
            bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        }
        return bytes
    }

    /// A WAV file of samples.
    static func wave(_ samples: [UInt8], _ rate: Int) -> [UInt8] {
        func little(_ number: Int, _ bytes: Int) -> [UInt8] {
            (0..<bytes).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        let format = little(1, 2) + little(1, 2) + little(rate, 4) + little(rate * 2, 4) + little(2, 2) + little(16, 2)
        return Array("RIFF".utf8) + little(36 + samples.count, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + format
            + Array("data".utf8) + little(samples.count, 4) + samples
    }
}
