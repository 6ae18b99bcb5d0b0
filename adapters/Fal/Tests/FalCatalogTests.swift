import FalAdapter
import Foundation
import Generation
import ProviderKit
import Testing

/// What is offered, and what it costs.
@Suite struct FalCatalogTests {
    private func model(_ slug: String) throws -> ModelCapabilities {
        try #require(FalAdapters.models.first { $0.slug == slug })
    }

    @Test func theAddressSaysWhoIsTrusted() throws {
        #expect(try FalStage.adapter(nil).trustedOrigins == ["https://queue.fal.run:443"])
        #expect(try FalStage.adapter("http://127.0.0.1:9/").trustedOrigins == ["http://[127.0.0.1]:9"])
        #expect(try FalStage.adapter(nil).name == "fal.ai")
        #expect(try FalStage.adapter(nil).canCancel)
    }

    /// The vendor's own examples (fal.ai/models/…/llms.txt, 2026).
    @Test(arguments: [
        ("google/veo-3.1", "second", ["audio": "true"], "0.40"),
        ("google/veo-3.1", "second", ["audio": "false", "resolution": "4k"], "0.40"),
        ("kwaivgi/kling-v3.0-std", "second", ["audio": "true"], "0.126"),
        ("kwaivgi/kling-v3.0-pro", "second", ["audio": "false"], "0.112"),
        ("google/gemini-3.1-flash-image", "image", ["resolution": "4K"], "0.16"),
        ("google/gemini-3-pro-image", "image", [:], "0.15"),
        ("black-forest-labs/flux.1-schnell", "megapixel", [:], "0.003"),
    ])
    func prices(slug: String, unit: String, conditions: [String: String], usd: String) throws {
        let line = try model(slug).prices.first { $0.unit == unit && $0.conditions == conditions }
        #expect(line?.usd == usd)
    }

    /// 5 seconds of 720p are 108,000 tokens and 1.512 US dollars.
    @Test func seedanceIsBilledByTheHostsFormula() throws {
        let seedance = try model(FalStage.seedance)
        let meter = try #require(seedance.videoTokens)
        #expect(meter.extraFrames == 0)
        let tokens = 1_280 * 720 * 5 * meter.framesPerSecond / meter.pixelsPerToken
        #expect(tokens == 108_000)
        let price = try #require(Decimal(string: seedance.prices[0].usd))
        #expect(price * Decimal(tokens) == Decimal(string: "1.512"))
        #expect(meter.pixelsMax.keys.sorted() == ["480p", "720p"])
    }

    /// All requests of an account count together.
    @Test func theLimitIsShared() {
        for model in FalAdapters.models {
            #expect(model.limits == EndpointLimits(slots: 40, sharedBy: "concurrency"))
            #expect(model.source.contains("2026"))
            #expect(model.providerModel.split(separator: "/").count >= 2)
        }
    }
}
