import Generation
import JobCore
import JobEngine
import Ledger
import Testing

@testable import mediary

/// Goal: what the operator's file says about credits and free models is followed, and refused by place and value.
@Suite struct CreditTermsTests {
    @Test func theSectionsAreRead() throws {
        let file = try OperatorFile(
            text: """
                credits:
                  purchase_fee: {percent: "5.5", minimum_usd: "0.80"}
                  refund_window_hours: 48
                  purchases_expire_after_days: 365
                free_models:
                  requests_per_minute: 20
                  requests_per_day: 50
                  requests_per_day_for_payers: 1000
                  payers_have_bought_usd: "10"
                """
        )
        let percent = try #require(ExactDecimal("5.5"))
        #expect(
            file.creditTerms.purchaseFee == PurchaseFee(percent: percent, minimum: Credits(nanoUSD: 800_000_000))
        )
        #expect(file.creditTerms.refundWindowSeconds == 172_800)
        #expect(file.creditTerms.purchaseLifeSeconds == 31_536_000)
        #expect(
            file.freeModels
                == FreeModelLimits(
                    perMinute: 20,
                    perDay: 50,
                    perDayForPayers: 1_000,
                    enough: Credits(nanoUSD: 10_000_000_000)
                )
        )
    }

    @Test func withoutThemAllIsOff() throws {
        for text in ["", "credits: {}", "model_aliases: {}"] {
            let file = try OperatorFile(text: text)
            #expect(file.creditTerms == CreditTerms())
            #expect(file.creditTerms.purchaseFee == .none)
            #expect(file.creditTerms.purchaseLifeSeconds == nil)
            #expect(file.freeModels == nil)
        }
    }

    @Test(arguments: [
        (
            "credits: {purchase_fee: {percent: 5.5}}",
            "`credits.purchase_fee.percent` is 5.5; it must be a decimal string"
        ),
        ("credits: {purchase_fee: {percent: \"101\"}}", "`credits.purchase_fee.percent` is \"101\""),
        ("credits: {purchase_fee: {percent: \"-1\"}}", "`credits.purchase_fee.percent`"),
        ("credits: {purchase_fee: {minimum_usd: \"1e400\"}}", "`credits.purchase_fee.minimum_usd` is \"1e400\""),
        ("credits: {purchase_fee: {minimum_usd: \"0.0000000001\"}}", "at most nine places"),
        ("credits: {purchase_fee: {rate: 5}}", "Unknown field `credits.purchase_fee.rate`"),
        ("credits: {refund_window_hours: -1}", "`credits.refund_window_hours` is -1; allowed: 0 to 87600"),
        ("credits: {purchases_expire_after_days: 0}", "allowed: 1 to 36500"),
        ("credits: {refunds: 1}", "Unknown field `credits.refunds`"),
        ("free_models: {requests_per_day: -1}", "`free_models.requests_per_day` is -1"),
        ("free_models: {payers_have_bought_usd: 10}", "`free_models.payers_have_bought_usd` is 10"),
        ("free_models: {per_day: 1}", "Unknown field `free_models.per_day`"),
    ])
    func whatIsWrongIsTold(text: String, says: String) throws {
        let problem = #expect(throws: RequestProblem.self) { try OperatorFile(text: text) }
        #expect(problem?.message.contains(says) == true, "\(problem?.message ?? "")")
    }
}
