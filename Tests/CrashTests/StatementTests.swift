import Foundation
import Generation
import Ledger
import ServiceHarness
import Testing

/// Goal: a month's statement is right to the nano-dollar, in every form.
@Suite(.keepsEvidence) struct StatementTests {
    @Test func aStatementTiesToTheLedger() async throws {
        let installation = try Installation("statement")
        let (month, json, csv, text) = try await Gate.machine.run {
            let service = try installation.serve()
            let credits = try service.client.exchange("GET", "/api/v1/credits").json["data"]
            guard credits?["available"] != nil, credits?["held"] == 0 else { throw Unexpected("\(credits as Any)") }
            for number in 0..<3 {
                let prompt = number == 2 ? "[[fail:content_policy]]" : "a lighthouse"
                let posted = try service.client.submit(
                    ["type": "image", "model": "sandbox/image", "prompt": .string(prompt)],
                    idempotencyKey: "job-\(number)"
                )
                guard posted.json["estimated_cost"]?.stringValue != nil else { throw Unexpected(posted.text) }
                _ = try service.client.waitForEnd(of: posted.json["id"]?.stringValue ?? "", within: 30)
            }
            _ = try installation.json("credits", "grant", "--amount", "0.000000001")
            try service.stop()
            _ = try installation.json("audit")
            let now = try installation.json("credits", "grant", "--amount", "1", "--workspace", "other")
            guard now["held"] == "0.000000000" else { throw Unexpected(now.canonicalText) }
            let month = Self.month
            return (
                month, try installation.json("statement", "--month", month),
                try installation.command(["statement", "--month", month, "--csv"]),
                try installation.command(["statement", "--month", month])
            )
        }
        #expect(json["difference"] == "0.000000000" && json["month"] == .string(month))
        func nano(_ value: JSONValue?) -> Int64 { value?.stringValue.flatMap { Credits(usd: $0) }?.nanoUSD ?? -1 }
        guard case .array(let charges)? = json["charges"], case .array(let movements)? = json["movements"] else {
            Issue.record("\(json.canonicalText)")
            return
        }
        #expect(charges.count == 1 && charges.first?["jobs"] == 3 && charges.first?["completed"] == 2)
        #expect(movements.map { $0["kind"] } == ["grant"])
        #expect(nano(json["charged"]) > 0 && nano(json["charged"]) == nano(charges.first?["charged"]))
        #expect(nano(json["opening"]?["available"]) == 0 && nano(json["opening"]?["held"]) == 0)
        #expect(nano(json["closing"]?["available"]) == nano(movements.first?["amount"]) - nano(json["charged"]))

        // Every line of the table moves the balance by its amount.
        #expect(csv.ending == .exited(0))
        let rows = csv.output.components(separatedBy: "\r\n").dropFirst().filter { !$0.isEmpty }
            .map { $0.components(separatedBy: ",") }
        let amounts = rows.compactMap { Self.nano($0[4]) }
        #expect(rows.first?.first == "opening_balance" && rows.last?.first == "closing_balance")
        #expect(amounts.count == rows.count && amounts.dropLast().reduce(0, +) == amounts.last)
        #expect(text.ending == .exited(0) && text.output.contains("closing balance"))

        let wrong = try installation.command(["statement", "--month", "november"])
        #expect(wrong.ending == .exited(64) && wrong.errors.contains("as 2026-11"))
        let nobody = try installation.command(["statement", "--month", month, "--workspace", "nobody"])
        #expect(nobody.ending == .exited(64) && nobody.errors.contains("There is no workspace nobody"))
        installation.remove()
    }

    /// An amount with its sign.
    private static func nano(_ text: String) -> Int64? {
        let isNegative = text.hasPrefix("-")
        return Credits(usd: isNegative ? String(text.dropFirst()) : text).map { isNegative ? -$0.nanoUSD : $0.nanoUSD }
    }

    /// This month in UTC.
    private static var month: String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.year, .month], from: .now)
        return String(format: "%04d-%02d", parts.year ?? 0, parts.month ?? 0)
    }
}
