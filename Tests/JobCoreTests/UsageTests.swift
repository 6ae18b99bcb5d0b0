import JobCore
import Testing

/// Goal: periods begin and end where the calendar says.
@Suite struct UsagePeriodTests {
    @Test(arguments: [
        ("2026-11", "2026-11-01T00:00:00.000Z", "2026-12-01T00:00:00.000Z"),
        ("2026-12", "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"),
        ("2028-02", "2028-02-01T00:00:00.000Z", "2028-03-01T00:00:00.000Z"),
    ])
    func monthsAreRead(_ month: String, _ from: String, _ to: String) throws {
        let time = try #require(WorkspaceStatement.month(month))
        #expect(time.from.description == from && time.to.description == to)
    }

    @Test(arguments: ["", "2026", "2026-13", "2026-00", "2026-1", "26-01", "2026-11-01", "2026-1x", "-026-11"])
    func otherTextsAreNoMonths(_ text: String) { #expect(WorkspaceStatement.month(text) == nil) }

    @Test(arguments: [
        (UsageGranularity.minute, "2027-07-04T23:59:00.000Z"), (.hour, "2027-07-04T23:00:00.000Z"),
        (.day, "2027-07-04T00:00:00.000Z"), (.week, "2027-06-28T00:00:00.000Z"), (.month, "2027-07-01T00:00:00.000Z"),
    ])
    func periodsBegin(_ granularity: UsageGranularity, _ start: String) throws {
        let time = try #require(Timestamp(rfc3339: "2027-07-04T23:59:59.999Z"))
        #expect(granularity.start(of: time).description == start)
    }
}
