import CLibcrypto

/// Randomness fit for keys and tokens, from OpenSSL's generator (seeded by the kernel, safe across forks).
///
/// The one source of randomness of the running service; tests and simulations pass a seeded generator instead.
package struct SystemRandom: RandomNumberGenerator, Sendable {
    /// A generator without state of its own.
    package init() {}

    package mutating func next() -> UInt64 {
        var value: UInt64 = 0
        withUnsafeMutableBytes(of: &value) { Self.fill($0) }
        return value
    }

    /// Fresh random bytes.
    package static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            fill(UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }

    /// Fills memory with random bytes, or ends the process: a guessable key is worse than none.
    private static func fill(_ memory: UnsafeMutableRawBufferPointer) {
        guard let start = memory.baseAddress, !memory.isEmpty else { return }
        let filled = RAND_bytes(start.assumingMemoryBound(to: UInt8.self), Int32(memory.count))
        precondition(filled == 1, "the system yields no randomness")
    }
}
