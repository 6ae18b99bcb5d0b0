import Foundation
import Generation

/// The ElevenLabs wire: speech, dialogue, sound effects, music and transcription, each answered at once.
///
/// Settings of the wire: `api_key` (by default `xi-simulated`). Texts with `simulate:quota` and `simulate:rate_limit` are
/// refused as the service does it then.
package struct ElevenWire: SimulatedProvider {
    package static let name = "elevenlabs"
    /// Of the Starter plan, for the quicker models: so many calls at a time.
    package static let limits = SimulatorLimits(slots: 6)

    private let world: SimulatorWorld
    private let key: String

    package init(world: SimulatorWorld) {
        self.world = world
        key = world.setting("api_key") ?? "xi-simulated"
    }

    private enum Route {
        case speech(voice: String, isStream: Bool, hasTimes: Bool)
        case dialogue(isStream: Bool)
        case sound
        case music(isStream: Bool, isDetailed: Bool)
        case transcription
    }

    private static func route(_ request: SimulatedRequest) -> Route? {
        guard request.method == "POST", request.segments.first == "v1" else { return nil }
        let parts = Array(request.segments.dropFirst())
        switch (parts.first, parts.dropFirst().count) {
        case ("text-to-speech", 1...3):
            let rest = parts.dropFirst(2).joined(separator: "/")
            guard ["", "stream", "with-timestamps", "stream/with-timestamps"].contains(rest) else { return nil }
            return .speech(
                voice: parts[1],
                isStream: rest.hasPrefix("stream"),
                hasTimes: rest.hasSuffix("with-timestamps")
            )
        case ("text-to-dialogue", 0): return .dialogue(isStream: false)
        case ("text-to-dialogue", 1): return parts[1] == "stream" ? .dialogue(isStream: true) : nil
        case ("sound-generation", 0): return .sound
        case ("music", 0): return .music(isStream: false, isDetailed: false)
        case ("music", 1) where parts[1] == "stream": return .music(isStream: true, isDetailed: false)
        case ("music", 1) where parts[1] == "detailed": return .music(isStream: false, isDetailed: true)
        case ("speech-to-text", 0): return .transcription
        case (_, _): return nil
        }
    }

    package func operation(of request: SimulatedRequest) -> SimulatedOperation {
        Self.route(request) == nil ? .other : .submit
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        do throws(ElevenRefusal) {
            guard request.header("xi-api-key") == key else { throw .status(401) }
            switch Self.route(request) {
            case .speech(let voice, let isStream, let hasTimes):
                let order = try ElevenOrder(.speech, request, voice: voice, isStream: isStream)
                let (task, sound) = try await make(order)
                return hasTimes
                    ? times(order, sound, headers(task, order), areLines: isStream)
                    : file(order, sound, headers(task, order))
            case .dialogue(let isStream):
                let order = try ElevenOrder(.dialogue, request, isStream: isStream)
                let (task, sound) = try await make(order)
                return file(order, sound, headers(task, order))
            case .sound:
                let order = try ElevenOrder(.sound, request, isStream: false)
                let (task, sound) = try await make(order)
                return file(order, sound, headers(task, order))
            case .music(_, let isDetailed):
                let order = try ElevenOrder(.music, request, isStream: false)
                let (task, sound) = try await make(order)
                let fields = headers(task, order) + [(name: "song-id", value: "song_\(task.id)")]
                return isDetailed ? detailed(order, sound, fields) : file(order, sound, fields)
            case .transcription: return try await transcribe(request)
            case nil: throw .status(404)
            }
        } catch {
            return .json(error.status, error.body)
        }
    }

    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        .json(status, ElevenRefusal.status(status).body, headers: SimulatedAnswer.retryAfter(retryAfterSeconds))
    }

    // MARK: - Making sound

    /// Plays a call: nil for a sound that is not there.
    private func make(_ order: ElevenOrder) async throws(ElevenRefusal) -> (SimulatedTask, [UInt8]) {
        let outcome = world.outcome(of: order.text)
        guard outcome != .filteredInput, outcome != .filteredOutput else {
            world.consumeOutcome()
            throw .filtered(order)
        }
        let task = await run(order.text, order.seconds)
        switch task.outcome {
        case .failed: throw .status(500)
        case .withoutMedia: return (task, [])
        case .succeeded, .filteredInput, .filteredOutput, .unknownStatus, .vanished: break
        }
        do {
            return (
                task,
                try await ElevenSounds.shared.sound(order.format, world.settings.hasCheapMedia ? 1 : order.seconds)
            )
        } catch {
            throw ElevenRefusal(500, "internal_error", "\(error)")
        }
    }

    /// A task that is over when its answer is.
    private func run(_ text: String, _ seconds: Double) async -> SimulatedTask {
        let task = world.newTask(
            id: world.newID("", digits: 20),
            prompt: text,
            seconds: Int(seconds.rounded(.up)),
            width: 0,
            height: 0,
            hasAudio: true
        )
        while world.now() < (world.task(task.id)?.finishesAt ?? 0) {
            guard (try? await Task.sleep(for: .milliseconds(5))) != nil else { break }
        }
        return task
    }

    private func headers(_ task: SimulatedTask, _ order: ElevenOrder) -> [(name: String, value: String)] {
        var fields = [
            (name: "request-id", value: "req_\(task.id)"), (name: "trace-id", value: task.id),
            (name: "current-concurrent-requests", value: "1"), (name: "maximum-concurrent-requests", value: "6"),
        ]
        if order.call == .speech {
            fields.append((name: "history-item-id", value: task.id))
            fields.append((name: "character-cost", value: String(order.text.unicodeScalars.count)))
        }
        return fields
    }

    private static func mediaType(_ format: String) -> String {
        switch format.prefix(while: { $0 != "_" }) {
        case "mp3": "audio/mpeg"
        case "opus": "audio/ogg"
        case "wav": "audio/wav"
        case "pcm": "audio/pcm"
        case _: "audio/basic"
        }
    }

    private func file(
        _ order: ElevenOrder,
        _ sound: [UInt8],
        _ headers: [(name: String, value: String)]
    ) -> SimulatedAnswer {
        .media(Self.mediaType(order.format), sound, headers: headers)
    }

    /// The sound as base64 with each character's times; of a stream one object a line.
    private func times(
        _ order: ElevenOrder,
        _ sound: [UInt8],
        _ headers: [(name: String, value: String)],
        areLines: Bool
    ) -> SimulatedAnswer {
        let characters = order.text.map { JSONValue.string(String($0)) }
        let step = order.seconds / Double(max(1, characters.count))
        let starts = characters.indices.map { JSONValue.number(Double($0) * step) }
        let ends = characters.indices.map { JSONValue.number(Double($0 + 1) * step) }
        let alignment: JSONValue = [
            "characters": .array(characters), "character_start_times_seconds": .array(starts),
            "character_end_times_seconds": .array(ends),
        ]
        let body: JSONValue = [
            "audio_base64": .string(Data(sound).base64EncodedString()), "alignment": alignment,
            "normalized_alignment": alignment,
        ]
        var answer = SimulatedAnswer.json(200, body, headers: headers)
        if areLines { answer.body += Array("\n".utf8) }
        return answer
    }

    /// Two parts: what the piece is, and the piece.
    ///
    /// The SDK takes them apart by hand, by these very lines.
    private func detailed(
        _ order: ElevenOrder,
        _ sound: [UInt8],
        _ headers: [(name: String, value: String)]
    ) -> SimulatedAnswer {
        let facts: JSONValue = [
            "composition_plan": [
                "positive_global_styles": ["calm"], "negative_global_styles": [],
                "sections": [
                    [
                        "section_name": "Verse", "positive_local_styles": [], "negative_local_styles": [],
                        "duration_ms": .integer(Int64(order.seconds * 1_000)), "lines": [],
                    ]
                ],
            ],
            "song_metadata": [
                "title": "Simulated", "description": .string(order.text), "genres": ["pop"], "languages": ["en"],
                "is_explicit": false,
            ],
        ]
        let head =
            "--simulated-boundary\r\nContent-Type: application/json\r\n\r\n\(facts.canonicalText)\r\n--simulated-boundary\r\n"
            + "Content-Type: \(Self.mediaType(order.format))\r\n"
            + "Content-Disposition: attachment; filename=\"song.mp3\"\r\n\r\n"
        return .media(
            "multipart/mixed; boundary=simulated-boundary",
            Array(head.utf8) + sound + Array("\r\n--simulated-boundary--\r\n".utf8),
            headers: headers
        )
    }

    // MARK: - Hearing

    private func transcribe(_ request: SimulatedRequest) async throws(ElevenRefusal) -> SimulatedAnswer {
        let hearing = try ElevenHearing(request)
        let outcome = world.outcome(of: "")
        guard outcome != .filteredInput, outcome != .filteredOutput else {
            world.consumeOutcome()
            throw ElevenRefusal(403, "content_against_policy", "The file has been blocked.")
        }
        let task = await run("", hearing.seconds)
        if task.outcome == .failed { throw .status(500) }
        if hearing.isLater {
            return .json(
                200,
                [
                    "message": "Request accepted", "request_id": .string("req_\(task.id)"),
                    "transcription_id": .string("tr_\(task.id)"),
                ]
            )
        }
        guard task.outcome != .withoutMedia else { return .json(200, [:]) }
        return .json(200, hearing.answer(id: "tr_\(task.id)"), headers: [(name: "request-id", value: "req_\(task.id)")])
    }
}
