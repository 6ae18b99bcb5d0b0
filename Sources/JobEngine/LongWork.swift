/// Long synchronous work, done where it holds up none of the threads that jobs and answers run on.
package struct LongWork: Sendable {
    /// Work on fewer bytes is done right there: it is over before another thread has begun.
    package static let bytesMin: Int64 = 1_048_576

    private let aside: @Sendable (@escaping @Sendable () -> Void) -> Void

    /// Takes the place for it, which is `EngineEnvironment.aside`.
    package init(aside: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) { self.aside = aside }

    /// Does work on so many bytes, and gives what comes of it.
    ///
    /// It is done to its end even when its caller is cancelled meanwhile.
    ///
    /// - Throws: What the work throws.
    package func done<Value: Sendable>(
        on bytes: Int64,
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        guard bytes >= Self.bytesMin else { return try work() }
        return try await withCheckedThrowingContinuation { continuation in
            aside { continuation.resume(with: Result { try work() }) }
        }
    }
}

extension EngineEnvironment {
    /// Long synchronous work, done aside.
    package var longWork: LongWork { LongWork(aside: aside) }
}
