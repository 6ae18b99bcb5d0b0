// Figures in a file are the file's choice: their sums and products are checked, so that none can trap.

/// A sum of figures from a file, which must not be beyond 63 bits.
func sum(_ left: Int, _ right: Int, _ place: StaticString) throws(MediaProblem) -> Int {
    let (result, overflow) = left.addingReportingOverflow(right)
    guard !overflow else { throw .malformed("\(place) with impossible figures") }
    return result
}

/// A product of figures from a file, which must not be beyond 63 bits.
func product(_ left: Int, _ right: Int, _ place: StaticString) throws(MediaProblem) -> Int {
    let (result, overflow) = left.multipliedReportingOverflow(by: right)
    guard !overflow else { throw .malformed("\(place) with impossible figures") }
    return result
}
