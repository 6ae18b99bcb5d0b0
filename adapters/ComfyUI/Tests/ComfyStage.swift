import ConformanceKit
import CurlTransport
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import ProviderSimulators
import SimulatorConformance

@testable import ComfyUIAdapter

/// Workflows as an operator would save them, and what they are asked for.
enum ComfyStage {
    static let slug = "comfy"
    static let key = "key-of-nobody"

    struct NoAdapter: Error {}

    // MARK: - Workflows

    private static func sampler(_ latent: String) -> [String: JSONValue] {
        [
            "1": ["class_type": "CheckpointLoaderSimple", "inputs": ["ckpt_name": "model.safetensors"]],
            "2": ["class_type": "CLIPTextEncode", "inputs": ["text": "", "clip": ["1", 1]]],
            "3": ["class_type": "CLIPTextEncode", "inputs": ["text": "", "clip": ["1", 1]]],
            "5": [
                "class_type": "KSampler",
                "inputs": [
                    "seed": 1, "steps": 20, "cfg": 7, "model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0],
                    "latent_image": [.string(latent), 0],
                ],
            ],
        ]
    }

    private static func text(_ nodes: [String: JSONValue]) -> String { JSONValue.object(nodes).canonicalText }

    static let pictureGraph: String = {
        var graph = sampler("4")
        graph["4"] = [
            "class_type": "EmptyLatentImage", "inputs": ["width": 512, "height": 512, "batch_size": 1],
        ]
        graph["9"] = ["class_type": "SaveImage", "inputs": ["filename_prefix": "ComfyUI", "images": ["5", 0]]]
        return text(graph)
    }()

    static let edit: String = {
        var graph = sampler("6")
        graph["6"] = ["class_type": "LoadImage", "inputs": ["image": "example.png"]]
        graph["7"] = ["class_type": "LoadImage", "inputs": ["image": "example.png"]]
        graph["9"] = ["class_type": "SaveImage", "inputs": ["filename_prefix": "ComfyUI", "images": ["5", 0]]]
        return text(graph)
    }()

    static let movie: String = {
        var graph = sampler("4")
        graph["4"] = ["class_type": "EmptyVideo", "inputs": ["width": 512, "height": 512, "length": 81]]
        graph["6"] = ["class_type": "LoadImage", "inputs": ["image": "example.png"]]
        graph["9"] = [
            "class_type": "SaveVideo", "inputs": ["filename_prefix": "ComfyUI", "fps": 16, "images": ["5", 0]],
        ]
        return text(graph)
    }()

    static let song: String = {
        var graph = sampler("4")
        graph["4"] = ["class_type": "EmptyAudio", "inputs": ["seconds": 10]]
        graph["9"] = ["class_type": "SaveAudioMP3", "inputs": ["filename_prefix": "audio", "audio": ["5", 0]]]
        return text(graph)
    }()

    // MARK: - Models

    static var models: [(model: ModelCapabilities, graph: String, inputs: JSONValue)] {
        let sizes = [
            SizeOption(resolution: "1K", aspectRatio: "1:1", size: PixelSize(width: 1_024, height: 1_024)),
            SizeOption(resolution: "1K", aspectRatio: "16:9", size: PixelSize(width: 1_280, height: 720)),
        ]
        var image = ImageParameters(sizes: sizes, formats: ["png"])
        (image.countMax, image.negativePrompt, image.seed) = (2, true, true)
        var edit = ImageParameters(sizes: [sizes[0]], formats: ["png"])
        (edit.referencesMin, edit.referencesMax) = (2, 2)
        let small = [SizeOption(resolution: "480p", aspectRatio: "16:9", size: PixelSize(width: 832, height: 480))]
        var video = VideoParameters(durations: [2, 3], defaultDuration: 2, sizes: small)
        (video.framesPerSecond, video.frameRoles, video.seeds) = ([16, 24], [.first], 0...4_294_967_295)
        var music = MusicParameters(formats: ["mp3"], secondsMax: 20)
        (music.durations, music.seeds) = (1...20, 0...4_294_967_295)
        return [
            (
                model("comfyui/picture", .image(image), options: ["steps"]), pictureGraph,
                [
                    "prompt": "2.text", "negative_prompt": "3.text", "seed": "5.seed", "width": "4.width",
                    "height": "4.height", "count": "4.batch_size", "steps": "5.steps",
                ]
            ),
            (model("comfyui/edit", .image(edit)), self.edit, ["prompt": "2.text", "images": ["6.image", "7.image"]]),
            (
                model("comfyui/movie", .video(video)), movie,
                [
                    "prompt": "2.text", "seed": ["5.seed"], "width": "4.width", "height": "4.height",
                    "frames": "4.length", "fps": "9.fps", "first_frame": "6.image",
                ]
            ),
            (
                model("comfyui/song", .music(music)), song,
                ["prompt": "2.text", "seconds": "4.seconds", "seed": "5.seed"]
            ),
        ]
    }

    static func model(_ slug: String, _ parameters: ModelParameters, options: [String] = []) -> ModelCapabilities {
        ModelCapabilities(
            slug: slug,
            name: slug,
            summary: "A workflow.",
            parameters: parameters,
            promptCharactersMax: 10_000,
            prices: [ListPrice(unit: "request", usd: "0")],
            limits: EndpointLimits(slots: 1, sharedBy: Self.slug),
            timing: EndpointTiming(
                typicalSeconds: 1,
                deadlineSeconds: 60,
                sendTimeoutSeconds: 30,
                pollIntervalSeconds: 0.1
            ),
            source: "a test",
            options: options
        )
    }

    /// The servers of the file's section, as the folder reads it.
    static func read(
        _ models: [(model: ModelCapabilities, graph: String, inputs: JSONValue)] = ComfyStage.models,
        outputs: JSONValue = ["9"],
        baseURL: String? = "http://127.0.0.1:9"
    ) throws -> ServerKind.Maker {
        let folder = FileManager.default.temporaryDirectory.path + "/mediary-workflows-\(UUID())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let identity = ServerIdentity(slug: slug, name: "Comfy", baseURL: baseURL, keyVariable: "COMFY_KEY")
        var entry = ServerEntry(identity: identity, folder: folder, fields: try FieldReader([:]), models: [])
        for (index, (model, graph, inputs)) in models.enumerated() {
            try Data(graph.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(index).json"))
            let workflow: JSONValue = [
                "file": .string("\(index).json"), "inputs": inputs, "outputs": outputs,
            ]
            let fields = try FieldReader(["workflow": workflow], path: "models[\(index)]")
            entry.models.append(ServerEntry.Model(capabilities: model, fields: fields))
        }
        return try ComfyUIAdapters.kind.read(&entry)
    }

    /// The adapter before a server at that address.
    static func adapter(
        _ baseURL: String,
        transport: any HTTPTransport = CurlTransport.forTests
    ) throws -> ComfyAdapter {
        let settings = ProviderSettings(
            environment: ["COMFY_KEY": key],
            workFolder: "/nowhere",
            transport: transport,
            processorCount: 1,
            now: { 0 }
        )
        guard let adapter = try read(baseURL: baseURL)(settings) as? ComfyAdapter else { throw NoAdapter() }
        return adapter
    }

    // MARK: - Requests

    /// A picture, and its bytes.
    static func picture(_ number: Int) -> (input: MediaInput, bytes: [UInt8], sha256: String) {
        let bytes = TestPicture.png(width: 832, height: 480, seed: number)
        let sha256 = "c\(number)" + String(repeating: "0", count: 62)
        return (.stored(StoredInput(sha256: sha256, mediaType: "image/png", bytes: Int64(bytes.count))), bytes, sha256)
    }

    static let inputs = Dictionary((1...2).map { (picture($0).sha256, picture($0).bytes) }) { $1 }

    /// A request for each model.
    static func requests() throws -> [GenerationRequest] {
        try models.map { model, _, _ in
            switch model.slug {
            case "comfyui/edit":
                var image = ImageRequest(prompt: "A paper boat")
                image.inputReferences = [picture(1).input, picture(2).input]
                return try request(.image(image), model)
            case "comfyui/movie":
                var video = VideoRequest(prompt: "A paper boat")
                video.frameImages = [FrameImage(role: .first, image: picture(1).input)]
                return try request(.video(video), model)
            case "comfyui/song": return try request(.music(MusicRequest(prompt: "A paper boat")), model)
            case _: return try request(.image(ImageRequest(prompt: "A paper boat")), model)
            }
        }
    }

    static func request(
        _ content: GenerationRequest.Content,
        _ model: ModelCapabilities,
        options: JSONValue? = nil
    ) throws -> GenerationRequest {
        try GenerationRequest(
            model: model.slug,
            content: content,
            providerOptions: options.map { [slug: $0] } ?? [:]
        ).resolved(against: model, strict: true).request
    }

    static func submit(
        _ request: GenerationRequest,
        to adapter: ComfyAdapter,
        externalID: String = "att_1"
    ) async throws -> Submission {
        let reference = AttemptReference(externalID: externalID, token: "token", number: 1, sentAtMilliseconds: 0)
        let context = AttemptContext(
            reference: reference,
            callbackURL: nil,
            earlierSends: 0,
            transport: adapter.transport,
            sendTimeoutSeconds: 30,
            outputs: TestAttempt.outputs(of: reference),
            input: { (stored: StoredInput) async throws(ProviderFailure) -> [UInt8] in
                guard let bytes = inputs[stored.sha256] else { throw .notSent(.notFound, "The input is gone.") }
                return bytes
            },
            gate: { (_: [UInt8]) async throws(ProviderFailure) -> SendWindow in SendWindow { true } }
        )
        return try await adapter.submit(request, attempt: context)
    }
}
