import Foundation
import Generation
import Testing

@testable import JobEngine

@Suite struct DataURLTests {
    private func read(_ url: String, bytesMax: Int = 100) throws(RequestProblem) -> DataURL {
        try DataURL(url, field: "here", bytesMax: bytesMax)
    }

    @Test(arguments: [
        ("image/png", "image/png"), ("IMAGE/PNG", "image/png"), ("image/jpg", "image/jpeg"),
        ("image/jpeg;charset=x", "image/jpeg"), ("text/Plain", "text/plain"),
    ])
    func theDeclaredTypeIsTheUsualName(_ declared: String, _ type: String) throws {
        let data = try read("data:\(declared);base64,AQID")
        #expect(data.mediaType == type)
        #expect(data.bytes == [1, 2, 3])
    }

    @Test(arguments: 1...300) func bytesComeBackAsTheyWere(_ count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ count) }
        let text = Data(bytes).base64EncodedString()
        #expect(try read("data:image/png;base64,\(text)", bytesMax: 300).bytes == bytes)
        let slice = "data:image/png;base64,\(text)" as NSString
        #expect(try read(slice as String, bytesMax: 300).bytes == bytes)
    }

    @Test(arguments: [
        "", "A", "AA", "AAA", "AAAAA", "A===", "====", "AA=A", "AAA=AAAA", "AA A", "AAA\n", "AAA-", "AAA_", "AAAé",
        "=AAA",
    ])
    func whatIsNoBase64IsRefused(_ payload: String) {
        let problem = #expect(throws: RequestProblem.self) { try read("data:image/png;base64,\(payload)") }
        #expect(problem?.message == "`here` is not valid base64.")
    }

    @Test(arguments: ["data:image/png;base64", "data:", "data:é;base64,AAAA", "data:\n,AAAA"])
    func aHeadEndsWithAComma(_ url: String) {
        let problem = #expect(throws: RequestProblem.self) { try read(url) }
        #expect(problem?.message.contains("without a comma") == true)
    }

    @Test(arguments: [
        "data:,AAAA", "data:;base64,AAAA", "data:image/png,AAAA", "data:image/png;base65,AAAA", "data:base64,AA",
    ])
    func aHeadHasATypeAndIsBase64(_ url: String) {
        let problem = #expect(throws: RequestProblem.self) { try read(url) }
        #expect(problem?.message.contains("must have the form") == true)
    }

    @Test func aHeadIsShort() throws {
        let most = "image/" + String(repeating: "x", count: 100 - "image/;base64".count)
        #expect(try read("data:\(most);base64,AAAA").mediaType == most)
        #expect(throws: RequestProblem.self) { try read("data:\(most)x;base64,AAAA") }
    }

    @Test func aLongPayloadIsRefused() throws {
        #expect(try read("data:image/png;base64,AAAA", bytesMax: 3).bytes.count == 3)
        let problem = #expect(throws: RequestProblem.self) { try read("data:image/png;base64,AAAAAAAA", bytesMax: 3) }
        #expect(problem?.message.contains("more than 3 bytes") == true)
    }

    @Test(arguments: ["https://example.org/x", "", "HTTPS:", "ftp"])
    func otherSchemesAreRefused(_ url: String) {
        let problem = #expect(throws: RequestProblem.self) { try read(url) }
        #expect(problem?.message.contains("no URL that is taken") == true)
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["", "data:", "data:image/png;base64", "data:image/png;base64,"])
    func hugeTextIsNotCompared(_ start: String) {
        // Marks in this order are sorted when the text is compared: a million of them would take hours.
        let url = start + String(repeating: "\u{301}\u{323}", count: 500_000)
        let problem = #expect(throws: RequestProblem.self) { try read(url, bytesMax: 10_000_000) }
        #expect((problem?.message.utf8.count ?? 0) < 250)
    }
}
