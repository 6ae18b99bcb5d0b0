import Ledger
import Testing

@Suite struct PaymentTests {
    private static let fee = PurchaseFee(
        percent: ExactDecimal(mantissa: 55, scale: 1) ?? ExactDecimal(0),
        minimum: Credits(nanoUSD: 800_000_000)
    )

    @Test(arguments: [
        ("10.80", "10.000000000", "0.800000000"), ("105.50", "100.000000000", "5.500000000"),
        ("0.80", "0.000000000", "0.800000000"), ("0.79", "0.000000000", "0.790000000"),
        ("0.000000001", "0.000000000", "0.000000001"), ("100", "94.786729857", "5.213270143"),
        ("9000000000", "8530805687.203791469", "469194312.796208531"),
    ])
    func feeIsPartOfWhatIsPaid(paid: String, credits: String, fee: String) throws {
        let amount = try #require(Credits(usd: paid))
        let parts = Self.fee.parts(of: amount)
        #expect(parts.credits.description == credits)
        #expect(parts.fee.description == fee)
        #expect(try parts.credits.adding(parts.fee) == amount)
    }

    @Test func noFeeTakesNothing() {
        let parts = PurchaseFee.none.parts(of: Credits(nanoUSD: 7))
        #expect(parts.credits == Credits(nanoUSD: 7))
        #expect(parts.fee == .zero)
    }

    /// One nano-dollar more of credits would not be covered by what was paid.
    @Test func creditsAreTheMostThatIsCovered() throws {
        for paid in stride(from: Int64(1), through: 20_000_000_000, by: 61_234_567) {
            let credits = Self.fee.parts(of: Credits(nanoUSD: paid)).credits.nanoUSD
            func cost(_ credits: Int64) -> Int64 { credits + max((credits * 55 + 999) / 1_000, 800_000_000) }
            if credits > 0 { #expect(cost(credits) <= paid) }
            #expect(cost(credits + 1) > paid)
        }
    }

    private static func bought(_ paid: Int64, fee: Int64 = 0) -> Payment.Fact {
        .paid(
            Payment.Purchase(
                workspace: "w",
                paid: Credits(nanoUSD: paid),
                credits: Credits(nanoUSD: paid - fee),
                fee: Credits(nanoUSD: fee)
            )
        )
    }

    private static func net(_ transfers: [Transfer], of account: Account) -> Int64 {
        transfers.reduce(0) { sum, transfer in
            sum + (transfer.to == account ? transfer.amount.nanoUSD : 0)
                - (transfer.from == account ? transfer.amount.nanoUSD : 0)
        }
    }

    @Test func refundTakesCreditsFirstAndTheFeeLast() throws {
        var payment = Payment(id: "p")
        var all: [Transfer] = []
        func learn(_ fact: Payment.Fact, _ event: String) throws {
            let (next, transfers) = try payment.learning(fact, from: event)
            payment = next
            all += transfers
        }
        try learn(Self.bought(1_100, fee: 100), "a")
        #expect(all.map(\.id) == ["purchase:p", "purchase_fee:p"])
        try learn(.refunded(Credits(nanoUSD: 400)), "b")
        #expect(Self.net(all, of: .available(workspace: "w")) == 600)
        #expect(Self.net(all, of: .platformFee) == 100)
        try learn(.refunded(Credits(nanoUSD: 1_050)), "c")
        #expect(Self.net(all, of: .available(workspace: "w")) == 0)
        #expect(Self.net(all, of: .platformFee) == 50)
        // More than was paid is not taken.
        try learn(.disputed(.init(id: "d", amount: Credits(nanoUSD: 1_100), state: .open, toldAt: 1)), "d")
        #expect(Self.net(all, of: .platformFee) == 0)
        #expect(Self.net(all, of: .purchases) == 0)
        #expect(Set(all.map(\.id)).count == all.count)
        #expect(all.allSatisfy { $0.cause == "payment:p" })
    }

    @Test func wonDisputeGivesBackAndItsBeginningComesTooLate() throws {
        let open = Payment.Fact.disputed(.init(id: "d", amount: Credits(nanoUSD: 9), state: .open, toldAt: 5))
        let won = Payment.Fact.disputed(.init(id: "d", amount: Credits(nanoUSD: 9), state: .returned, toldAt: 4))
        let paid = try Payment(id: "p").learning(Self.bought(9), from: "a").payment
        let disputed = try paid.learning(open, from: "b")
        #expect(disputed.transfers.map(\.id) == ["chargeback:b"])
        #expect(disputed.payment.creditsLeft == .zero)
        let ended = try disputed.payment.learning(won, from: "c")
        #expect(Self.net(ended.transfers, of: .available(workspace: "w")) == 9)
        #expect(try ended.payment.learning(open, from: "b").transfers == [])
        #expect(try paid.learning(won, from: "c").transfers == [])
    }
}
