import Generation
import JobEngine
import Ledger
import Testing

@testable import mediary

/// Goal: fees are what the operator's file says, to the last place, and off without it.
@Suite struct OperatorFileFeesTests {
    private static let hash = String(repeating: "0a", count: 32)

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
        let file = try OperatorFile(
            text: """
                fees:
                  inference_percent: "5.5"
                  markup:
                    - {percent: 10}
                    - {percent: "2.25", model: sandbox/video, workspace: art, key: \(Self.hash)}
                  byok: {percent: 5, allowance_usd: "25000.000000001"}
                """
        )
        #expect(file.fees.inferencePercent == ExactDecimal("5.5"))
        #expect(
            file.fees.markups == [
                FeeSchedule.Markup(percent: ExactDecimal(10)),
                FeeSchedule.Markup(
                    percent: ExactDecimal("2.25") ?? ExactDecimal(0),
                    model: "sandbox/video",
                    workspace: "art",
                    keyHash: Self.hash
                ),
            ]
        )
        #expect(file.fees.byok.feePercent == ExactDecimal(5))
        #expect(file.fees.byok.allowance == Credits(nanoUSD: 25_000_000_000_001))
        #expect(try OperatorFile(text: "model_aliases: {}").fees == FeeSchedule())
        #expect(try OperatorFile(text: "fees: {}").fees == FeeSchedule())
    }

    // The text, and what the message names.
    @Test(arguments: [
        ("fees: 5", ["`fees` must be a JSON object"]),
        ("fees: {inference: 5}", ["inference"]),
        ("fees: {inference_percent: 5.5}", ["`fees.inference_percent` is 5.5", "in quotes"]),
        ("fees: {inference_percent: '-1'}", ["`fees.inference_percent` is \"-1\"", "from 0 to 1000"]),
        ("fees: {inference_percent: '1000.1'}", ["\"1000.1\"", "from 0 to 1000"]),
        ("fees: {inference_percent: '0.0000001'}", ["0.0000001", "at most 6 places"]),
        ("fees: {inference_percent: '1e2'}", ["\"1e2\""]),
        ("fees: {inference_percent: NaN}", ["\"NaN\""]),
        ("fees: {inference_percent: true}", ["is true"]),
        ("fees: {markup: {percent: 1}}", ["`fees.markup`"]),
        ("fees: {markup: [{model: a/b}]}", ["`fees.markup[0].percent` is required"]),
        ("fees: {markup: [{percent: 1, model: a}]}", ["`fees.markup[0].model` is \"a\"", "slug"]),
        ("fees: {markup: [{percent: 1, workspace: ''}]}", ["`fees.markup[0].workspace`"]),
        ("fees: {markup: [{percent: 1, key: my key}]}", ["`fees.markup[0].key` is \"my key\"", "64"]),
        ("fees: {markup: [{percent: 1, user: x}]}", ["user"]),
        ("fees: {markup: [{percent: 1}, {percent: 2}]}", ["`fees.markup[1]`", "earlier"]),
        ("fees: {byok: {allowance_usd: '0.0000000001'}}", ["`fees.byok.allowance_usd`", "nine places"]),
        ("fees: {byok: {allowance_usd: -1}}", ["`fees.byok.allowance_usd` is -1"]),
        ("fees: {byok: {allowance_usd: '99999999999'}}", ["`fees.byok.allowance_usd`"]),
        ("fees: {byok: {fee: 5}}", ["fee"]),
        (
            "models: [{provider: p, model: a/b, prices: [{unit: markup, price: '1'}]}]",
            ["`models[0].prices[0].unit` is \"markup\"", "second"]
        ),
    ])
    func whatIsWrongIsNamed(_ text: String, _ words: [String]) {
        let message = problem(text)
        for word in words { #expect(message.contains(word), "\(message)") }
    }
}
