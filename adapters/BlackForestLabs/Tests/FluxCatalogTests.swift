import BlackForestLabsAdapter
import ConformanceKit
import Foundation
import Generation
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// What is offered, what it costs, and what is refused before anything is sent.
@Suite(.timeLimit(.minutes(2)))
struct FluxCatalogTests {
    private func refusal(_ request: GenerationRequest) throws -> RequestProblem? {
        let adapter = try FluxStage.adapter(nil)
        do {
            try adapter.validate(try FluxStage.resolved(request, adapter))
            return nil
        } catch let problem as RequestProblem {
            return problem
        }
    }

    @Test func theAddressSaysWhoIsTrusted() throws {
        #expect(try FluxStage.adapter(nil).trustedOrigins == ["https://api.bfl.ai:443"])
        #expect(try FluxStage.adapter("https://api.eu.bfl.ai/v1").trustedOrigins == ["https://api.eu.bfl.ai:443"])
        #expect(try FluxStage.adapter("http://127.0.0.1:9/").trustedOrigins == ["http://[127.0.0.1]:9"])
        #expect(try FluxStage.adapter(nil).name == "Black Forest Labs")
    }

    /// The vendor's own examples: one megapixel from text, and the same from a picture of one (skills repository, 2026-02).
    @Test(arguments: [
        ("flux.2-klein-4b", "0.014", "0.015"), ("flux.2-klein-9b", "0.015", "0.017"), ("flux.2-pro", "0.030", "0.045"),
        ("flux.2-max", "0.070", "0.100"), ("flux.2-flex", "0.050", "0.100"),
    ])
    func aMegapixelCostsWhatTheVendorSays(slug: String, text: String, edit: String) throws {
        let model = try #require(BlackForestLabsAdapters.models.first { $0.slug.hasSuffix("/\(slug)") })
        func usd(_ unit: String) -> Decimal {
            model.prices.first { $0.unit == unit }.flatMap { Decimal(string: $0.usd) } ?? 0
        }
        let one = usd("image") + usd("megapixel")
        #expect(one == Decimal(string: text))
        #expect(one + usd("input_megapixel") == Decimal(string: edit))
    }

    @Test func sharedLimitsAreShared() {
        for model in BlackForestLabsAdapters.models {
            let isMax = model.slug == FluxStage.kontextMax
            #expect(model.limits == EndpointLimits(slots: isMax ? 6 : 24, sharedBy: isMax ? nil : "tasks"))
        }
    }

    @Test func anySizeOfTheGridIsTaken() throws {
        func problem(_ model: String, _ width: Int, _ height: Int) throws -> String? {
            try refusal(FluxStage.request(model) { $0.size = PixelSize(width: width, height: height) })?.field
        }
        for (width, height) in [(1_440, 816), (64, 64), (2_048, 2_048), (4_096, 1_024), (1_920, 1_088)] {
            #expect(try problem(FluxStage.pro, width, height) == nil, "\(width)x\(height)")
        }
        for (width, height) in [(1_920, 1_080), (48, 64), (2_064, 2_048), (4_112, 1_008)] {
            #expect(try problem(FluxStage.pro, width, height) == "size", "\(width)x\(height)")
        }
        #expect(try problem(FluxStage.older, 1_440, 800) == nil)
        #expect(try problem(FluxStage.older, 1_440, 816) == "size")
        #expect(try problem(FluxStage.kontext, 1_024, 1_024) == nil)
    }

    @Test func optionsAreHeldToTheModel() throws {
        func field(_ model: String, _ options: JSONValue, picture: Bool = false) throws -> String? {
            try refusal(
                FluxStage.request(model, options: options) {
                    if picture { $0.inputReferences = [FluxPictures.boat] }
                }
            )?.field
        }
        let path = "provider.options.\(FluxStage.slug)"
        #expect(try field(FluxStage.pro, ["safety_tolerance": 5]) == nil)
        #expect(try field(FluxStage.pro, ["safety_tolerance": 6]) == "\(path).safety_tolerance")
        #expect(try field(FluxStage.pro, ["steps": 5]) == "\(path).steps")
        #expect(try field(FluxStage.flex, ["steps": 50, "guidance": 10]) == nil)
        #expect(try field(FluxStage.flex, ["steps": 51]) == "\(path).steps")
        #expect(try field(FluxStage.fill, ["steps": 14]) == "\(path).steps")
        #expect(try field(FluxStage.flex, ["guidance": 11]) == "\(path).guidance")
        #expect(try field(FluxStage.kontext, ["safety_tolerance": 6]) == nil)
        #expect(try field(FluxStage.kontext, ["safety_tolerance": 3], picture: true) == "\(path).safety_tolerance")
        #expect(try field(FluxStage.ultra, ["raw": "yes"]) == "\(path).raw")
        #expect(try field(FluxStage.ultra, ["image_prompt_strength": 1, "raw": true]) == nil)
    }

    /// What the request has a field of its own for, or what the service must set itself.
    @Test(arguments: ["seed", "width", "aspect_ratio", "output_format", "webhook_url", "webhook_secret"])
    func whatTheServiceSetsItselfIsRefusedWithTheReason(name: String) throws {
        let problem = try refusal(FluxStage.request(options: [name: "x"]))
        #expect(problem?.kind == .unsupportedParameter)
        #expect(problem?.field == "provider.options.\(FluxStage.slug).\(name)")
    }

    @Test func fillNeedsAPictureAndAMask() throws {
        #expect(try refusal(FluxStage.request(FluxStage.fill)) == nil)
        let bare = try refusal(FluxStage.request(FluxStage.fill) { ($0.inputReferences, $0.mask) = ([], nil) })
        #expect(bare?.field == "input_references")
        #expect(bare?.kind == .missingField)
        #expect(try refusal(FluxStage.request(FluxStage.fill) { $0.mask = nil })?.field == "mask")
    }
}
