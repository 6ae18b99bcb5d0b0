import Cryptography
import Foundation
import Generation
import ServiceHarness
import Testing

/// Goal: what the operator does with credits on the command line, and what Stripe tells the real program, end in a ledger
/// that the audit finds right.
@Suite(.keepsEvidence) struct CreditCommandTests {
    private static let secret = "whsec_made-up-for-tests"

    @Test func creditsAreSoldGivenBackAndCorrected() throws {
        let installation = try Installation("credits")
        let file = "\(installation.folder)/operator.yaml"
        try """
        credits:
          purchase_fee: {percent: "5.5", minimum_usd: "0.80"}
          refund_window_hours: 24
          purchases_expire_after_days: 365
        """.write(toFile: file, atomically: true, encoding: .utf8)
        let settings = ["MEDIARY_CONFIG": file]
        func run(_ arguments: String...) throws -> Installation.CommandResult {
            try installation.command(["credits"] + arguments, settings)
        }
        let bought = try run("purchase", "--workspace", "acme", "--amount", "10.80", "--payment", "inv-1", "--json")
        #expect(bought.json["credits"] == "10.000000000", "\(bought.errors)")
        #expect(bought.json["fee"] == "0.800000000")
        #expect(bought.json["outcome"] == "applied")
        let again = try run("purchase", "--workspace", "acme", "--amount", "10.80", "--payment", "inv-1", "--json")
        #expect(again.json["outcome"] == "unchanged")
        let granted = try run("grant", "--workspace", "acme", "--amount", "2", "--expires", "2199-01-31")
        #expect(granted.output.contains("12.000000000 USD available"))
        let balance = try run("balance", "--workspace", "acme", "--json")
        #expect(balance.json["available"] == "12.000000000")
        #expect(Self.rows(balance.json["expiring"]).compactMap { $0["remaining"] } == ["10.000000000", "2.000000000"])
        let refunded = try run("refund", "--payment", "inv-1", "--amount", "4", "--json")
        #expect(refunded.json["refunded"] == "4.000000000")
        #expect(try run("adjust", "--workspace", "acme", "--amount", "-1.5", "--reason", "a mistake").errors == "")
        let refusals = [
            (["refund", "--payment", "inv-1", "--amount", "6.01"], "at most 4.500000000 USD"),
            (["refund", "--payment", "inv-2"], "no such payment"),
            (["adjust", "--workspace", "acme", "--amount", "-99", "--reason", "x"], "has less than that"),
            (["adjust", "--workspace", "acme", "--amount", "0", "--reason", "x"], "other than zero"),
            (["adjust", "--workspace", "nobody", "--amount", "1", "--reason", "x"], "no such workspace"),
            (["purchase", "--amount", "1e400"], "--amount is \"1e400\""),
            (["purchase", "--amount", "-1"], "--amount"),
            (["purchase", "--amount", "0.0000000001"], "nine places"),
            (["grant", "--amount", "1", "--expires", "2020-01-01"], "must lie ahead"),
        ]
        for (arguments, says) in refusals {
            let refused = try installation.command(["credits"] + arguments, settings)
            #expect(refused.errors.contains(says), "\(arguments): \(refused.errors)")
        }
        let entries = try run("transactions", "--workspace", "acme", "--json").json
        let ids = Self.rows(entries).compactMap { $0["id"]?.stringValue?.split(separator: ":").first }
        #expect(ids == ["adjust", "refund", "grant", "purchase"])
        #expect(try run("payments", "--workspace", "acme").output.contains("inv-1"))
        #expect(Self.rows(try run("events", "--json").json).count == 3)
        #expect(try installation.command(["audit"]).output.contains("no violation"))
        installation.remove()
    }

    @Test func whatStripeTellsIsFollowedAlsoAfterAKill() async throws {
        let installation = try Installation("stripe")
        try await Gate.machine.run(weight: 1) {
            var service = try installation.serve(["STRIPE_WEBHOOK_SECRET": Self.secret])
            let event =
                #"{"id":"evt_1","type":"checkout.session.completed","created":1795000000,"data":{"object":{"id":"cs_1","mode":"payment","payment_status":"paid","client_reference_id":"default","currency":"usd","amount_total":2500,"payment_intent":"pi_1"}}}"#
            #expect(try Self.post(event, service.port).contains(#""outcome":"applied""#))
            try service.kill()
            service = try installation.serve(["STRIPE_WEBHOOK_SECRET": Self.secret])
            #expect(try Self.post(event, service.port).contains(#""outcome":"unchanged""#))
            #expect(try Self.post(event, service.port, secret: "whsec_another-secret").contains("invalid_signature"))
            try service.stop()
        }
        let balance = try installation.command(["credits", "balance", "--json"])
        #expect(balance.json["available"] == "125.000000000")
        #expect(try installation.command(["audit"]).output.contains("no violation"))
        installation.remove()
    }

    private static func rows(_ json: JSONValue?) -> [JSONValue] {
        guard case .array(let rows)? = json else { return [] }
        return rows
    }

    /// Posts an event as Stripe does, and gives the answer's body.
    private static func post(_ event: String, _ port: Int, secret: String = secret) throws -> String {
        let time = Int64(Date().timeIntervalSince1970)
        let signature = Hex.encode(
            HMAC<SHA256>.authenticationCode(for: Array("\(time).\(event)".utf8), using: Array(secret.utf8))
        )
        let connection = try HTTPConnection(port: port)
        try connection.send(
            "POST",
            "/payment-events/stripe",
            headers: [("Content-Type", "application/json"), ("Stripe-Signature", "t=\(time),v1=\(signature)")],
            body: Array(event.utf8)
        )
        var body: [UInt8] = []
        let (_, headers) = try connection.readHead()
        try connection.readBody(headers) { part in
            body += part
            return true
        }
        return String(decoding: body, as: UTF8.self)
    }
}
