import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import Synchronization
import Testing

/// Answers with media inside, in every way that they can be cut into chunks.
@Suite struct InlineMediaReaderTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "inline-\(UUID().uuidString)").path

    /// A body that comes in chunks of one length, and perhaps breaks off.
    private func body(_ text: String, chunkBytes: Int, failure: TransportFailure? = nil) -> HTTPBody {
        let rest = Mutex(Array(text.utf8)[...])
        return HTTPBody { () throws(TransportFailure) in
            let chunk = rest.withLock { rest in
                defer { rest = rest.dropFirst(chunkBytes) }
                return Array(rest.prefix(chunkBytes))
            }
            if chunk.isEmpty, let failure { throw failure }
            return chunk.isEmpty ? nil : chunk
        }
    }

    private func reader() -> InlineMediaReader {
        InlineMediaReader(keys: ["bytesBase64Encoded", "data"], folder: folder)
    }

    private struct Problem: Error {
        let text: String
    }

    private var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] }

    @Test(arguments: [1, 2, 3, 5, 7, 64, 100_000])
    func mediaBecomeFilesAndTheRestIsGivenBack(chunkBytes: Int) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var generator = SeededGenerator(seed: 7)
        let movie = (0..<10_001).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let text = """
            {"name": "a \\"quoted\\\\\\" name", "done":true, "n": [1, 2.5, null],
             "response": {"videos": [{ "bytesBase64Encoded" : "\(Data(movie).base64EncodedString())", "mimeType":"video/mp4"}]},
             "data":"AAEC\\/w\\u003d\\u003d", "bytes": "AAEC", "empty":{"data":""}}
            """
        let answer = try await reader().read(body(text, chunkBytes: chunkBytes))
        #expect(answer.media.map(\.bytes) == [10_001, 4, 0])
        #expect(answer.json["name"] == "a \"quoted\\\" name")
        #expect(answer.json["n"] == [1, .number(2.5), nil])
        #expect(answer.json["bytes"] == "AAEC")
        guard case .array(let videos)? = answer.json["response"]?["videos"] else { throw Problem(text: "no videos") }
        let marker = try #require(videos.first?["bytesBase64Encoded"]?.stringValue)
        #expect(videos.first?["mimeType"] == "video/mp4")
        #expect(answer.json["data"]?.stringValue == answer.media[1].marker)
        #expect(try Data(contentsOf: URL(filePath: answer.media[1].path)) == Data([0, 1, 2, 255]))
        let final = "\(folder)/movie.mp4"
        try Data("an earlier one".utf8).write(to: URL(filePath: final))
        try answer.keep(marker, as: final)
        answer.discard()
        #expect(try Data(contentsOf: URL(filePath: final)) == Data(movie))
        #expect(names == ["movie.mp4"])
    }

    @Test func base64OfURLsAndWithoutPaddingIsRead() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let answer = try await reader().read(body(#"{"data":"-_-_AA"}"#, chunkBytes: 3))
        #expect(try Data(contentsOf: URL(filePath: answer.media[0].path)) == Data([0xFB, 0xFF, 0xBF, 0]))
    }

    @Test(arguments: [
        "", "<html>busy</html>", #"{"data":"AAEC"#, #"{"data":"AAEC","#, #"{"data":"AA=CAAEC"}"#, #"{"data":"AAEC!"}"#,
        #"{"data":"AAECA"}"#, #"{"data":"AA\x"}"#, #"{"data":"\u20ac"}"#, #"{"data":"AA==AAEC"}"#,
    ])
    func whatIsNoAnswerLeavesNoFile(_ text: String) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for chunkBytes in [1, 4, 1_000] {
            let failure = await #expect(throws: ProviderFailure.self) {
                _ = try await reader().read(body(text, chunkBytes: chunkBytes))
            }
            #expect(failure?.code == .unknown)
            #expect(failure?.retry == .backoff)
            #expect(names.isEmpty)
        }
    }

    @Test func aBodyThatBreaksOffLeavesNoFile() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let lost = TransportFailure(.connectionLost, requestReachedPeer: .yes, "cut")
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await reader().read(body(#"{"data":"AAEC","more":{"data":"AAEC"#, chunkBytes: 9, failure: lost))
        }
        #expect(failure?.code == .unavailable)
        #expect(names.isEmpty)
    }

    @Test func nothingIsTakenBeyondItsBound() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var small = reader()
        (small.documentBytesMax, small.textBytesMax, small.mediaBytesMax) = (200, 20, 30)
        let long = String(repeating: #"\"ü"#, count: 50)
        let answer = try await small.read(
            body(#"{"signature":"\#(long)","status":"done","\#(long)":1}"#, chunkBytes: 7)
        )
        #expect(answer.json["signature"] == "")
        #expect(answer.json["status"] == "done")
        for text in [
            #"{"data":"\#(String(repeating: "AAAA", count: 20))"}"#, "[" + String(repeating: "1,", count: 200) + "1]",
        ] {
            await #expect(throws: ProviderFailure.self) { _ = try await small.read(body(text, chunkBytes: 11)) }
            #expect(names.isEmpty)
        }
    }

    @Test func oldFilesAreRemovedAtMostOnceAMinute() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let written: Int64 = 1_700_000_000_000
        func make(_ name: String, at time: Int64) throws {
            try Data().write(to: URL(filePath: "\(folder)/\(name)"))
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: Double(time) / 1_000)],
                ofItemAtPath: "\(folder)/\(name)"
            )
        }
        let now = Mutex(written + 3_600_001)
        let media = InlineMediaFolder(folder) { now.withLock { $0 } }
        try make("old", at: written)
        try make("young", at: written + 1_000)
        media.removeOld()
        #expect(names == ["young"])
        now.withLock { $0 += 30_000 }
        media.removeOld()
        #expect(names == ["young"])
        now.withLock { $0 += 31_000 }
        media.removeOld()
        #expect(names.isEmpty)
    }
}
