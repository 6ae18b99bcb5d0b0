import Foundation
import Generation
import MediaInspection

/// A self-hosted server of the common dialect of images, videos, speech and transcriptions.
///
/// Settings: `flavor`, whose forms it has: `vllm-omni` (as by default), `sglang`, `localai`, `speaches`, `kokoro`; `api_key`,
/// the one key that is taken, by default none is asked for; `served`, the models that it has, with commas between them, by
/// default any. Sources, read on 2026-11-21: vllm_omni 0.30.0 and sglang 0.5.23 (their wheels, `entrypoints/openai`),
/// mudler/LocalAI of 2026-08-22, speaches-ai/speaches of 2026-03-26, remsky/Kokoro-FastAPI of 2026-08-17. Unlike these it
/// refuses fields that it does not know. None of them has a filter: what is filtered here is refused as by a relay in
/// front of them.
package struct CompatibleSimulator: SimulatedProvider {
    package static let name = "openai-compatible"

    let world: SimulatorWorld
    let flavor: CompatibleFlavor

    package init(world: SimulatorWorld) {
        self.world = world
        flavor = world.setting("flavor").flatMap(CompatibleFlavor.init) ?? .vllmOmni
    }

    package func operation(of request: SimulatedRequest) -> SimulatedOperation {
        let path = Self.path(request)
        switch (request.method, path.first ?? "", path.count) {
        case ("POST", "images", _), ("POST", "audio", _), ("POST", "videos", _), ("POST", "video", 1): return .submit
        case ("GET", "videos", 1): return .list
        case ("GET", "videos", 2): return .poll
        case ("GET", "videos", 3), ("GET", "generated", _): return .download
        case _: return .other
        }
    }

    /// The path without the version: `["videos", "video_gen_1"]`.
    private static func path(_ request: SimulatedRequest) -> [String] {
        let path = request.segments
        return path.first == "v1" ? Array(path.dropFirst()) : path
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        if let key = world.setting("api_key"), request.bearerToken != key {
            return flavor.refusal(401, "Unauthorized")
        }
        do {
            return try await route(request, Self.path(request))
        } catch let refusal as OpenAIRefusal {
            return flavor.refusal(refusal.status, refusal.message, param: refusal.param)
        } catch let filtered as Filtered {
            return filtered.answer
        } catch {
            return flavor.refusal(500, "\(error)")
        }
    }

    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        var answer = flavor.refusal(status, status == 503 ? "The model is loading." : "Simulated \(status).")
        answer.headers += SimulatedAnswer.retryAfter(retryAfterSeconds)
        return answer
    }

    private func route(_ request: SimulatedRequest, _ path: [String]) async throws -> SimulatedAnswer {
        let nowhere = OpenAIRefusal(404, "Not Found")
        switch (request.method, path.joined(separator: "/")) {
        case ("GET", "models"): return models()
        case ("POST", "images/generations") where flavor.makesPictures: return try await images(request, isEdit: false)
        case ("POST", "images/edits") where flavor.makesPictures && flavor != .localAI:
            return try await images(request, isEdit: true)
        case ("POST", "audio/speech"): return try await speech(request)
        case ("POST", "audio/transcriptions"): return try await transcription(request)
        case ("POST", "video") where flavor == .localAI: return try await videoAtOnce(request)
        case ("POST", "videos/sync") where flavor == .vllmOmni: return try await videoAtOnce(request)
        case _: break
        }
        if path.first == "generated", path.count == 2 { return try generated(path[1]) }
        guard path.first == "videos", flavor.makesPictures, flavor != .localAI else { throw nowhere }
        switch (request.method, path.count) {
        case ("POST", 1):
            return .json(200, json(try newVideo(request), .queued))
        case ("GET", 1): return list()
        case ("GET", 2): return try show(path[1])
        case ("DELETE", 2):
            _ = try task(path[1])
            world.remove(path[1])
            return .json(200, ["id": .string(path[1]), "object": "video.deleted", "deleted": true])
        case ("GET", 3) where path[2] == "content": return try await content(task(path[1]))
        case _: throw nowhere
        }
    }

    private func models() -> SimulatedAnswer {
        let names = (world.setting("served") ?? "any").split(separator: ",").map(String.init)
        return .json(
            200,
            [
                "object": "list",
                "data": .array(names.map { ["id": .string($0), "object": "model", "created": 0, "owned_by": "me"] }),
            ]
        )
    }

    /// The model that is asked for: it must be served.
    private func model(_ fields: OpenAIFields) throws -> String {
        let name = try fields.string("model") ?? ""
        if let served = world.setting("served"), !served.split(separator: ",").contains(Substring(name)) {
            throw OpenAIRefusal(404, "The model `\(name)` does not exist.", param: "model")
        }
        return name
    }

    private static let size = PixelSize(width: 1_024, height: 1_024)

    private func size(_ fields: OpenAIFields) throws -> PixelSize {
        if let text = try fields.string("size") {
            guard let size = PixelSize(text) else { throw OpenAIRefusal(400, "Invalid size '\(text)'.", param: "size") }
            return size
        }
        guard let width = try fields.integer("width", in: 16...8_192),
            let height = try fields.integer("height", in: 16...8_192)
        else { return Self.size }
        return PixelSize(width: width, height: height)
    }

    // MARK: - Images

    private static let pictureFields = [
        "model", "prompt", "n", "size", "width", "height", "response_format", "seed", "negative_prompt",
        "num_inference_steps", "guidance_scale", "output_format", "user", "quality",
    ]

    private func images(_ request: SimulatedRequest, isEdit: Bool) async throws -> SimulatedAnswer {
        let fields = try OpenAIFields(request, mayBeForm: isEdit, mayBeJSON: !isEdit)
        try fields.refuseUnknown(
            Self.pictureFields + (isEdit ? ["image", "image[]", "mask"] : [])
                + (flavor == .localAI ? ["ref_images", "step"] : [])
        )
        let prompt = try fields.text("prompt", max: 32_000)
        _ = try model(fields)
        let size = try size(fields)
        let count = try fields.integer("n", in: 1...10) ?? 1
        _ = try fields.integer("seed", in: 0...Int(Int64.max))
        let format = try fields.choice("output_format", of: ["png", "jpeg", "webp"]) ?? "png"
        let form = try fields.choice("response_format", of: flavor.pictureForms) ?? flavor.pictureForms[0]
        if form == "url", flavor == .sglang {
            throw OpenAIRefusal(400, "response_format='url' requires output_path or cloud storage")
        }
        if isEdit {
            let pictures = fields.files.filter { $0.field.hasPrefix("image") }
            guard !pictures.isEmpty else { throw OpenAIRefusal(422, "Field required", param: "image") }
            for file in fields.files { try check(file.bytes) }
        }
        let task = try await made(prompt, "img_", seconds: 0, size)
        let bytes = try await world.media.picture(width: size.width, height: size.height, format: format)
        let isEmpty = task.outcome == .withoutMedia
        let entry: JSONValue
        if form == "url" {
            world.keep(bytes, type: "image/\(format)", as: task.id)
            // Some name it from their root.
            entry = ["url": .string("/generated/\(task.id)")]
        } else {
            entry = ["b64_json": .string(Data(bytes).base64EncodedString()), "url": .null]
        }
        var answer: [String: JSONValue] = [
            "created": .integer(world.now() / 1_000),
            "data": .array(Array(repeating: entry, count: isEmpty ? 0 : count)),
        ]
        if flavor != .localAI { answer["output_format"] = .string(format) }
        if flavor == .localAI { answer["usage"] = ["input_tokens": 0, "output_tokens": 0, "total_tokens": 0] }
        return .json(200, .object(answer))
    }

    private func check(_ bytes: [UInt8]) throws {
        guard (try? MediaInspector.imageDimensions(bytes, pixelLimit: 100_000_000)) != nil else {
            throw OpenAIRefusal(400, "Invalid image file.")
        }
    }

    private func generated(_ name: String) throws -> SimulatedAnswer {
        guard let file = world.file(name) else { throw OpenAIRefusal(404, "Not Found") }
        return .media(file.type, file.bytes)
    }

    // MARK: - Sound

    private static let soundTypes = [
        "mp3": "audio/mpeg", "opus": "audio/ogg", "aac": "audio/aac", "flac": "audio/flac", "wav": "audio/wav",
        "pcm": "audio/pcm",
    ]

    private func speech(_ request: SimulatedRequest) async throws -> SimulatedAnswer {
        let fields = try OpenAIFields(request, mayBeForm: false)
        try fields.refuseUnknown([
            "model", "input", "voice", "response_format", "speed", "instructions", "stream_format", "language",
            "lang_code", "volume_multiplier",
        ])
        let input = try fields.text("input", max: 100_000)
        _ = try model(fields)
        let voice = try fields.text("voice", max: 200)
        guard voice != "bob" else {
            throw OpenAIRefusal(400, "Voice 'bob' not found. Available voices: af_heart, am_adam")
        }
        let format = try fields.choice("response_format", of: Self.soundTypes.keys.sorted()) ?? "wav"
        let speed = try fields.number("speed", in: 0.25...4) ?? 1
        let seconds = max(1, min(60, Int(Double(input.unicodeScalars.count) / 15 / speed)))
        let task = try await made(input, "speech_", seconds: seconds)
        let bytes = task.outcome == .withoutMedia ? [] : try await world.media.sound(seconds: seconds, format: format)
        var answer: SimulatedAnswer
        if try fields.choice("stream_format", of: ["audio", "sse"]) == "sse" {
            let delta: [String: JSONValue] = ["audio": .string(Data(bytes).base64EncodedString())]
            let key = flavor == .speaches ? "token_usage" : "usage"
            let done: [String: JSONValue] = [key: ["input_tokens": 5, "output_tokens": 20, "total_tokens": 25]]
            answer = OpenAISimulator.stream([("speech.audio.delta", delta), ("speech.audio.done", done)])
        } else {
            answer = .media(Self.soundTypes[format] ?? "audio/wav", bytes)
        }
        answer.isChunked = true
        return answer
    }

    private func transcription(_ request: SimulatedRequest) async throws -> SimulatedAnswer {
        let fields = try OpenAIFields(request, mayBeForm: true, mayBeJSON: false)
        try fields.refuseUnknown([
            "file", "model", "language", "prompt", "response_format", "temperature", "timestamp_granularities[]",
            "hotwords", "vad_filter",
        ])
        _ = try model(fields)
        let milliseconds = try OpenAISimulator.length(fields)
        let format = try fields.choice("response_format", of: ["json", "text", "verbose_json"]) ?? "json"
        _ = try fields.number("temperature", in: 0...1)
        let task = try await made(
            try fields.string("prompt") ?? "",
            "transcription_",
            seconds: Int(milliseconds / 1_000)
        )
        let sentence = task.outcome == .withoutMedia ? nil : OpenAISimulator.sentence
        let heard = OpenAIHearing(milliseconds: milliseconds, sentence: sentence)
        if format == "text" { return .media("text/plain; charset=utf-8", Array(heard.text.utf8)) }
        guard format == "verbose_json" else {
            return .json(200, .object(sentence == nil ? [:] : ["text": .string(heard.text)]))
        }
        let hasWords = fields.texts("timestamp_granularities[]").contains("word")
        return .json(200, heard.verbose(segments: true, words: hasWords, .null))
    }

    // MARK: - Videos

    private static let videoFields = [
        "prompt", "model", "seconds", "size", "width", "height", "num_frames", "fps", "seed", "negative_prompt",
        "num_inference_steps", "guidance_scale", "generate_sound", "input_reference", "start_image", "end_image",
    ]

    private func order(_ request: SimulatedRequest) throws -> (prompt: String, seconds: Int, PixelSize, sound: Bool) {
        let fields = try OpenAIFields(request, mayBeForm: true)
        try fields.refuseUnknown(Self.videoFields)
        let prompt = try fields.text("prompt", max: 32_000)
        _ = try model(fields)
        for file in fields.files { try check(file.bytes) }
        let rate = try fields.integer("fps", in: 1...60) ?? 16
        let frames = try fields.integer("num_frames", in: 2...10_000)
        // A string on this wire, and a number in some.
        let words = fields.json("seconds")?.stringValue.flatMap(Int.init)
        let seconds = try words ?? fields.integer("seconds", in: 1...600)
        let soundWord = fields.isJSON ? nil : try fields.string("generate_sound")
        let hasSound = fields.json("generate_sound")?.boolValue ?? (soundWord == "true")
        return (prompt, frames.map { ($0 - 1) / rate } ?? seconds ?? 4, try size(fields), hasSound)
    }

    private func newVideo(_ request: SimulatedRequest) throws -> SimulatedTask {
        let (prompt, seconds, size, hasSound) = try order(request)
        guard world.outcome(of: prompt) != .filteredInput else {
            world.consumeOutcome()
            throw Filtered()
        }
        return world.newTask(
            id: world.newID("video_gen_"),
            prompt: prompt,
            seconds: seconds,
            width: size.width,
            height: size.height,
            hasAudio: hasSound
        )
    }

    private func videoAtOnce(_ request: SimulatedRequest) async throws -> SimulatedAnswer {
        let (prompt, seconds, size, hasSound) = try order(request)
        let task = try await made(prompt, "video_", seconds: seconds, size, hasAudio: hasSound)
        let bytes = try await world.video(of: task)
        guard flavor == .localAI else { return .media("video/mp4", task.outcome == .withoutMedia ? [] : bytes) }
        world.keep(bytes, type: "video/mp4", as: task.id)
        let entry: JSONValue = ["url": .string("\(world.baseURL)/generated/\(task.id)")]
        let data: [JSONValue] = task.outcome == .withoutMedia ? [] : [entry]
        return .json(200, ["id": .string(task.id), "created": 0, "data": .array(data)])
    }

    private func task(_ id: String) throws -> SimulatedTask {
        guard let task = world.task(id) else { throw OpenAIRefusal(404, "Video not found") }
        return task
    }

    private func show(_ id: String) throws -> SimulatedAnswer {
        let task = try task(id)
        let json = json(task, world.standing(of: task))
        let isFailed = json["status"] == "failed" && flavor == .vllmOmni
        return .json(isFailed ? 500 : 200, json)
    }

    private func list() -> SimulatedAnswer {
        let videos = world.tasks.filter { $0.id.hasPrefix("video_") }
        let entries = videos.map { json($0, world.standing(of: $0)) }
        return .json(200, ["object": "list", "data": .array(entries), "has_more": false])
    }

    private func json(_ task: SimulatedTask, _ standing: SimulatedStanding) -> JSONValue {
        let status: String
        var progress: Int64 = 0
        var error = JSONValue.null
        switch standing {
        case .queued: status = "queued"
        case .running(let done): (status, progress) = ("in_progress", Int64(min(99, done * 100)))
        case .unknown: status = "dreaming"
        case .succeeded: (status, progress) = ("completed", 100)
        case .filteredInput, .filteredOutput:
            (status, error) = ("failed", ["code": "content_policy_violation", "message": "Refused by the filter."])
        case .failed, .cancelled, .vanished, .withoutMedia:
            (status, error) = ("failed", ["code": "500", "message": "CUDA error: an illegal memory access"])
        }
        return [
            "id": .string(task.id), "object": "video", "status": .string(status), "progress": .integer(progress),
            "created_at": .integer(task.createdAt / 1_000), "size": .string("\(task.width)x\(task.height)"),
            "completed_at": status == "completed" ? .integer(task.endsAt / 1_000) : .null, "error": error,
            "seconds": flavor == .sglang ? .integer(Int64(task.seconds)) : .string(String(task.seconds)),
            "model": "served",
        ]
    }

    private func content(_ task: SimulatedTask) async throws -> SimulatedAnswer {
        guard world.standing(of: task, isReported: false) == .succeeded else {
            throw OpenAIRefusal(404, "Video is not ready.")
        }
        return .media("video/mp4", try await world.video(of: task))
    }

    // MARK: - What is answered at once

    private func made(
        _ prompt: String,
        _ prefix: String,
        seconds: Int,
        _ size: PixelSize = PixelSize(width: 0, height: 0),
        hasAudio: Bool = false
    ) async throws -> SimulatedTask {
        guard world.outcome(of: prompt) != .filteredInput else {
            world.consumeOutcome()
            throw Filtered()
        }
        let task = world.newTask(
            id: world.newID(prefix),
            prompt: prompt,
            seconds: seconds,
            width: size.width,
            height: size.height,
            hasAudio: hasAudio
        )
        await world.settle(task)
        switch task.outcome {
        case .succeeded, .unknownStatus, .vanished, .withoutMedia: return task
        case .filteredInput, .filteredOutput: throw Filtered()
        case .failed: throw OpenAIRefusal(500, "could not load model - all backends returned error")
        }
    }
}
