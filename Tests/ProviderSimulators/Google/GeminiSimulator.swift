import Generation

/// The Gemini API: Veo by `predictLongRunning`, videos of Gemini Omni by interactions, images and speech by
/// `generateContent`, and files.
///
/// Settings: `api_key`; `retired=true` for the day after 2026-10-22, when Veo is gone; `file_seconds`, how long a file is
/// still processed after its interaction has completed; `inline=true` when a poll gives the video inside its answer even
/// though a URI was asked for; `redirect=false` when files are served without a redirect.
/// Source: google-genai 2.34.0 (Veo) and 3.4.0 (interactions), both run against it; ai.google.dev/gemini-api/docs/video
/// and /docs/omni (copy of 2026-09-21); behaviours that others measured on the live service are named where they are.
package struct GeminiSimulator: SimulatedProvider {
    package static let name = "gemini"

    let world: SimulatorWorld
    private let key: String

    private static let veoModels: [String: VeoRequestCheck.Model] = [
        "veo-3.1-generate-preview": .init(hasFourK: true, takesReferences: true),
        "veo-3.1-fast-generate-preview": .init(hasFourK: true, takesReferences: true),
        "veo-3.1-lite-generate-preview": .init(hasFourK: false, takesReferences: false),
    ]

    package init(world: SimulatorWorld) {
        self.world = world
        key = world.setting("api_key") ?? "test-key"
    }

    /// The path without the version of the API; nil for another version.
    private func parts(_ request: SimulatedRequest) -> ArraySlice<String>? {
        let parts = request.segments
        return parts.first == "v1beta" || parts.first == "v1" ? parts.dropFirst() : nil
    }

    package func operation(of request: SimulatedRequest) -> SimulatedOperation {
        guard let parts = parts(request), let first = parts.first else { return .other }
        switch (request.method, first, parts.count) {
        case ("POST", "models", 2) where request.path.hasSuffix(":predictLongRunning"): return .submit
        case ("POST", "models", 2) where ContentSimulation.isCall(request.path): return .submit
        case ("POST", "interactions", 1): return .submit
        case ("POST", "interactions", 3): return .cancel
        case ("GET", "models", 4), ("GET", "interactions", 2): return .poll
        case ("GET", "files", 2): return request.path.hasSuffix(":download") ? .download : .other
        case _: return .other
        }
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        guard let parts = parts(request).map(Array.init), !parts.isEmpty else { return Self.page }
        if let refusal = refusal(ofKeyIn: request) { return refusal }
        switch (request.method, parts[0], parts.count) {
        case ("POST", "models", 2) where ContentSimulation.isCall(request.path):
            return await ContentSimulation(world: world, door: .gemini).answer(request, call: parts[1])
        case ("POST", "models", 2): return startVeo(request, call: parts[1])
        case ("GET", "models", 4) where parts[2] == "operations": return veo(model: parts[1], id: parts[3])
        case ("POST", "interactions", 1): return await createInteraction(request)
        case ("GET", "interactions", 2): return await interaction(parts[1])
        case ("DELETE", "interactions", 2):
            return world.remove(parts[1]) ? .json(200, [:]) : Self.unknownInteraction(parts[1])
        case ("POST", "interactions", 3) where parts[2] == "cancel": return await cancelInteraction(parts[1])
        case ("GET", "files", 2): return await file(parts[1], request)
        case _: return Self.page
        }
    }

    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        GoogleWire.error(status, GoogleWire.message(status), retryAfterSeconds: retryAfterSeconds)
    }

    /// A wrong key is a wrong argument here, not 401.
    private func refusal(ofKeyIn request: SimulatedRequest) -> SimulatedAnswer? {
        guard let given = request.header("x-goog-api-key") ?? request.queryItem("key") else {
            return GoogleWire.error(
                403,
                "Method doesn't allow unregistered callers (callers without established identity)."
            )
        }
        guard given != key else { return nil }
        return GoogleWire.error(
            400,
            "API key not valid. Please pass a valid API key.",
            reason: "API_KEY_INVALID"
        )
    }

    /// What Google's front end answers to a path that nobody serves.
    private static let page = SimulatedAnswer.page(404)

    // MARK: Veo

    private func startVeo(_ request: SimulatedRequest, call: String) -> SimulatedAnswer {
        guard call.hasSuffix(":predictLongRunning") else { return Self.page }
        let name = String(call.dropLast(":predictLongRunning".count))
        guard let model = Self.veoModels[name] else {
            return GoogleWire.error(
                404,
                "models/\(name) is not found for API version v1beta, or is not supported for predictLongRunning."
            )
        }
        guard world.setting("retired") != "true" else {
            return GoogleWire.error(404, "models/\(name) is no longer available.")
        }
        let check: VeoRequestCheck
        do {
            check = try VeoRequestCheck(request.json, door: .gemini, model: model)
        } catch {
            return GoogleWire.error(400, error.message)
        }
        let task = world.newTask(
            id: world.newID(digits: 12),
            prompt: check.prompt,
            seconds: check.seconds,
            width: check.width,
            height: check.height,
            hasAudio: true,
            fields: ["model": .string(name), "file": .string(world.newID("f", digits: 11))]
        )
        return .json(200, ["name": .string("models/\(name)/operations/\(task.id)")])
    }

    private func veo(model: String, id: String) -> SimulatedAnswer {
        guard let task = world.task(id), task.fields["model"]?.stringValue == model else {
            return GoogleWire.error(404, "Operation not found.")
        }
        var answer: [String: JSONValue] = ["name": .string("models/\(model)/operations/\(id)")]
        func done(_ response: [String: JSONValue]) {
            answer["done"] = true
            answer["response"] = [
                "@type": "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse",
                "generateVideoResponse": .object(response),
            ]
        }
        switch world.standing(of: task) {
        case .queued, .running: break
        case .unknown:
            answer["metadata"] = ["@type": "type.googleapis.com/google.protobuf.Struct", "state": "DREAMING"]
        case .succeeded:
            done(["generatedSamples": [["video": ["uri": .string(fileURL(task))]]]])
        case .withoutMedia, .vanished, .cancelled: done([:])
        case .filteredOutput:
            done([
                "raiMediaFilteredCount": 1,
                "raiMediaFilteredReasons": [
                    "We encountered an issue with the audio for your prompt. Videos were not generated and you have not been charged. Please try another prompt."
                ],
            ])
        case .filteredInput:
            answer["done"] = true
            answer["error"] = [
                "code": 3,
                "message":
                    "The input image violates Google's Responsible AI practices. Try another image. Support codes: 17301594",
            ]
        case .failed:
            answer["done"] = true
            answer["error"] = [
                "code": 13,
                "message":
                    "Video generation failed due to an internal server issue. Please try again in a few minutes.",
            ]
        }
        return .json(200, .object(answer))
    }

    // MARK: Files

    /// The public address, wherever this is served: the SDKs take the id out of it, and know it by its scheme.
    func fileURL(_ task: SimulatedTask) -> String {
        "https://generativelanguage.googleapis.com/v1beta/files/\(task.fields["file"]?.stringValue ?? ""):download?alt=media"
    }

    private func file(_ name: String, _ request: SimulatedRequest) async -> SimulatedAnswer {
        let isDownload = name.hasSuffix(":download")
        let id = isDownload ? String(name.dropLast(":download".count)) : name
        guard let task = world.tasks.first(where: { $0.fields["file"]?.stringValue == id }),
            world.standing(of: task, isReported: false) == .succeeded
        else {
            return GoogleWire.error(403, "You do not have permission to access the File \(id) or it may not exist.")
        }
        let isActive = world.now() >= task.endsAt + (Int64(world.setting("file_seconds") ?? "0") ?? 0) * 1_000
        guard isDownload else {
            return .json(
                200,
                [
                    "name": .string("files/\(id)"), "mimeType": "video/mp4",
                    "state": isActive ? "ACTIVE" : "PROCESSING", "source": "GENERATED",
                    "downloadUri": .string(fileURL(task)),
                ]
            )
        }
        guard isActive else {
            return GoogleWire.error(400, "The File \(id) is not in an ACTIVE state and usage is not allowed.")
        }
        guard request.queryItem("alt") == "media" else { return GoogleWire.error(400, "alt=media is needed.") }
        if world.setting("redirect") != "false" {
            let location = (name: "Location", value: world.outputURL(of: task))
            return SimulatedAnswer(status: 302, headers: [location])
        }
        return await Self.media(of: task, world)
    }

    static func media(of task: SimulatedTask, _ world: SimulatorWorld) async -> SimulatedAnswer {
        do {
            return .media("video/mp4", try await world.video(of: task))
        } catch {
            return GoogleWire.error(500, "\(error)")
        }
    }
}
