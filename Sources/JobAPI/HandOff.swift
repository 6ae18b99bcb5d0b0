/// Hands values from producing tasks to the one task that may use them, such as the writer of an answer.
///
/// A producer that gives a value waits until it has been used: however fast it is, one value is under way at a time,
/// and memory stays flat when the reader at the other end of the connection is slow.
struct HandOff<Value: Sendable>: Sendable {
    private struct Element: Sendable {
        let value: Value
        let isAwaited: Bool
    }

    private let values: AsyncStream<Element>
    private let valuesContinuation: AsyncStream<Element>.Continuation
    private let turns: AsyncStream<Void>
    private let turnsContinuation: AsyncStream<Void>.Continuation

    init() {
        (values, valuesContinuation) = AsyncStream.makeStream()
        (turns, turnsContinuation) = AsyncStream.makeStream()
    }

    /// Gives a value, and waits until it was used.
    ///
    /// For one producer at a time.
    ///
    /// - Throws: `CancellationError` when nobody will use it any more.
    func give(_ value: Value) async throws {
        valuesContinuation.yield(Element(value: value, isAwaited: true))
        for await _ in turns { return }
        throw CancellationError()
    }

    /// Offers a value without waiting: for rare signals.
    func offer(_ value: Value) { valuesContinuation.yield(Element(value: value, isAwaited: false)) }

    /// There are no more values.
    func end() { valuesContinuation.finish() }

    /// Uses the values in order, until `use` answers false or there are no more.
    @concurrent func useAll(_ use: @concurrent (Value) async throws -> Bool) async rethrows {
        defer { turnsContinuation.finish() }
        for await element in values {
            guard try await use(element.value) else { return }
            if element.isAwaited { turnsContinuation.yield() }
        }
    }
}
