import Foundation
import Generation

/// Imagen on Vertex AI, `predict`: answered at once.
///
/// Setting: `rai_filtered`, how many images of each call are held back.
/// Source: google-genai 3.4.0 (`GenerateImagesConfig` for Vertex AI); docs.cloud.google.com, Imagen API reference (2026).
struct ImagenSimulation {
    private static let models: [String: [String]] = [
        "imagen-4.0-generate-001": ["1K", "2K"], "imagen-4.0-fast-generate-001": [],
        "imagen-4.0-ultra-generate-001": ["1K", "2K"],
    ]
    private static let shapes: [String: (width: Int, height: Int)] = [
        "1:1": (1_024, 1_024), "3:4": (896, 1_280), "4:3": (1_280, 896), "9:16": (768, 1_408), "16:9": (1_408, 768),
    ]
    private static let reason =
        "Unable to show generated images. All images were filtered out because they violated Google's Responsible AI practices. Try rephrasing the prompt. Support codes: 63429089"

    let world: SimulatorWorld

    /// The answer to a call of a model; nil for one that is not here.
    func answer(_ request: SimulatedRequest, model: String) async -> SimulatedAnswer? {
        guard let tiers = Self.models[model] else { return nil }
        let check: Check
        do {
            check = try Check(request.json, tiers: tiers)
        } catch {
            return GoogleWire.error(400, error.message)
        }
        guard world.outcome(of: check.prompt) != .filteredInput else {
            world.consumeOutcome()
            return GoogleWire.error(
                400,
                "Image generation failed with the following error: The prompt could not be submitted. This prompt contains sensitive words that violate Google's Responsible AI practices. Try rephrasing the prompt. Support codes: 42876398"
            )
        }
        let task = world.newTask(
            id: world.newID("p", digits: 20),
            prompt: check.prompt,
            seconds: 1,
            width: check.width,
            height: check.height,
            hasAudio: false,
            fields: ["model": .string(model)]
        )
        world.finish(task.id)
        do {
            return try await answer(check, task)
        } catch {
            return GoogleWire.error(500, "\(error)")
        }
    }

    private func answer(_ check: Check, _ task: SimulatedTask) async throws -> SimulatedAnswer {
        var held = Int(world.setting("rai_filtered") ?? "0") ?? 0
        switch world.standing(of: world.allTasks.first { $0.id == task.id } ?? task) {
        case .failed, .cancelled: return GoogleWire.error(500, "Internal error encountered.")
        case .withoutMedia: return .json(200, [:])
        case .filteredInput, .filteredOutput: held = check.count
        case .queued, .running, .unknown, .succeeded, .vanished: break
        }
        let bytes = try await world.media.picture(width: check.width, height: check.height, format: check.format)
        var predictions: [JSONValue] = []
        for index in 0..<check.count where index >= held {
            predictions.append([
                "bytesBase64Encoded": .string(Data(bytes).base64EncodedString()),
                "mimeType": .string("image/\(check.format)"),
            ])
        }
        if held > 0, check.saysWhy { predictions.append(["raiFilteredReason": .string(Self.reason)]) }
        return .json(200, predictions.isEmpty ? [:] : ["predictions": .array(predictions)])
    }

    /// A request, held against what is documented.
    private struct Check {
        var prompt = ""
        var count = 1
        var width = 1_024
        var height = 1_024
        var format = "png"
        var saysWhy = false

        init(_ body: JSONValue?, tiers: [String]) throws(GoogleWire.Refusal) {
            let top = try GoogleWire.only(["instances", "parameters", "labels"], in: body, field: "body")
            guard case .array(let instances)? = top["instances"], instances.count == 1 else {
                throw GoogleWire.Refusal("Exactly one instance is needed.")
            }
            let instance = try GoogleWire.only(["prompt"], in: instances[0], field: "instances[0]")
            prompt = instance["prompt"]?.stringValue ?? ""
            guard !prompt.isEmpty else { throw GoogleWire.Refusal("Text prompt is required.") }
            let parameters = try GoogleWire.only(
                [
                    "sampleCount", "aspectRatio", "negativePrompt", "seed", "sampleImageSize", "guidanceScale",
                    "language", "enhancePrompt", "addWatermark", "personGeneration", "safetySetting",
                    "includeRaiReason", "includeSafetyAttributes", "outputOptions",
                ],
                in: top["parameters"] ?? [:],
                field: "parameters"
            )
            try readImages(parameters, tiers: tiers)
            try readOthers(parameters)
        }

        private mutating func readImages(
            _ parameters: [String: JSONValue],
            tiers: [String]
        ) throws(GoogleWire.Refusal) {
            count = Int(clamping: parameters["sampleCount"]?.integerValue ?? 1)
            guard (1...4).contains(count) else { throw GoogleWire.Refusal("sampleCount must be between 1 and 4.") }
            guard let shape = ImagenSimulation.shapes[parameters["aspectRatio"]?.stringValue ?? "1:1"] else {
                throw GoogleWire.Refusal("aspectRatio is not supported.")
            }
            (width, height) = shape
            if let size = parameters["sampleImageSize"] {
                guard let size = size.stringValue, tiers.contains(size) else {
                    throw GoogleWire.Refusal("sampleImageSize is not supported by this model.")
                }
                if size == "2K" { (width, height) = (width * 2, height * 2) }
            }
            guard let options = parameters["outputOptions"] else { return }
            let output = try GoogleWire.only(["mimeType", "compressionQuality"], in: options, field: "outputOptions")
            let type = output["mimeType"]?.stringValue ?? "image/png"
            guard ["image/png", "image/jpeg"].contains(type) else {
                throw GoogleWire.Refusal("Unsupported output mime type.")
            }
            if let quality = output["compressionQuality"] {
                guard type == "image/jpeg", let value = quality.integerValue, (0...100).contains(value) else {
                    throw GoogleWire.Refusal("compressionQuality is for image/jpeg, 0 to 100.")
                }
            }
            format = String(type.dropFirst("image/".count))
        }

        private mutating func readOthers(_ parameters: [String: JSONValue]) throws(GoogleWire.Refusal) {
            if let seed = parameters["seed"] {
                guard let value = seed.integerValue, (0...2_147_483_647).contains(value) else {
                    throw GoogleWire.Refusal("seed must be in the range [0, 2147483647].")
                }
                guard parameters["addWatermark"] == false else {
                    throw GoogleWire.Refusal("Seed is not supported when watermark is enabled.")
                }
            }
            for name in ["enhancePrompt", "addWatermark", "includeRaiReason", "includeSafetyAttributes"]
            where parameters[name] != nil {
                guard parameters[name]?.boolValue != nil else { throw GoogleWire.Refusal("\(name) must be a bool.") }
            }
            if let person = parameters["personGeneration"]?.stringValue?.lowercased(),
                !["dont_allow", "allow_adult", "allow_all"].contains(person)
            {
                throw GoogleWire.Refusal("personGeneration is not supported: \(person).")
            }
            if let setting = parameters["safetySetting"]?.stringValue?.lowercased(),
                !["block_low_and_above", "block_medium_and_above", "block_only_high", "block_none"].contains(setting)
            {
                throw GoogleWire.Refusal("safetySetting is not supported: \(setting).")
            }
            saysWhy = parameters["includeRaiReason"] == true
        }
    }
}
