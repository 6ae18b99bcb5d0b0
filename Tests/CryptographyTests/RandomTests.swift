import Cryptography
import Testing

@Suite struct RandomTests {
    @Test func bytesComeInTheNumberAskedForAndDiffer() {
        #expect(SystemRandom.bytes(0) == [])
        #expect(SystemRandom.bytes(33).count == 33)
        #expect(SystemRandom.bytes(32) != SystemRandom.bytes(32))
    }

    @Test func numbersSpreadOverTheirRange() {
        var random = SystemRandom()
        let numbers = Set((0..<1_000).map { _ in random.next() })
        #expect(numbers.count == 1_000)
        #expect(numbers.contains { $0 > UInt64.max / 2 })
        #expect(numbers.contains { $0 < UInt64.max / 2 })
    }

    @Test func aVersionSevenIdentifierHasTimeVersionAndVariant() {
        // Source: RFC 9562, appendix A.6: 017F22E2-79B0-7CC3-98C4-DC0C0C07398F.
        var allOnes = FixedGenerator(values: [.max, .max])
        let bytes = uuidV7Bytes(millisecondsSince1970: 0x017F_22E2_79B0, random: &allOnes)
        #expect(Hex.encode(bytes) == "017f22e279b07fffbfffffffffffffff")
        var allZeros = FixedGenerator(values: [0, 0])
        let zeros = uuidV7Bytes(millisecondsSince1970: 0x017F_22E2_79B0, random: &allZeros)
        #expect(Hex.encode(zeros) == "017f22e279b070008000000000000000")
    }

    @Test func libuuidIdentifiersDifferAndSortByTime() {
        let identifiers = (0..<1_000).map { uuidV7Bytes(millisecondsSince1970: 1_700_000_000_000 + Int64($0)) }
        #expect(identifiers.allSatisfy { $0[6] >> 4 == 7 && $0[8] >> 6 == 2 })
        #expect(identifiers == identifiers.sorted { $0.lexicographicallyPrecedes($1) })
        let same = Set((0..<1_000).map { _ in uuidV7Bytes(millisecondsSince1970: 1) })
        #expect(same.count == 1_000)
    }
}

private struct FixedGenerator: RandomNumberGenerator {
    var values: [UInt64]

    mutating func next() -> UInt64 {
        values.removeFirst()
    }
}
