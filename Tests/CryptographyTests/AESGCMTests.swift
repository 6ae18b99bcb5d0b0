import Cryptography
import Testing

@Suite struct AESGCMTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let key: String
        let nonce: String
        let message: String
        let data: String
        let ciphertext: String
        let tag: String
    }

    private static let zeros = String(repeating: "0", count: 64)
    private static let key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
    private static let message =
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
        + "b16aedf5aa0de657ba637b391aafd255"
    private static let ciphertext =
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
        + "c5f61e6393ba7a0abcc9f662898015ad"

    // Source: McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, test cases 13 to 16, which NIST
    // published with SP 800-38D.
    static let vectors = [
        Vector(
            testDescription: "13: nothing",
            key: zeros,
            nonce: String(zeros.prefix(24)),
            message: "",
            data: "",
            ciphertext: "",
            tag: "530f8afbc74536b9a963b4f1c4cb738b"
        ),
        Vector(
            testDescription: "14: a block of zeros",
            key: zeros,
            nonce: String(zeros.prefix(24)),
            message: String(zeros.prefix(32)),
            data: "",
            ciphertext: "cea7403d4d606b6e074ec5d3baf39d18",
            tag: "d0d1c8a799996bf0265b98b5d48ab919"
        ),
        Vector(
            testDescription: "15: four blocks",
            key: key,
            nonce: "cafebabefacedbaddecaf888",
            message: message,
            data: "",
            ciphertext: ciphertext,
            tag: "b094dac5d93471bdec1a502270e3cc6c"
        ),
        Vector(
            testDescription: "16: with authenticated data",
            key: key,
            nonce: "cafebabefacedbaddecaf888",
            message: String(message.prefix(120)),
            data: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            ciphertext: String(ciphertext.prefix(120)),
            tag: "76fc6ece0f4e1768cddf8853bb2d551b"
        ),
    ]

    @Test(arguments: vectors)
    func publishedVectorsHold(_ vector: Vector) throws {
        let key = try #require(Hex.decode(vector.key))
        let nonce = try #require(Hex.decode(vector.nonce))
        let message = try #require(Hex.decode(vector.message))
        let data = try #require(Hex.decode(vector.data))
        let sealed = AES.GCM.seal(message, using: key, nonce: nonce, authenticating: data)
        #expect(Hex.encode(sealed) == vector.ciphertext + vector.tag)
        #expect(AES.GCM.open(sealed, using: key, nonce: nonce, authenticating: data) == message)
    }

    @Test func whatWasChangedIsNotOpened() {
        let key = [UInt8](0..<32)
        let nonce = [UInt8](0..<12)
        let message = Array("a customer's key".utf8)
        let sealed = AES.GCM.seal(message, using: key, nonce: nonce, authenticating: [1, 2, 3])
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(AES.GCM.open(changed, using: key, nonce: nonce, authenticating: [1, 2, 3]) == nil)
        }
        #expect(AES.GCM.open(sealed, using: key, nonce: nonce, authenticating: [1, 2]) == nil)
        #expect(AES.GCM.open(sealed, using: key, nonce: [UInt8](1..<13), authenticating: [1, 2, 3]) == nil)
        #expect(AES.GCM.open(sealed, using: [UInt8](1..<33), nonce: nonce, authenticating: [1, 2, 3]) == nil)
        #expect(AES.GCM.open(Array(sealed.dropLast()), using: key, nonce: nonce, authenticating: [1, 2, 3]) == nil)
        #expect(AES.GCM.open([], using: key, nonce: nonce) == nil)
        #expect(AES.GCM.open(sealed, using: key, nonce: nonce, authenticating: [1, 2, 3]) == message)
    }

    @Test func aLongMessageComesBack() {
        let key = SystemRandom.bytes(32)
        let nonce = SystemRandom.bytes(12)
        let message = SystemRandom.bytes(100_000)
        let data = SystemRandom.bytes(1_000)
        let sealed = AES.GCM.seal(message, using: key, nonce: nonce, authenticating: data)
        #expect(sealed.count == message.count + AES.GCM.tagByteCount)
        #expect(AES.GCM.open(sealed, using: key, nonce: nonce, authenticating: data) == message)
    }
}
