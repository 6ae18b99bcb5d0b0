import Foundation
import Generation
import ProviderKit
import ReplicateAdapter
import Testing

/// What is offered, and what it costs.
@Suite struct ReplicateCatalogTests {
    private func model(_ slug: String) throws -> ModelCapabilities {
        try #require(ReplicateAdapters.models.first { $0.slug == slug })
    }

    @Test func theAddressSaysWhoIsTrusted() throws {
        #expect(try ReplicateStage.adapter(nil).trustedOrigins == ["https://api.replicate.com:443"])
        #expect(
            try ReplicateStage.adapter("http://127.0.0.1:9/v1/").trustedOrigins == [
                "http://[127.0.0.1]:9"
            ]
        )
        #expect(try ReplicateStage.adapter(nil).name == "Replicate")
        #expect(try ReplicateStage.adapter(nil).canCancel)
    }

    @Test(arguments: [
        ("google/veo-3.1", "second", ["audio": "true"], "0.40"),
        ("google/veo-3.1-fast", "second", ["audio": "false"], "0.10"),
        ("google/gemini-3-pro-image", "image", ["resolution": "4K"], "0.30"),
        ("black-forest-labs/flux.1-schnell", "image", [:], "0.003"),
        ("bytedance-seed/seedream-4.5", "image", [:], "0.04"),
    ])
    func prices(slug: String, unit: String, conditions: [String: String], usd: String) throws {
        let line = try model(slug).prices.first { $0.unit == unit && $0.conditions == conditions }
        #expect(line?.usd == usd)
    }

    @Test func theLimitIsShared() {
        for model in ReplicateAdapters.models {
            #expect(
                model.limits == EndpointLimits(slots: 100, submitsPerMinute: 600, sharedBy: "predictions")
            )
            #expect(model.source.contains("2026"))
            #expect(model.providerModel.split(separator: "/").count == 2)
        }
    }

    /// What is not asked for within the hour is gone.
    @Test func noDeadlineIsBeyondTheHour() {
        for model in ReplicateAdapters.models { #expect(model.timing.deadlineSeconds <= 3_600) }
    }
}
