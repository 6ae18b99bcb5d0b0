import JobCore
import Testing

@Suite struct UsagePeriodsTests {
    @Test(arguments: [
        // A Thursday, the first of all days.
        ("1970-01-01T00:00:00Z", 0, -3, 0),
        ("1969-12-31T23:59:59Z", -1, -3, -31),
        // A Monday, the next Sunday, and a Sunday on the first of a month.
        ("2026-11-16T00:00:00Z", 20_773, 20_773, 20_758),
        ("2026-11-22T23:59:59Z", 20_779, 20_773, 20_758),
        ("2026-11-01T12:00:00Z", 20_758, 20_752, 20_758),
        // The day after a leap day.
        ("2028-03-01T00:00:00Z", 21_244, 21_242, 21_244),
    ])
    func knowsTheCalendar(_ time: String, day: Int64, week: Int64, month: Int64) throws {
        let periods = UsagePeriods(at: try #require(Timestamp(rfc3339: time)))
        #expect(periods.day == day)
        #expect(periods.weekStart == week)
        #expect(periods.monthStart == month)
    }
}
