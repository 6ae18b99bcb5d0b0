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
        for address in [nil, "https://api.openai.com/v1", "https://api.openai.com/v1/"] {
            for model in try OpenAIStage.adapter(address).models {
                #expect(model.availableUntil == CalendarDate("2026-09-24"), "\(address ?? "none")")
                #expect(model.dataPolicy != nil)
            }
        }
        for model in try OpenAIStage.adapter("http://127.0.0.1:9/v1").models {
            #expect(model.availableUntil == nil)
            #expect(model.dataPolicy == nil)
            #expect(model.replacedBy == "bytedance/seedance-2.0")
        }
        #expect(OpenAIAdapters.models.allSatisfy { $0.availableUntil != nil })
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
