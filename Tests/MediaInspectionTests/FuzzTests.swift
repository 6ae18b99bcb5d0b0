import MediaInspection
import Testing

/// Damaged files end in a `MediaProblem` or in figures, never in a trap.
///
/// A failing seed is printed before its run, since a trap takes the whole process with it.
@Suite struct FuzzTests {
    @Test(arguments: [1, 2, 3, UInt64.random(in: 1_000...UInt64.max)])
    func damagedFilesNeverTrap(seed: UInt64) {
        print("MediaInspection fuzz: seed=\(seed)")
        var generator = SplitMix(state: seed)
        for media in RealMedia.all {
            // Whole it is taken, so that what is refused below is refused for its damage.
            #expect(throws: Never.self) { try MediaInspector.inspect(bytes: media.bytes) }
            var refusals = 0
            for _ in 0..<150 {
                let bytes = damaged(media.bytes, &generator)
                do {
                    _ = try MediaInspector.inspect(bytes: bytes)
                } catch {
                    refusals += 1
                }
                _ = try? MediaInspector.imageDimensions(bytes, pixelLimit: 1_000_000)
            }
            #expect(refusals > 0)
        }
    }

    private func damaged(_ bytes: [UInt8], _ generator: inout SplitMix) -> [UInt8] {
        var bytes = bytes
        let extremes: [[UInt8]] = [
            [0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff], [0x80, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1],
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ]
        for _ in 0...Int.random(in: 0..<4, using: &generator) {
            guard !bytes.isEmpty else { break }
            // Structure is dense at both ends: aim there half of the time.
            let span = Bool.random(using: &generator) ? bytes.count : min(bytes.count, 1_500)
            var at = Int.random(in: 0..<span, using: &generator)
            if Bool.random(using: &generator) {
                at = bytes.count - 1 - at
            }
            switch Int.random(in: 0..<5, using: &generator) {
            case 0:
                bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1:
                bytes[at] = UInt8.random(in: .min ... .max, using: &generator)
            case 2:
                let extreme = extremes.randomElement(using: &generator) ?? []
                for (index, byte) in extreme.enumerated() where at + index < bytes.count {
                    bytes[at + index] = byte
                }
            case 3:
                bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator) / 4)
            default:
                let length = min(Int.random(in: 1...64, using: &generator), bytes.count - at)
                bytes.removeSubrange(at..<at + length)
            }
        }
        return bytes
    }
}

/// A small generator whose whole state is its seed (SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
