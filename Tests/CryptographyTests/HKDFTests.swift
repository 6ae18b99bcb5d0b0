import Cryptography
import Testing

@Suite struct HKDFTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let material: [UInt8]
        let salt: [UInt8]
        let info: [UInt8]
        let key: String

        var testDescription: String { key }
    }

    // Source: RFC 5869, appendix A, test cases 1 to 3.
    static let vectors = [
        Vector(
            material: [UInt8](repeating: 0x0b, count: 22),
            salt: Array(0x00...0x0c),
            info: Array(0xf0...0xf9),
            key: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        ),
        Vector(
            material: Array(0x00...0x4f),
            salt: Array(0x60...0xaf),
            info: Array(0xb0...0xff),
            key: "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
                + "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
        ),
        Vector(
            material: [UInt8](repeating: 0x0b, count: 22),
            salt: [],
            info: [],
            key: "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        ),
    ]

    @Test(arguments: vectors)
    func publishedVectorsHold(_ vector: Vector) {
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: vector.material,
            salt: vector.salt,
            info: vector.info,
            count: vector.key.count / 2
        )
        #expect(Hex.encode(key) == vector.key)
    }

    @Test func theLargestKeyIsDerived() {
        #expect(HKDF<SHA256>.deriveKey(inputKeyMaterial: [1], info: [], count: 8_160).count == 8_160)
        #expect(HKDF<SHA256>.deriveKey(inputKeyMaterial: [1], info: [], count: 0) == [])
    }
}
