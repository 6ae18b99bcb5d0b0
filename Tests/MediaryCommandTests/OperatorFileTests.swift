import AdapterCatalog
import ArgumentParser
import Foundation
import Generation
import HTTPTransport
import JobCore
import JobEngine
import Ledger
import ProviderKit
import Testing

@testable import mediary

/// Goal: the operator's file is followed to the letter, and what is wrong in it is told by place, value and what is allowed.
@Suite struct OperatorFileTests {
    private static let whole = """
        # Names that clients still use.
        model_aliases:
          sora-2: sandbox/video
          openai/sora-2: sandbox/video
        models:
          - provider: fake-provider
            model: sandbox/video
            prices:
              - {unit: second, price: "0.07", conditions: {resolution: 720p, audio: true}}
              - {unit: second, price: '0.05'}
              - {unit: minimum, price: "0.2", currency: USD}
            limits: {slots: 3, submits_per_minute: 20, submits_per_second: 2}
            timing: {typical_seconds: 2.5, deadline_seconds: 700}
            available_until: 2027-01-31
            replaced_by: sandbox/next
            data_policy: {zero_retention: true, trains_on_inputs: no_}
        """

    @Test func aPriceMayChangeOnADayAndWithTheQuantity() throws {
        let file = try OperatorFile(
            text: """
                models:
                  - provider: p
                    model: a/b
                    prices:
                      - {unit: second, price: "0.10", until: 2027-02-01}
                      - {unit: second, price: "0.12", from: 2027-02-01}
                      - {unit: second, price: "0.06", from: 2027-02-01, above: 60}
                """
        )
        let prices = try #require(file.overrides.entries.first?.change.prices)
        #expect(prices.map(\.until?.description) == ["2027-02-01", nil, nil])
        #expect(prices.map(\.from?.description) == [nil, "2027-02-01", "2027-02-01"])
        #expect(prices.map(\.above) == [nil, nil, "60"])
    }

    private func problem(_ text: String) -> String {
        do {
            _ = try OperatorFile(text: text)
            return "none"
        } catch let problem as RequestProblem {
            return problem.message
        } catch {
            return "\(error)"
        }
    }

    @Test func everyFieldIsRead() throws {
        let text = Self.whole.replacing("no_", with: "false")
        let file = try OperatorFile(text: text)
        #expect(file.aliases == ["sora-2": "sandbox/video", "openai/sora-2": "sandbox/video"])
        let entry = try #require(file.overrides.entries.first)
        #expect(entry.path == "models[0]" && entry.provider == "fake-provider" && entry.model == "sandbox/video")
        #expect(entry.change.prices?.map(\.unit) == ["second", "second", "minimum"])
        #expect(entry.change.prices?.map(\.usd) == ["0.07", "0.05", "0.2"])
        #expect(entry.change.prices?.first?.conditions == ["resolution": "720p", "audio": "true"])
        #expect(entry.change.slots == 3 && entry.change.submitsPerMinute == 20 && entry.change.submitsPerSecond == 2)
        #expect(entry.change.availableUntil?.description == "2027-01-31")
        #expect(entry.change.dataPolicy?.trainsOnInputs == false)
        // JSON is YAML too.
        let json = try OperatorFile(text: #"{"model_aliases": {"sora-2": "sandbox/video"}, "models": []}"#)
        #expect(json.aliases == ["sora-2": "sandbox/video"])
        #expect(try OperatorFile(text: "# nothing yet\n").overrides.entries.isEmpty)
    }

    // The text, and what must be said about it.
    @Test(
        arguments: [
            ("model_alias: {}", ["Unknown field `model_alias`", "model_aliases, models"]),
            ("model_aliases: [a]", ["`model_aliases` must be an object", "not array"]),
            ("model_aliases: {sora-2: 2}", ["`model_aliases.sora-2` is 2", "slug of a model"]),
            ("model_aliases: {'sora 2': a/b}", ["`model_aliases` has the name \"sora 2\"", "letters, digits"]),
            ("models: {}", ["`models` must be an array"]),
            ("models: [{provider: p}]", ["`models[0].model` is required"]),
            ("models: [{model: a/b}]", ["`models[0].provider` is required"]),
            ("models: [{provider: p, model: ab}]", ["`models[0].model` is \"ab\"", "author/name"]),
            ("models: [{provider: p, model: a/b, slots: 3}]", ["Unknown field `models[0].slots`", "limits"]),
            ("models: [{provider: p, model: a/b, limits: {slots: 0}}]", ["`models[0].limits.slots` is 0", "1 to"]),
            (
                "models: [{provider: p, model: a/b, limits: {slots: many}}]",
                ["`models[0].limits.slots` must be a whole number"]
            ),
            ("models: [{provider: p, model: a/b, limits: {slot: 1}}]", ["Unknown field `models[0].limits.slot`"]),
            ("models: [{provider: p, model: a/b, disabled: yes}]", ["`models[0].disabled` must be true or false"]),
            (
                "models: [{provider: p, model: a/b, available_until: 2026-13-01}]",
                ["`models[0].available_until` is \"2026-13-01\"", "never"]
            ),
            ("models: [{provider: p, model: a/b, prices: []}]", ["`models[0].prices` is empty"]),
            (
                "models: [{provider: p, model: a/b, prices: [{unit: second, price: 0.1}]}]",
                ["`models[0].prices[0].price` is 0.1", "in quotes"]
            ),
            (
                "models: [{provider: p, model: a/b, prices: [{unit: second, price: '-1'}]}]",
                ["`models[0].prices[0].price` is \"-1\"", "from 0 on"]
            ),
            (
                "models: [{provider: p, model: a/b, prices: [{unit: hour, price: '1'}]}]",
                ["`models[0].prices[0].unit` is \"hour\"", "second"]
            ),
            ("models: [{provider: p, model: a/b, prices: [{price: '1'}]}]", ["`models[0].prices[0].unit` is required"]),
            (
                "models: [{provider: p, model: a/b, prices: [{unit: second, price: '1', above: -5}]}]",
                ["`models[0].prices[0].above` is -5", "above 0"]
            ),
            (
                "models: [{provider: p, model: a/b, prices: [{unit: second, price: '1', above: 5}]}]",
                ["`models[0].prices[0]` is a higher tier", "what the first units cost"]
            ),
            (
                "models: [{provider: p, model: a/b, prices: [{unit: second, price: '1', from: 2027-13-01}]}]",
                ["`models[0].prices[0].from` is \"2027-13-01\"", "2026-09-24"]
            ),
            (
                "models: [{provider: p, model: a/b, prices: [{unit: second, price: '1', from: 2027-02-01, until: 2027-02-01}]}]",
                ["`models[0].prices[0].until` is 2027-02-01", "not after `from`"]
            ),
            (
                """
                models: [{provider: p, model: a/b, prices: [{unit: second, price: '1', until: 2027-02-02},
                  {unit: second, price: '2', from: 2027-02-01}]}]
                """,
                ["`models[0].prices[1]` has the unit", "at the same time"]
            ),
            ("models: [{provider: p, model: a/b, prices: [{unit: minimum, price: '1'}]}]", ["nothing but a minimum"]),
            (
                "models: [{provider: p, model: a/b, prices: [{unit: second, price: '1'}, {unit: second, price: '2'}]}]",
                ["`models[0].prices[1]` has the unit"]
            ),
            (
                "models: [{provider: p, model: a/b, prices: [{unit: second, price: '1', conditions: {mode: x}}]}]",
                ["Unknown field `models[0].prices[0].conditions.mode`", "resolution"]
            ),
            (
                "models: [{provider: p, model: a/b, prices: [{unit: second, price: '1', conditions: {input: words}}]}]",
                ["`models[0].prices[0].conditions.input` is \"words\"", "text, image, reference, video"]
            ),
            (
                "models: [{provider: p, model: a/b, prices: [{unit: second, price: '1', currency: EUR}]}]",
                ["`models[0].prices[0].currency` is \"EUR\"", "USD"]
            ),
            ("models: [{provider: p, model: a/b, like: a/c}]", ["`models[0].provider_model` is required with `like`"]),
            ("models: [{provider: p, model: a/b, video: {durations: []}}]", ["`models[0].video.durations` is empty"]),
            (
                "models: [{provider: p, model: a/b, video: {durations: ['4']}}]",
                ["`models[0].video.durations[0]` is \"4\""]
            ),
            (
                "models: [{provider: p, model: a/b, timing: {typical_seconds: 0}}]",
                ["`models[0].timing.typical_seconds` is 0"]
            ),
            ("models:\n  - provider: p\n   model: a/b", ["line"]),
            ("models: []\nmodels: []", ["models"]),
            ("just words", ["must be a JSON object"]),
        ] as [(String, [String])]
    )
    func whatIsWrongIsToldByPlace(_ text: String, _ words: [String]) {
        let problem = problem(text)
        for word in words { #expect(problem.contains(word), "\(text): \(problem)") }
    }

    // MARK: Upon the models

    private func offer(_ text: String) throws -> ModelOffer {
        let work = FileManager.default.temporaryDirectory.path + "/mediary-file-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: work) }
        let settings = ProviderSettings(
            environment: ["PATH": "/nowhere"],
            workFolder: work,
            transport: UnavailableTransport(),
            processorCount: 1,
            now: { 1_795_219_200_000 }
        )
        return try ModelOffer(settings, file: OperatorFile(text: text))
    }

    private func refusal(_ text: String) -> String {
        do {
            _ = try offer(text)
            return "none"
        } catch {
            return "\(error)"
        }
    }

    private func video(_ models: String) throws -> Endpoint? {
        let now = Timestamp(milliseconds: 1_795_219_200_000)
        return try offer("models: [\(models)]").catalog.endpoints(model: "sandbox/video", at: now).first
    }

    @Test func fieldsAreSetOneByOne() throws {
        let before = try #require(try video(""))
        let after = try #require(
            try video(
                "{provider: fake-provider, model: sandbox/video, limits: {slots: 3}, timing: {deadline_seconds: 700}, prices: [{unit: second, price: '0.5'}]}"
            )
        )
        #expect(after.model.limits.slots == 3)
        #expect(after.model.limits.submitsPerMinute == before.model.limits.submitsPerMinute)
        #expect(after.model.timing.deadlineSeconds == 700)
        #expect(after.model.timing.typicalSeconds == before.model.timing.typicalSeconds)
        #expect(after.prices.lines.map(\.price.description) == ["0.5"])
        #expect(after.model.parameters == before.model.parameters)
    }

    @Test func aModelCanBeNarrowedTakenAwayAndEnded() throws {
        let narrow = try video(
            "{provider: fake-provider, model: sandbox/video, video: {durations: [4, 6], resolutions: [720p], default_duration: 6}}"
        )
        guard case .video(let parameters)? = narrow?.model.parameters else {
            Issue.record("no video")
            return
        }
        #expect(parameters.durations == [4, 6] && parameters.defaultDuration == 6)
        #expect(Set(parameters.sizes.map(\.resolution)) == ["720p"])
        #expect(try video("{provider: fake-provider, model: sandbox/video, disabled: true}") == nil)
        #expect(try video("{provider: fake-provider, model: sandbox/video, available_until: 2026-11-21}") == nil)
        #expect(try video("{provider: fake-provider, model: sandbox/video, available_until: 2026-11-22}") != nil)
    }

    @Test func aNewModelIsMadeLikeAnother() throws {
        let catalog = try offer(
            """
            models:
              - provider: fake-provider
                model: sandbox/dear-video
                like: sandbox/video
                provider_model: dear-1
                name: Dear Video
                prices: [{unit: second, price: "9"}]
            model_aliases: {dear: sandbox/dear-video}
            """
        ).catalog
        let now = Timestamp(milliseconds: 1_795_219_200_000)
        let made = try #require(catalog.endpoints(model: "sandbox/dear-video", at: now).first)
        let like = try #require(catalog.endpoints(model: "sandbox/video", at: now).first)
        #expect(made.model.providerModel == "dear-1" && made.model.name == "Dear Video")
        #expect(made.model.parameters == like.model.parameters)
        #expect(made.prices != like.prices)
        #expect(catalog.target(ofAlias: "dear", at: now) == "sandbox/dear-video")
    }

    @Test(
        arguments: [
            ("{provider: nobody, model: sandbox/video}", ["`models[0].provider` is \"nobody\"", "fake-provider"]),
            (
                "{provider: fake-provider, model: sandbox/film}",
                ["`models[0].model` is \"sandbox/film\"", "sandbox/video"]
            ),
            (
                "{provider: fake-provider, model: sandbox/new, like: sandbox/film, provider_model: x}",
                ["`models[0].like` is \"sandbox/film\""]
            ),
            (
                "{provider: fake-provider, model: sandbox/image, like: sandbox/video, provider_model: x}",
                ["offers already"]
            ),
            (
                "{provider: fake-provider, model: sandbox/image, video: {durations: [4]}}",
                ["`models[0].video` is there", "makes image"]
            ),
            (
                "{provider: fake-provider, model: sandbox/video, video: {durations: [4, 999]}}",
                ["`models[0].video.durations` has 999", "allowed:"]
            ),
            (
                "{provider: fake-provider, model: sandbox/video, video: {resolutions: [9p]}}",
                ["`models[0].video.resolutions` has 9p"]
            ),
            (
                "{provider: fake-provider, model: sandbox/video, video: {references_max: 999}}",
                ["`models[0].video.references_max` is 999"]
            ),
            (
                "{provider: fake-provider, model: sandbox/video, prices: [{unit: token, price: '1'}]}",
                ["`models[0].prices[0].unit` is \"token\""]
            ),
            (
                "{provider: fake-provider, model: sandbox/video, timing: {typical_seconds: 99999}}",
                ["`models[0].timing.deadline_seconds`"]
            ),
        ] as [(String, [String])]
    )
    func whatCannotBeFollowedStopsTheStart(_ entry: String, _ words: [String]) {
        let refusal = refusal("models: [\(entry)]")
        for word in words { #expect(refusal.contains(word), "\(entry): \(refusal)") }
    }

    @Test func anAliasOfNothingStopsTheStart() {
        let refusal = refusal("model_aliases: {sora-2: nobody/none}")
        #expect(refusal.contains("`model_aliases.sora-2` is \"nobody/none\", which is no model; allowed: "))
        #expect(refusal.contains("sandbox/video"))
    }

    /// A file may be shared by services of which not all have every key.
    @Test func providersThatAreOffMayBeNamed() throws {
        let now = Timestamp(milliseconds: 1_795_219_200_000)
        let registration = try #require(
            AdapterCatalog.all.first { !$0.settings.isEmpty && $0.models.contains { $0.availableUntil == nil } }
        )
        let slug = try #require(registration.models.first { $0.availableUntil == nil }?.slug)
        let catalog = try offer(
            """
            model_aliases: {favourite: \(slug)}
            models: [{provider: switched-off, model: \(slug), limits: {slots: 1}}]
            """
        ).catalog
        #expect(catalog.target(ofAlias: "favourite", at: now) == slug)
        let problem = catalog.absence(of: slug, at: now)
        #expect(problem.message.contains(registration.settings[0]), "\(problem.message)")
        #expect(problem.message.contains("switches it on"))
    }
}
