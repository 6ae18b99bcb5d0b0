import Cryptography
import Foundation
import Generation
import JobAPI
import JobCore
import JobEngine
import Ledger
import Synchronization
import Testing

/// Goal: what Stripe says is believed only with its signature, and moves credits once, in whatever order it comes.
@Suite struct StripeTests {
    static let secret = "whsec_made-up-for-tests"

    /// What stands in the header of a message, by its time and its body.
    typealias Signature = @Sendable (Int64, [UInt8]) -> [String]

    /// Makes events, and posts them signed.
    struct Sender: Sendable {
        let api: TestAPI

        func post(
            _ event: JSONValue,
            secret: String = StripeTests.secret,
            secondsAgo: Int64 = 0,
            signature: Signature? = nil
        ) async throws -> RawAnswer {
            let body = Array(event.canonicalText.utf8)
            let time = Int64(Date().timeIntervalSince1970) - secondsAgo
            let headers = signature?(time, body) ?? ["t=\(time),v1=\(StripeTests.sign(time, body, secret))"]
            return try await api.connect().request(
                "POST",
                "/payment-events/stripe",
                headers: [("Content-Type", "application/json; charset=utf-8")]
                    + headers.map { ("Stripe-Signature", $0) },
                body: body
            )
        }

        /// The word for what became of a signed event; the reason of the error for one that is refused.
        func outcome(_ event: JSONValue) async throws -> String? {
            let answer = try await post(event)
            if answer.status == 200 { return answer.json["outcome"]?.stringValue }
            #expect(answer.status == 400)
            return answer.json["error"]?["metadata"]?["reason"]?.stringValue
        }

        /// Why a message with another signature is refused.
        func reason(_ signature: @escaping Signature) async throws -> String? {
            let answer = try await post(StripeTests.session(), signature: signature)
            #expect(answer.status == 400)
            #expect(answer.json["error"]?["param"] == "Stripe-Signature")
            return answer.json["error"]?["metadata"]?["reason"]?.stringValue
        }

        func available() async throws -> String {
            try await api.accounts.balance(of: "default").available.subtracting(TestAPI.credits).description
        }
    }

    static func sign(_ time: Int64, _ body: [UInt8], _ secret: String) -> String {
        Hex.encode(
            HMAC<SHA256>.authenticationCode(for: Array("\(time).".utf8) + body, using: Array(secret.utf8))
        )
    }

    private static func run(
        fee: PurchaseFee = .none,
        _ test: @Sendable (Sender) async throws -> Void
    ) async throws {
        try await TestAPI.run {
            $0.stripeSecret = Array(secret.utf8)
            $0.creditTerms.purchaseFee = fee
        } _: { api in
            try await test(Sender(api: api))
        }
    }

    // MARK: Events

    private static let created: Int64 = 1_795_000_000

    private static func event(_ id: String, _ type: String, _ object: JSONValue, at: Int64 = created) -> JSONValue {
        [
            "id": .string(id), "object": "event", "api_version": "2026-06-24.basil", "created": .integer(at),
            "type": .string(type), "livemode": false, "pending_webhooks": 1,
            "request": ["id": nil, "idempotency_key": nil], "data": ["object": object],
        ]
    }

    fileprivate static func session(
        _ id: String = "evt_paid",
        type: String = "checkout.session.completed",
        _ changes: [String: JSONValue] = [:]
    ) -> JSONValue {
        let object: [String: JSONValue] = [
            "id": "cs_test_1", "object": "checkout.session", "mode": "payment", "payment_status": "paid",
            "client_reference_id": "default", "currency": "usd", "amount_total": 2_000, "payment_intent": "pi_1",
            "metadata": [:], "customer_details": ["email": "somebody@example.com"],
        ]
        return event(id, type, .object(object.merging(changes) { $1 }))
    }

    private static func refund(_ id: String, _ cents: Int64, _ changes: [String: JSONValue] = [:]) -> JSONValue {
        let object: [String: JSONValue] = [
            "id": "ch_1", "object": "charge", "amount": 2_000, "amount_refunded": .integer(cents), "currency": "usd",
            "payment_intent": "pi_1", "refunded": .bool(cents == 2_000),
        ]
        return event(id, "charge.refunded", .object(object.merging(changes) { $1 }))
    }

    private static func dispute(_ id: String, _ type: String, _ status: String, at: Int64 = created) -> JSONValue {
        event(
            id,
            "charge.dispute.\(type)",
            [
                "id": "du_1", "object": "dispute", "amount": 2_000, "charge": "ch_1", "currency": "usd",
                "payment_intent": "pi_1", "reason": "fraudulent", "status": .string(status),
            ],
            at: at
        )
    }

    // MARK: Signatures

    @Test func withoutASecretThereIsNothingHere() async throws {
        try await TestAPI.run { api in
            let answer = try await Sender(api: api).post(Self.session())
            #expect(answer.status == 404)
            #expect(answer.json["error"]?["metadata"]?["reason"] == "payments_off")
            #expect(try await api.store.paymentEvents(limit: 9) == [])
        }
    }

    @Test func onlySignedAndRecentMessagesCount() async throws {
        try await Self.run { (sender) async throws -> Void in
            let malformed: [[String]] = [
                [], ["", ""], ["v1=00"], ["t=1"], ["t=x,v1=\(String(repeating: "0", count: 64))"],
                ["t=-5,v1=\(String(repeating: "0", count: 64))"], ["t=1,v1=zz"], ["t=1,v0=00"],
                ["t=1,t=2,v1=\(String(repeating: "0", count: 64))"],
            ]
            for headers in malformed {
                let reason = try await sender.reason { _, _ in headers }
                #expect(reason == "malformed_signature", "\(headers)")
            }
            let good: @Sendable (Int64, [UInt8]) -> String = { time, body in Self.sign(time, body, Self.secret) }
            let bad: [Signature] = [
                { time, body in ["t=\(time),v1=\(Self.sign(time, body, "whsec_another-one"))"] },
                { time, body in ["t=\(time + 1),v1=\(good(time, body))"] },
                { time, body in ["t=\(time),v1=\(good(time, body + [32]))"] },
                { time, body in ["t=\(time),v0=\(good(time, body)),v1=\(String(repeating: "0", count: 64))"] },
            ]
            for signature in bad {
                let reason = try await sender.reason(signature)
                #expect(reason == "invalid_signature")
            }
            for seconds in [Int64(330), -330] {
                let answer = try await sender.post(Self.session(), secondsAgo: seconds)
                #expect(answer.json["error"]?["metadata"]?["reason"] == "stale_signature")
            }
            // A repeat of a good message with another time is not signed.
            let moved = try await sender.reason { time, body in ["t=\(time),v1=\(good(time - 400, body))"] }
            #expect(moved == "invalid_signature")
            #expect(try await sender.api.store.paymentEvents(limit: 9) == [])
            #expect(try await sender.available() == "0.000000000")
            // One of several that fits is enough; what is not v1 says nothing.
            let several = try await sender.post(
                Self.session(),
                secondsAgo: 200,
                signature: { time, body in
                    ["t=\(time), v0=x, v1=\(String(repeating: "0", count: 64)),v1=\(good(time, body))"]
                }
            )
            #expect(several.status == 200)
            #expect(try await sender.available() == "20.000000000")
            try await sender.api.waitForLog("/payment-events/stripe")
            for secret in [Self.secret, "somebody@example.com"] { #expect(sender.api.log.count(of: secret) == 0) }
        }
    }

    // MARK: Exactly once

    @Test func repeatsAndTwinsMoveNothing() async throws {
        try await Self.run { (sender) async throws -> Void in
            #expect(try await sender.outcome(Self.session()) == "applied")
            for _ in 0..<3 { #expect(try await sender.outcome(Self.session()) == "unchanged") }
            let twin = Self.session("evt_twin", type: "checkout.session.async_payment_succeeded")
            #expect(try await sender.outcome(twin) == "unchanged")
            #expect(try await sender.available() == "20.000000000")
            #expect(try await sender.api.store.audit().findings == [])
        }
    }

    @Test func sixteenAtOnceMoveOnce() async throws {
        try await Self.run { (sender) async throws -> Void in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        let outcome = try await sender.outcome(Self.session())
                        #expect(outcome != nil)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await sender.available() == "20.000000000")
        }
    }

    @Test func everyOrderComesToTheSame() async throws {
        try await Self.run { (sender) async throws -> Void in
            let events = [
                Self.session(), Self.refund("evt_r1", 300), Self.refund("evt_r2", 500),
                Self.dispute("evt_d1", "created", "needs_response"),
                Self.dispute("evt_d2", "closed", "won", at: Self.created + 5),
            ]
            for (number, order) in [[4, 3, 2, 1, 0], [2, 0, 4, 1, 3], [1, 3, 0, 2, 4], [0, 1, 2, 3, 4]].enumerated() {
                for index in order + [order[1]] {
                    let text = events[index].canonicalText
                        .replacingOccurrences(of: "pi_1", with: "pi_\(number)x")
                        .replacingOccurrences(of: "evt_", with: "evt_\(number)_")
                    let event = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
                    #expect(try await sender.outcome(event) != "payment_refused", "\(order) \(index)")
                }
                let expected = Credits(nanoUSD: Int64(number + 1) * 15_000_000_000).description
                #expect(try await sender.available() == expected, "\(order)")
            }
        }
    }

    @Test func anUnpaidSessionWaitsForItsMoney() async throws {
        try await Self.run { (sender) async throws -> Void in
            #expect(try await sender.outcome(Self.session("evt_1", ["payment_status": "unpaid"])) == "ignored")
            #expect(try await sender.available() == "0.000000000")
            let later = Self.session("evt_2", type: "checkout.session.async_payment_succeeded")
            #expect(try await sender.outcome(later) == "applied")
            #expect(try await sender.available() == "20.000000000")
        }
    }

    @Test func aLostDisputeLeavesADebtAndNothingIsMade() async throws {
        try await Self.run { (sender) async throws -> Void in
            let api = sender.api
            #expect(try await sender.outcome(Self.session()) == "applied")
            let key = try await api.accounts.createKey(name: "poor", workspace: "poor").secret
            let other = Self.session("evt_o", ["client_reference_id": "poor", "payment_intent": "pi_1"])
            // The payment has its workspace already: another one cannot have it as well.
            #expect(try await sender.outcome(other) == "unchanged")
            let own = Self.session(
                "evt_p",
                ["metadata": ["workspace": "poor"], "payment_intent": "pi_1p", "amount_total": 50]
            )
            #expect(try await sender.outcome(own) == "applied")
            let id = try await api.submitted(key: key)
            try await api.run(id)
            try await api.complete(id, files: [("video/mp4", [1, 2, 3])])
            let text = Self.dispute("evt_d", "created", "lost").canonicalText
                .replacingOccurrences(of: "pi_1", with: "pi_1p").replacingOccurrences(of: "2000", with: "50")
            let lost = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
            #expect(try await sender.outcome(lost) == "applied")
            #expect(try await api.accounts.balance(of: "poor").available == Credits(nanoUSD: -400_000_000))
            let answer = try await api.submit(key: key)
            #expect(answer.status == 402)
            #expect(answer.json["error"]?["message"]?.stringValue?.contains("-0.400000000 USD") == true)
        }
    }

    @Test func taxIsNoCredits() async throws {
        try await Self.run { (sender) async throws -> Void in
            let details: JSONValue = ["amount_discount": 0, "amount_shipping": 0, "amount_tax": 340]
            let session = Self.session("evt_1", ["amount_subtotal": 1_660, "total_details": details])
            #expect(try await sender.outcome(session) == "applied")
            #expect(try await sender.available() == "16.600000000")
            // All is given back, the tax with it: no more than the credits is taken.
            #expect(try await sender.outcome(Self.refund("evt_2", 2_000)) == "applied")
            #expect(try await sender.available() == "0.000000000")
            let taxed = Self.session(
                "evt_3",
                ["amount_total": 5, "payment_intent": "pi_2", "total_details": ["amount_tax": 5]]
            )
            #expect(try await sender.outcome(taxed) == "ignored")
            let odd = Self.session("evt_4", ["payment_intent": "pi_3", "total_details": ["amount_tax": -5]])
            #expect(try await sender.outcome(odd) == "payment_refused")
        }
    }

    private static func failed(_ id: String, _ kind: String, _ refund: String, _ status: String = "failed") -> JSONValue
    {
        event(
            id,
            kind,
            [
                "id": .string(refund), "object": "refund", "amount": 500, "charge": "ch_1", "currency": "usd",
                "payment_intent": "pi_1", "status": .string(status), "failure_reason": "unknown",
            ]
        )
    }

    /// Stripe tells of a failure by several messages, and each may come before the refund itself.
    @Test func aRefundThatFailedGivesTheCreditsBackOnce() async throws {
        try await Self.run { (sender) async throws -> Void in
            #expect(try await sender.outcome(Self.session()) == "applied")
            #expect(try await sender.outcome(Self.refund("evt_1", 500)) == "applied")
            #expect(try await sender.available() == "15.000000000")
            #expect(try await sender.outcome(Self.failed("evt_2", "refund.updated", "re_1", "succeeded")) == "ignored")
            #expect(try await sender.outcome(Self.failed("evt_3", "refund.failed", "re_1")) == "applied")
            #expect(try await sender.available() == "20.000000000")
            for (id, kind) in [("evt_4", "charge.refund.updated"), ("evt_5", "refund.updated")] {
                #expect(try await sender.outcome(Self.failed(id, kind, "re_1")) == "unchanged", "\(kind)")
            }
            #expect(try await sender.available() == "20.000000000")
            // A second refund fails, and is told of before it is itself.
            _ = try await sender.outcome(Self.failed("evt_6", "refund.failed", "re_2", "canceled"))
            #expect(try await sender.available() == "20.000000000")
            #expect(try await sender.outcome(Self.refund("evt_7", 1_000)) == "applied")
            #expect(try await sender.available() == "20.000000000")
            #expect(try await sender.outcome(Self.refund("evt_8", 1_500)) == "applied")
            #expect(try await sender.available() == "15.000000000")
        }
    }

    @Test func theFeeIsKept() async throws {
        let fee = PurchaseFee(
            percent: try #require(ExactDecimal("5.5")),
            minimum: try #require(Credits(usd: "0.80"))
        )
        try await Self.run(fee: fee) { (sender) async throws -> Void in
            #expect(try await sender.outcome(Self.session("evt_1", ["amount_total": 1_080])) == "applied")
            #expect(try await sender.available() == "10.000000000")
        }
    }

    // MARK: What cannot be followed

    @Test func whatCannotBeFollowedIsRefusedAndRecorded() async throws {
        try await Self.run { (sender) async throws -> Void in
            let cases: [(JSONValue, param: String, says: String)] = [
                (Self.session("e1", ["currency": "eur"]), "data.object.currency", "allowed: usd"),
                (Self.session("e2", ["amount_total": 0]), "data.object.amount_total", "allowed: 1 to 99999999"),
                (Self.session("e3", ["amount_total": -5]), "data.object.amount_total", "-5"),
                (Self.session("e4", ["amount_total": 100_000_000]), "data.object.amount_total", "99999999"),
                (Self.session("e5", ["amount_total": .number(10.5)]), "data.object.amount_total", "whole number"),
                (Self.session("e6", ["amount_total": "2000"]), "data.object.amount_total", "whole number"),
                (Self.session("e7", ["amount_total": .null]), "data.object.amount_total", "required"),
                (Self.session("e8", ["client_reference_id": "No One"]), "data.object.client_reference_id", "workspace"),
                (Self.session("e9", ["client_reference_id": "nobody"]), "data.object", "no such workspace"),
                (Self.session("e10", ["payment_status": "odd"]), "data.object.payment_status", "unpaid"),
                (Self.refund("e11", -1), "data.object.amount_refunded", "-1"),
                (Self.dispute("e12", "created", "odd"), "data.object.status", "needs_response"),
            ]
            for (event, param, says) in cases {
                for _ in 0..<2 {
                    let answer = try await sender.post(event)
                    #expect(answer.status == 400)
                    #expect(answer.json["error"]?["metadata"]?["reason"] == "payment_refused")
                    #expect(answer.json["error"]?["param"]?.stringValue == param)
                    #expect(answer.json["error"]?["message"]?.stringValue?.contains(says) == true, "\(answer.text)")
                }
            }
            let kept = try await sender.api.store.paymentEvents(limit: 99)
            #expect(kept.count == cases.count)
            #expect(kept.allSatisfy { $0.outcome == "refused" && $0.reason?.isEmpty == false })
            #expect(try await sender.available() == "0.000000000")
            // Sent again after the workspace was made, it is followed.
            try await sender.api.store.ensureWorkspace("nobody", at: Timestamp(milliseconds: 1))
            #expect(try await sender.outcome(cases[8].0) == "applied")
        }
    }

    @Test func whatIsNotAboutCreditsIsPassedOver() async throws {
        try await Self.run { (sender) async throws -> Void in
            #expect(try await sender.outcome(Self.event("i1", "customer.created", ["id": "cus_1"])) == "ignored")
            #expect(try await sender.api.store.paymentEvents(limit: 9) == [])
            let recorded = [
                Self.session("i2", ["mode": "subscription"]), Self.session("i3", ["client_reference_id": .null]),
                Self.session("i4", ["payment_status": "no_payment_required"]), Self.refund("i5", 0),
                Self.refund("i6", 100, ["currency": "eur"]), Self.dispute("i7", "created", "warning_needs_response"),
            ]
            for event in recorded { #expect(try await sender.outcome(event) == "ignored") }
            #expect(try await sender.api.store.paymentEvents(limit: 9).count == recorded.count)
            let broken: [JSONValue] = [
                [], ["id": "x"], ["id": "x", "type": "charge.refunded", "created": 1],
                ["id": "x y", "type": "charge.refunded", "created": 1, "data": ["object": [:]]],
                ["id": "x", "type": "charge.refunded", "created": "now", "data": ["object": [:]]],
            ]
            for event in broken { #expect(try await sender.post(event).status == 400) }
            #expect(try await sender.available() == "0.000000000")
        }
    }
}
