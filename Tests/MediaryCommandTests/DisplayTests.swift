import ArgumentParser
import ConformanceKit
import Foundation
import Generation
import Glibc
import Testing

@testable import mediary

/// Goal: what is shown is true, fits its line, and steers no terminal.
@Suite struct DisplayTests {
    private func standing(_ members: [String: JSONValue]) -> JobStanding {
        JobStanding(
            .object(["id": "job_1", "model": "a/b", "status": "in_progress"].merging(members) { _, new in new })
        )
    }

    @Test func theBarShowsTheProvidersFigureAndMarksTheEstimate() {
        let half = standing(["phase": "generating", "progress": .number(0.5), "eta_seconds": 75])
        #expect(
            ProgressText.bar(half, seconds: 12.9, isSilent: false, width: 200)
                == "  generating  ████████████░░░░░░░░░░░░  50 %  0:12  about 1:15 left (estimate)"
        )
        let unknown = standing(["phase": "generating", "progress": .null])
        #expect(ProgressText.bar(unknown, seconds: 3_723, isSilent: false, width: 200) == "  generating  1:02:03")
        #expect(ProgressText.bar(half, seconds: 12, isSilent: true, width: 200).contains("does not answer"))
        #expect(ProgressText.bar(half, seconds: 12, isSilent: true, width: 20).count == 20)
        for progress in [-1, 0, 1, 7.0] {
            let odd = standing(["phase": "generating", "progress": .number(progress)])
            #expect(ProgressText.bar(odd, seconds: 0, isSilent: false, width: 200).count { "█░".contains($0) } == 24)
        }
    }

    @Test(arguments: [
        ("waiting", 0, "waiting, next in line"), ("waiting", 1, "waiting, 1 job ahead"),
        ("waiting", 12, "waiting, 12 jobs ahead"), ("waiting", nil, "waiting"),
        ("provider_queue", nil, "in the provider's queue"), ("new_phase", nil, "new phase"), (nil, nil, "in progress"),
        ("\u{1B}[2J", nil, " [2J"),
    ])
    func aPhaseInWords(phase: String?, position: Int64?, words: String) {
        let standing = standing([
            "phase": phase.map(JSONValue.string) ?? .null, "queue_position": position.map(JSONValue.integer) ?? .null,
        ])
        #expect(standing.words == words)
    }

    @Test func aLogGetsALineForEachPhaseAndTenth() {
        func step(_ progress: Double, _ phase: String = "generating") -> String {
            ProgressText.step(standing(["phase": .string(phase), "progress": .number(progress)]), isSilent: false)
        }
        #expect(step(0.41) == step(0.49))
        #expect(step(0.49) != step(0.5))
        #expect(step(0.5) != step(0.5, "storing"))
        let half = standing(["phase": "generating", "progress": .number(0.5)])
        #expect(ProgressText.line(half, isSilent: false) == "job_1: generating, 50 %")
        #expect(ProgressText.step(half, isSilent: true) != ProgressText.step(half, isSilent: false))
    }

    @Test func columnsAreAsWideAsTheirWidestCell() {
        #expect(
            Output.lines([["A", "LONG", "Z"], ["word", "x", ""], ["", "é", "z"]]) == [
                "A     LONG  Z", "word  x", "      é     z",
            ]
        )
        #expect(Output.lines([["a\nb\u{202E}", "c"]]) == ["a b   c"])
        #expect(Output.lines([]) == [])
        #expect(Output.lines([["a"], ["a", "b"]]) == ["a", "a  b"])
    }

    @Test(arguments: [
        ("0.400000000", "0.40"), ("0.000092000", "0.000092"), ("12", "12"), ("0.000000000", "0.00"), ("7.5", "7.5"),
    ])
    func moneyForPeople(amount: String, shown: String) {
        #expect(Output.money(amount) == shown)
    }

    @Test func aQuoteIsShownLineByLine() {
        let quote: JSONValue = [
            "total": "0.410000000", "currency": "USD", "hold": "0.410000001",
            "lines": [
                ["unit": "second", "quantity": "4", "price": "0.1", "amount": "0.400000000", "why": "resolution=720p"],
                ["unit": "audio_minute", "quantity": "0.5", "price": "0.02", "amount": "0.010000000", "why": ""],
            ],
            "adjustments": [["parameter": "seed", "asked": 4, "used": .null, "reason": "unsupported_parameter"]],
        ]
        #expect(
            QuoteText.lines(quote) == [
                "4 second          x 0.1 USD   = 0.40 USD  (resolution=720p)",
                "0.5 audio minute  x 0.02 USD  = 0.01 USD",
                "total 0.41 USD; 0.410000001 USD are set aside while the job runs",
                "seed: left out (unsupported_parameter)",
            ]
        )
    }

    @Test func aModelIsARow() {
        let model: JSONValue = [
            "slug": "a/v", "type": "video",
            "prices": [
                ["unit": "second", "price": "0.1", "conditions": [:]],
                ["unit": "second", "price": "0.2", "conditions": ["resolution": "1080p", "audio": "true"]],
            ],
            "parameters": [
                "duration": ["values": [4, 6, 1, 2, 3]], "resolution": ["values": ["720p", "1080p"]],
                "size": ["values": ["1x1"]],
            ],
            "aliases": ["sora-2"],
            "endpoints": [["provider": "one", "available_until": "2027-01-31"], ["provider": "two"]],
        ]
        #expect(
            ModelText.row(model) == [
                "a/v", "video", "0.1 USD/second, 0.2 USD/second (audio=true resolution=1080p)",
                "1-4 6 s; 720p 1080p", "one (until 2027-01-31), two",
            ]
        )
        #expect(ModelText.aliasRows(model) == [["sora-2", "alias", "", "as a/v", ""]])
        #expect(ModelText.ranges([5]) == "5")
        #expect(ModelText.ranges([4, 5]) == "4 5")
    }

    @Test func aQueryIsEncoded() {
        #expect(URLQuery.text([("a", "x/y&z é"), ("b", nil), ("c", "1")]) == "?a=x%2Fy%26z%20%C3%A9&c=1")
        #expect(URLQuery.text([("b", nil)]) == "")
    }

    @Test(
        arguments: [("completed", 0), ("failed", 1), ("cancelled", 2), ("expired", 3), ("other", 1)]
            as [(String, Int32)]
    )
    func aCommandEndsAsItsJob(status: String, code: Int32) {
        #expect(JobEnding.code(of: ["id": "job_1", "status": .string(status)]).rawValue == code)
    }

    @Test func theSummaryOfAFailureIsItsReason() {
        let job: JSONValue = [
            "id": "job_1", "status": "failed", "error": ["message": "It\nfailed."], "usage": .null,
        ]
        #expect(JobEnding.summary(of: job) == "job_1 failed: It failed.")
    }

    @Test func aStatusSteersNoTerminal() {
        let job: JSONValue = ["id": "job_1\u{1B}[31m", "status": "odd\u{1B}[2J"]
        #expect(JobEnding.summary(of: job) == "job_1 [31m odd [2J")
        #expect(JobStanding(job).words == "odd [2J")
    }

    @Test func aVersionIsFound() {
        #expect(ToolCheck.version(in: "ffmpeg version 5.1.6-0+deb12u1 Copyright (c)\nbuilt with") == "5.1.6-0+deb12u1")
        #expect(ToolCheck.version(in: "ffmpeg version N-109542-g Copyright") == "N-109542-g")
        #expect(ToolCheck.version(in: "eSpeak NG text-to-speech: 1.51  Data at: /usr") == "1.51")
        #expect(ToolCheck.version(in: "") == nil)
    }

    @Test func findingsAreOneLineEach() {
        #expect(
            Finding.lines([.ok("disk", "1 GB free"), .fail("port", "taken", hint: "set MEDIARY_PORT")]) == [
                "ok    disk  1 GB free", "fail  port  taken; set MEDIARY_PORT",
            ]
        )
    }
}

/// Goal: files get the names that were asked for, and nothing is paid for that could not be saved.
@Suite struct DestinationTests {
    @Test func namesFollowTheFileThatWasAskedFor() throws {
        try withTemporaryFolder { (folder) throws in
            func names(_ path: String?, _ types: String...) throws -> [String] {
                try Destination(path).paths(for: types, of: "job_1").map { $0.replacing(folder, with: "F") }
            }
            #expect(try names("\(folder)/a.mp4", "video/mp4") == ["F/a.mp4"])
            #expect(try names("\(folder)/a", "video/mp4") == ["F/a.mp4"])
            #expect(try names("\(folder)/a.b.png", "image/png", "image/png") == ["F/a.b-1.png", "F/a.b-2.png"])
            #expect(try names("\(folder)/a", "image/png", "image/webp") == ["F/a-1.png", "F/a-2.webp"])
            #expect(try names("\(folder)/a.jpg", "image/png") == ["F/a.jpg"])
            #expect(try names("\(folder)/.hidden", "image/png") == ["F/.hidden.png"])
            #expect(try names("\(folder)/a", "x/unknown") == ["F/a.bin"])
            #expect(try names(folder, "image/png", "image/png") == ["F/job_1-1.png", "F/job_1-2.png"])
            #expect(try names("\(folder)/", "image/png") == ["F/job_1.png"])
            #expect(try names(nil, "audio/mpeg") == ["job_1.mp3"])
            #expect(try names("here.wav", "audio/wav") == ["here.wav"])
        }
    }

    @Test func whereNothingCanBeSavedIsSaidAtOnce() throws {
        try withTemporaryFolder { (folder) throws in
            expectFailure("There is no folder \(folder)/none") { _ = try Destination("\(folder)/none/a.mp4") }
            expectFailure("There is no folder \(folder)/none/") { _ = try Destination("\(folder)/none/") }
            expectFailure("-o is empty") { _ = try Destination("") }
        }
    }

    @Test func onlyFilesAndFoldersAreSavedTo() throws {
        try withTemporaryFolder { (folder) throws in
            let files = FileManager.default
            try #require(mkfifo("\(folder)/pipe", 0o600) == 0)
            try files.createSymbolicLink(atPath: "\(folder)/link.png", withDestinationPath: "\(folder)/none")
            try files.createSymbolicLink(atPath: "\(folder)/there", withDestinationPath: folder)
            for path in ["\(folder)/pipe", "\(folder)/link.png", "/dev/null"] {
                expectFailure("\(path) is neither a file nor a folder") { _ = try Destination(path) }
            }
            #expect(try Destination("\(folder)/there").stem == nil)
        }
    }
}
