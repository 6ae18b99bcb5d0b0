import Cryptography
import Testing

@Suite struct SHA256Tests {
    // Source: FIPS 180-4 examples and NIST CAVP short messages.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func publishedVectorsHold(message: String, digest: String) {
        #expect(SHA256.hash(Array(message.utf8)).hex == digest)
        #expect(SHA256.hash(message.utf8.reversed().reversed()).hex == digest)
    }

    @Test func aMillionLettersInUnevenPiecesHashAsOne() {
        var hash = SHA256()
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 997)
        var left = 1_000_000
        while left > 0 {
            hash.update(bytes: piece.prefix(left))
            left -= min(left, piece.count)
        }
        #expect(hash.finalize().hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func rawBuffersAreReadInPlace() {
        var hash = SHA256()
        Array("abc".utf8).withUnsafeBytes { hash.update(bytes: $0) }
        #expect(hash.finalize() == SHA256.hash(Array("abc".utf8)))
    }

    @Test func aCopyGoesItsOwnWay() {
        var first = SHA256()
        first.update(bytes: Array("ab".utf8))
        var second = first
        first.update(bytes: Array("c".utf8))
        second.update(bytes: Array("d".utf8))
        #expect(first.finalize() == SHA256.hash(Array("abc".utf8)))
        #expect(second.finalize() == SHA256.hash(Array("abd".utf8)))
        first.update(bytes: Array("d".utf8))
        #expect(first.finalize() == SHA256.hash(Array("abcd".utf8)), "finalize does not end the hash")
    }

    @Test func digestsReadBackFromHex() {
        let digest = SHA256.hash(Array("abc".utf8))
        #expect(SHA256Digest(hex: digest.hex) == digest)
        #expect(SHA256Digest(hex: digest.hex.uppercased()) == digest)
        #expect(SHA256Digest(bytes: digest.bytes) == digest)
        #expect(SHA256Digest(hex: String(digest.hex.dropLast())) == nil)
        #expect(SHA256Digest(hex: digest.hex + "00") == nil)
        #expect(SHA256Digest(hex: "g" + digest.hex.dropFirst()) == nil)
        #expect(SHA256Digest(bytes: []) == nil)
    }

    @Test func hexRefusesWhatIsNotHex() {
        #expect(Hex.decode("00fFa1") == [0x00, 0xff, 0xa1])
        #expect(Hex.decode("") == [])
        #expect(Hex.decode("0") == nil)
        #expect(Hex.decode("0x") == nil)
        #expect(Hex.encode([0x00, 0xff, 0xa1]) == "00ffa1")
    }
}
