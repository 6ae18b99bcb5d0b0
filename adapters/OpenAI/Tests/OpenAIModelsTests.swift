import Generation
import HTTPTransport
import ProviderKit
import Testing

@testable import OpenAIAdapter

/// What is on offer, where.
@Suite struct OpenAIModelsTests {
    private static func settings(_ environment: [String: String]) -> ProviderSettings {
        ProviderSettings(
            environment: environment,
            workFolder: "/nowhere",
            transport: UnavailableTransport(),
            processorCount: 1,
            now: { 0 }
        )
    }

    @Test func withoutAKeyThereIsNone() {
        #expect(OpenAIAdapters.instances(Self.settings([:])).isEmpty)
        #expect(OpenAIAdapters.instances(Self.settings(["OPENAI_API_KEY": ""])).isEmpty)
        #expect(OpenAIAdapters.instances(Self.settings(["OPENAI_API_KEY": "sk-1"])).count == 1)
    }

    @Test func theEndIsTheVendorsAlone() throws {
        let ends = [
            "openai/sora-2": "2026-09-24", "openai/sora-2-pro": "2026-09-24", "openai/gpt-image-1": "2026-10-23",
            "openai/gpt-image-1.5": "2026-12-01", "openai/tts-1": "2027-01-06", "openai/whisper-1": "2027-02-26",
        ]
        for address in [nil, "https://api.openai.com/v1", "https://api.openai.com/v1/"] {
            let models = try OpenAIStage.adapter(address).models
            for (slug, end) in ends {
                let model = try #require(models.first { $0.slug == slug })
                #expect(model.availableUntil == CalendarDate(end), "\(slug), \(address ?? "none")")
            }
            #expect(models.allSatisfy { $0.dataPolicy != nil })
            #expect(models.filter { $0.availableUntil == nil }.count == 4)
        }
        for model in try OpenAIStage.adapter("http://127.0.0.1:9/v1").models {
            #expect(model.availableUntil == nil)
            #expect(model.dataPolicy == nil)
            if model.type == .video { #expect(model.replacedBy == "bytedance/seedance-2.0") }
        }
    }

    /// The figures of the vendor's calculator, and of those who measured.
    @Test(arguments: [
        ("openai/gpt-image-2", "low/1024x1024", 196), ("openai/gpt-image-2", "high/1024x1024", 7_024),
        ("openai/gpt-image-2", "high/1536x1024", 5_488), ("openai/gpt-image-2", "medium/1536x1024", 1_372),
        ("openai/gpt-image-2", "medium/2048x1152", 1_413), ("openai/gpt-image-2", "high/2048x1152", 5_650),
        ("openai/gpt-image-2.5-sunburst", "xhigh/2048x1152", 2_511),
        ("openai/gpt-image-2.5-sunburst", "max/1024x1536", 5_488),
        ("openai/gpt-image-2.5-flare", "medium/1024x1536", 343), ("openai/gpt-image-1.5", "high/1024x1536", 6_240),
    ])
    func whatIsHeldForAnImageIsWhatItTakes(_ slug: String, _ name: String, _ tokens: Int64) throws {
        let model = try #require(OpenAIAdapters.models.first { $0.slug == slug })
        #expect(model.tokens?.perImage[name] == tokens)
        // Of the calculator, and in no list.
        #expect(OpenAIModels.tokens(96, PixelSize(width: 3_584, height: 2_048)) == 12_329)
    }

    @Test func noSizeTakesMoreThanIsHeldForAFreeOne() throws {
        for model in OpenAIAdapters.models {
            guard case .image(let image) = model.parameters, let meter = model.tokens else { continue }
            for quality in image.qualities {
                let most = meter.perImage[quality]
                for option in image.sizes {
                    let tokens = try #require(
                        meter.perImage["\(quality)/\(option.size)"] ?? most,
                        "\(model.slug) \(quality) \(option.size)"
                    )
                    #expect(tokens > 0)
                    guard let free = image.freeSizes else { continue }
                    #expect(free.allow(option.size), "\(option.size)")
                    #expect(tokens <= most ?? 0, "\(model.slug) \(quality) \(option.size)")
                }
            }
        }
    }

    @Test func everyResolutionHasItsPrice() {
        for model in OpenAIAdapters.models {
            guard case .video(let video) = model.parameters else { continue }
            for resolution in Set(video.sizes.map(\.resolution)) {
                let lines = model.prices.filter { $0.conditions["resolution"].map { $0 == resolution } ?? true }
                #expect(lines.count == 1, "\(model.slug) \(resolution)")
            }
        }
    }
}
