import Foundation
import JobCore
import Testing

/// The article's tables and pictures are what the functions say.
///
/// After a change of the rules: `MEDIARY_UPDATE_DOCS=1 swift test --filter JobLifecycleDocumentTests`.
@Suite(.serialized) struct JobLifecycleDocumentTests {
    private static let article = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/JobCore/Documentation.docc/JobLifecycle.md")

    @Test(arguments: ["job-picture", "job-table", "attempt-picture", "attempt-table"])
    func theArticleSaysWhatTheFunctionsDo(_ part: String) throws {
        let expected =
            switch part {
            case "job-picture": try JobLifecycleDocument.jobPicture()
            case "job-table": try JobLifecycleDocument.jobTable()
            case "attempt-picture": JobLifecycleDocument.attemptPicture()
            case _: JobLifecycleDocument.attemptTable()
            }
        let text = try String(contentsOf: Self.article, encoding: .utf8)
        let begin = try #require(text.range(of: "<!-- generated: \(part) -->\n"), "no mark where \(part) begins")
        let rest = text[begin.upperBound...]
        let end = try #require(rest.range(of: "\n<!-- end -->"), "no mark where \(part) ends")
        let found = text[begin.upperBound..<end.lowerBound]
        guard found != expected else { return }
        guard ProcessInfo.processInfo.environment["MEDIARY_UPDATE_DOCS"] == "1" else {
            Issue.record("JobLifecycle.md, \(part): run with MEDIARY_UPDATE_DOCS=1, or write:\n\(expected)")
            return
        }
        try text.replacingCharacters(in: begin.upperBound..<end.lowerBound, with: expected)
            .write(to: Self.article, atomically: true, encoding: .utf8)
    }
}
