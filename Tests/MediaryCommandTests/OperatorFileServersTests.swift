import AdapterCatalog
import Foundation
import Generation
import HTTPTransport
import JobCore
import JobEngine
import ProviderKit
import Testing

@testable import mediary

/// Goal: a server of the operator's own is offered as its section says, and what is wrong there is told by place.
@Suite struct OperatorFileServersTests {
    private static let whole = """
        servers:
          - name: local-gpu
            kind: openai-compatible
            title: The GPU in the cellar
            base_url: http://127.0.0.1:8000/v1
            api_key_variable: LOCAL_KEY
            slots: 2
            profile: {like: vllm-omni, videos: {length: frames}}
            models:
              - model: qwen/qwen-image
                provider_model: Qwen/Qwen-Image
                type: image
                sizes: [1024x1024, 1664x928, {size: 1328x1328, resolution: large}]
                images_max: 4
                references_max: 2
                seed: true
                options: [num_inference_steps]
              - model: wan-video/wan-2.2
                type: video
                durations: [5]
                sizes: [832x480, 480x832]
                frames_per_second: [16]
                first_frame: true
                audio: choice
                prices: [{unit: second, price: "0.001"}]
                timing: {typical_seconds: 300}
              - {model: hexgrad/kokoro-82m, type: speech, voices: [af_heart], speed_min: 0.5, speed_max: 2}
              - {model: systran/whisper, type: transcription, granularities: [segment, word], seconds_max: 600}
        """

    private func offer(_ text: String, _ environment: [String: String] = [:]) throws -> ModelOffer {
        let work = FileManager.default.temporaryDirectory.path + "/mediary-servers-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: work) }
        let settings = ProviderSettings(
            environment: environment.merging(["PATH": "/nowhere"]) { $1 },
            workFolder: work,
            transport: UnavailableTransport(),
            processorCount: 1,
            now: { 0 }
        )
        return try ModelOffer(settings, file: OperatorFile(text: text))
    }

    private func problem(_ text: String, _ environment: [String: String] = ["LOCAL_KEY": "k"]) -> String {
        do {
            _ = try offer(text, environment)
            return "none"
        } catch let problem as RequestProblem {
            return problem.message
        } catch {
            return "\(error)"
        }
    }

    @Test func aServerIsOfferedAsItIsDescribed() throws {
        let offer = try offer(Self.whole, ["LOCAL_KEY": "k"])
        let endpoints = offer.catalog.endpoints.filter { $0.id.provider == "local-gpu" }
        #expect(endpoints.count == 4)
        let models = Dictionary(endpoints.map { ($0.model.slug, $0.model) }) { $1 }
        let image = try #require(models["qwen/qwen-image"])
        guard case .image(let pictures) = image.parameters else { throw CancellationError() }
        #expect(pictures.sizes.map(\.aspectRatio) == ["1:1", "16:9", "1:1"])
        #expect(pictures.sizes.map(\.resolution) == ["1K", "1K", "large"])
        #expect(pictures.countMax == 4 && pictures.referencesMax == 2 && pictures.seed && !pictures.negativePrompt)
        #expect(image.providerModel == "Qwen/Qwen-Image" && image.options == ["num_inference_steps"])
        // Free, unless the file says otherwise; and all of a server's models share its slots.
        #expect(image.prices == [ListPrice(unit: "request", usd: "0")])
        #expect(image.limits.slots == 2 && image.limits.sharedBy == "local-gpu")
        let video = try #require(models["wan-video/wan-2.2"])
        guard case .video(let movie) = video.parameters else { throw CancellationError() }
        #expect(movie.sizes.map(\.aspectRatio) == ["16:9", "9:16"] && movie.frameRoles == [.first])
        #expect(video.prices == [ListPrice(unit: "second", usd: "0.001")])
        #expect(video.timing.typicalSeconds == 300 && video.timing.deadlineSeconds == 7_200)
    }

    @Test func modelsOfAServerCanBeChangedAsAllOthers() throws {
        let change = """

            models:
              - {provider: local-gpu, model: qwen/qwen-image, name: Pictures}
              - {provider: local-gpu, model: qwen/fast, like: qwen/qwen-image, provider_model: fast}
            """
        let offer = try offer(Self.whole + change, ["LOCAL_KEY": "k"])
        let slugs = offer.catalog.endpoints.filter { $0.id.provider == "local-gpu" }.map(\.model.name)
        #expect(slugs.contains("Pictures") && slugs.count == 5)
    }

    @Test(arguments: [
        ("kind: openai-compatible", "kind: magic", "`servers[0].kind` is \"magic\"; allowed: openai-compatible"),
        ("name: local-gpu", "name: Local GPU", "`servers[0].name`"),
        ("name: local-gpu", "name: fake-provider", "`servers[0].name` is \"fake-provider\", which is another provider"),
        ("base_url: http://127.0.0.1:8000/v1", "base_url: 127.0.0.1", "`servers[0].base_url` must be a URL"),
        (
            "api_key_variable: LOCAL_KEY", "api_key_variable: sk-secret",
            "`servers[0].api_key_variable` must be the name"
        ),
        ("api_key_variable: LOCAL_KEY", "api_key_variable: OTHER_KEY", "OTHER_KEY\", and that variable is not set"),
        ("api_key_variable: LOCAL_KEY", "api_key: sk-secret", "Unknown field `servers[0].api_key`"),
        ("like: vllm-omni", "like: vllm", "`servers[0].profile.like` is \"vllm\"; allowed: generic, vllm-omni"),
        ("{length: frames}", "{length: meters}", "`servers[0].profile.videos.length`"),
        ("{length: frames}", "{lengths: frames}", "Unknown field `servers[0].profile.videos.lengths`"),
        ("type: image", "type: music", "`servers[0].models[0].type` is required"),
        ("images_max: 4", "image_max: 4", "Unknown field `servers[0].models[0].image_max`"),
        ("1664x928", "1664", "`servers[0].models[0].sizes[1]` is 1664"),
        ("resolution: large", "resolution: 1K", "`servers[0].models[0].sizes[2]` is 1328x1328, which is 1K"),
        ("durations: [5]", "default_duration: 5", "`servers[0].models[1].durations` is required"),
        ("frames_per_second: [16]", "seed: true", "`servers[0].models[1].durations` cannot be offered"),
        ("audio: choice", "audio: loud", "`servers[0].models[1].audio`"),
        ("first_frame: true", "last_frame: true", "`servers[0].models[1].last_frame` cannot be offered"),
        ("price: \"0.001\"", "price: 0.001", "`servers[0].models[1].prices[0].price` is 0.001"),
        ("typical_seconds: 300", "typical_seconds: 9000", "must be above `typical_seconds`"),
        ("voices: [af_heart]", "formats: [mp3]", "`servers[0].models[2].voices` is required"),
        ("voices: [af_heart]", "voices: [x], languages: [en], formats: [mid]", "`servers[0].models[2].formats`"),
        ("model: systran/whisper", "model: hexgrad/kokoro-82m", "`servers[0].models[3].model`"),
    ])
    func whatIsWrongIsToldByItsPlace(_ old: String, _ new: String, _ words: String) {
        #expect(Self.whole.contains(old))
        let message = problem(Self.whole.replacing(old, with: new))
        #expect(message.contains(words), "\(message)")
        #expect(!message.contains("sk-secret"))
    }

    @Test func aServerWithoutAnAddressOrWithoutModelsIsRefused() {
        let bare = "servers: [{name: a, kind: openai-compatible}]"
        #expect(problem(bare).contains("`servers[0].models` is required"))
        let homeless = "servers: [{name: a, kind: openai-compatible, models: [{model: a/b, type: image}]}]"
        #expect(problem(homeless).contains("`servers[0].base_url` is required"))
        let twice = homeless.replacing(
            "[{name",
            with: "[{name: a, kind: openai-compatible, models: [{model: a/b, type: image}]}, {name"
        )
        #expect(problem(twice).contains("`servers[1].name` is \"a\", as that of an earlier server is"))
    }
}
