import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import Testing

@testable import StudioAdapter

/// What becomes of running generations when services and processes die.
@Suite(.enabled(if: StudioStage.isPossible, "ffmpeg or espeak-ng is not installed"))
struct StudioProcessTests {
    /// Takes long enough to be interrupted.
    private let long = GenerationRequest.Content.video(
        StudioStage.motion(seconds: 10, resolution: "1080p", ratio: "16:9")
    )
    private let short = GenerationRequest.Content.video(StudioStage.motion())

    @Test func anotherInstanceSeesProgressAndTheEnd() async throws {
        try await withStage { stage in
            let operation = try await stage.submit(.video(StudioStage.motion(seconds: 4, resolution: "720p")))
            let other = try StudioStage(work: stage.work)
            var seen: [Double] = []
            _ = try await stage.wait("the end") { () -> Bool? in
                guard case .pending(let progress, _, _) = try await other.adapter.status(of: operation) else {
                    return true
                }
                if let progress, progress != seen.last { seen.append(progress) }
                return nil
            }
            #expect(seen.count > 1)
            #expect(seen == seen.sorted())
            guard case .completed = try await other.adapter.status(of: operation) else {
                Issue.record("not completed")
                return
            }
        }
    }

    @Test func atMostOneChildPerSlotRuns() async throws {
        try await withStage(processorCount: 1) { stage in
            let first = try await stage.submit(long, id: "first")
            _ = try await stage.wait("the first to run") { try stage.folder(of: first).has("running") ? true : nil }
            let second = try await stage.submit(short, id: "second")
            #expect(try await stage.adapter.status(of: second) == .pending(progress: nil, isQueued: true))
            try await stage.adapter.cancel(first)
            guard case .completed = try await stage.end(of: second) else {
                Issue.record("the second did not get the slot")
                return
            }
        }
    }

    @Test func cancellingEndsEveryProcess() async throws {
        try await withStage { stage in
            let operation = try await stage.submit(long)
            _ = try await stage.wait("ffmpeg") { try stage.processes(of: operation) > 1 ? true : nil }
            try await stage.adapter.cancel(operation)
            #expect(try await stage.end(of: operation) == .cancelled(chargedNanoUSD: 0))
            _ = try await stage.wait("the end of all") { try stage.processes(of: operation) == 0 ? true : nil }
        }
    }

    @Test func anOrphanIsEndedAndTheSameSendRunsAgain() async throws {
        try await withTemporaryFolder { folder in
            defer { StudioSweeper.takeOver("\(folder)/studio", now: 0) }
            let operation: ProviderOperation
            do {
                let crashed = try StudioStage(work: folder)
                operation = try await crashed.submit(long)
                // A second service beside a live one touches nothing.
                let guest = try StudioStage(work: folder)
                #expect(try guest.folder(of: operation).runner?.isAlive == true)
            }
            let next = try StudioStage(work: folder)
            let status = try await next.end(of: operation)
            guard case .failed(let failure) = status else {
                Issue.record("\(status)")
                return
            }
            #expect(failure.code == .unavailable)
            #expect(failure.retry == .backoff)
            #expect(failure.billing == .notCharged)
            #expect(failure.requestReachedProvider == .yes)
            _ = try await next.wait("the end of all") { try next.processes(of: operation) == 0 ? true : nil }
            #expect(try await next.outputs(short, sends: 1).count == 1)
        }
    }

    @Test func childrenThatOutlivedTheirRunnerAreEndedToo() async throws {
        try await withTemporaryFolder { folder in
            defer { StudioSweeper.takeOver("\(folder)/studio", now: 0) }
            let operation: ProviderOperation
            do {
                let crashed = try StudioStage(work: folder)
                operation = try await crashed.submit(long)
                // At work, and not merely started: one that has not begun may end with its runner.
                _ = try await crashed.wait("ffmpeg at work") {
                    try crashed.processes(of: operation, named: "ffmpeg") > 0 && crashed.hasOutput(of: operation)
                        ? true : nil
                }
                let runner = try #require(try crashed.folder(of: operation).runner)
                kill(runner.pid, SIGKILL)
                guard case .failed = try await crashed.end(of: operation) else {
                    Issue.record("a dead runner was not noticed")
                    return
                }
                #expect(try crashed.processes(of: operation) > 0)
            }
            let next = try StudioStage(work: folder)
            _ = try await next.wait("the end of all") { try next.processes(of: operation) == 0 ? true : nil }
        }
    }

    @Test func aSubmitThatMayNotSendDisturbsNothing() async throws {
        try await withStage { stage in
            let operation = try await stage.submit(long)
            let request = GenerationRequest(model: "studio/motion", content: short)
            let refusal = ProviderFailure(
                .unavailable,
                retry: .backoff,
                billing: .notCharged,
                requestReachedProvider: .no,
                message: "Another worker has the job."
            )
            let attempt = TestAttempt(at: stage.adapter, externalID: "att_1")
            let model = try #require(stage.adapter.models.first)
            let resolved = try request.resolved(against: model, strict: true).request
            await #expect(throws: refusal) {
                _ = try await stage.adapter.submit(resolved, attempt: attempt.context(refusal: refusal))
            }
            #expect(try stage.folder(of: operation).runner?.isAlive == true)
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(stage.work)/studio")
            #expect(names.sorted() == [operation.payload, "owner.lock", "slots"].sorted())
        }
    }

    @Test func aRunnerInheritsNothingOfTheService() async throws {
        try await withStage { stage in
            let operation = try await stage.submit(long)
            let runner = try #require(try stage.folder(of: operation).runner)
            let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(runner.pid)/fd").compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(runner.pid)/fd/\($0)")
            }
            for file in files {
                #expect(file == "/dev/null" || file.hasPrefix(stage.work) || file.hasPrefix("pipe:"), "\(file)")
            }
            let environment = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(runner.pid)/environ"))
            let names = environment.split(separator: 0).map {
                String(decoding: $0.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
            }
            #expect(Set(names).isSubset(of: ["PATH", "LC_ALL", "PWD", "OLDPWD"]))
        }
    }

    @Test func aNumberThatWasUsedAgainIsAnotherProcess() throws {
        let pid = getpid()
        let text = try #require(StudioFolder.text("/proc/\(pid)/stat"))
        let ticks = try #require(text.split(separator: ") ").last.map { $0.split(separator: " ")[19] })
        let boot = try #require(StudioFolder.text("/proc/sys/kernel/random/boot_id"))
        #expect(StudioProcess(note: "\(pid) \(ticks) \(boot)")?.isAlive == true)
        #expect(StudioProcess(note: "\(pid) \(ticks)1 \(boot)")?.isAlive == false)
        #expect(StudioProcess(note: "\(pid) \(ticks) another-boot")?.isAlive == false)
        for note in ["", "1 2 boot", "-5 2 boot", "0 2 boot", "12", "a b c"] {
            #expect(StudioProcess(note: note) == nil)
        }
    }

    @Test(arguments: [
        ("inputs 1", ProviderFailure.Code.invalidRequest, ProviderFailure.Retry.never),
        ("inputs 183", .invalidRequest, .never), ("speech 1", .invalidRequest, .never),
        ("render 1", .unknown, .never), ("render 228", .unknown, .never), ("render 152", .timedOut, .never),
        ("render 153", .timedOut, .never), ("render 137", .unavailable, .backoff), ("", .unavailable, .backoff),
    ])
    func endsMeanWhatTheySay(_ exit: String, _ code: ProviderFailure.Code, _ retry: ProviderFailure.Retry) async throws
    {
        try await withStage { stage in
            let operation = ProviderOperation(remoteID: "att_1-1", payload: "att_1-1")
            let folder = try stage.folder(of: operation)
            let draft = try StudioFolder.draft(in: "\(stage.work)/studio")
            try draft.write(Array(#"{"outputs":[]}"#.utf8), to: "plan")
            try draft.write(Array("\(exit)\n".utf8), to: "exit")
            try draft.become(folder)
            guard case .failed(let failure) = try await stage.adapter.status(of: operation) else {
                Issue.record("not failed")
                return
            }
            #expect(failure.code == code)
            #expect(failure.retry == retry)
            #expect(failure.billing == .notCharged)
        }
    }

    // MARK: - Cleaning up

    @Test func foldersGoAnHourAfterTheirEndAndADayAfterTheirStart() async throws {
        try await withTemporaryFolder { folder in
            let finished = try StudioStage(work: folder)
            let path = try await finished.output(.speech(StudioStage.voice("Hello.")), id: "old")
            let later: @Sendable () -> Int64 = { StudioStage.realNow() + 3_700_000 }
            let guest = try StudioStage(work: folder, now: later)
            #expect(FileManager.default.fileExists(atPath: path))
            _ = try await guest.output(.speech(StudioStage.voice("Hello.")), id: "new")
            #expect(!FileManager.default.fileExists(atPath: path))
        }
        try withTemporaryFolder { (folder: String) throws in
            let stale = try StudioFolder(name: "att_1-1", in: "\(folder)/studio")
            try StudioFolder.draft(in: "\(folder)/studio").become(stale)
            let draft = try StudioFolder.draft(in: "\(folder)/studio")
            _ = try StudioStage(work: folder)
            #expect(stale.has("."))
            #expect(!draft.has("."))
            _ = try StudioStage(work: folder, now: { StudioStage.realNow() + 90_000_000 })
            #expect(!stale.has("."))
        }
    }

    @Test func namesOfFoldersCannotLeaveTheWorkFolder() {
        for name in ["att_1-1", "a-999999"] { #expect(StudioFolder.isName(name)) }
        for name in ["", "..", "../x-1", "a/b-1", "a-", "-1", "A-1", "a-1-1", "a-1\n", "slots", "a-1234567", "ä-1"] {
            #expect(!StudioFolder.isName(name), "\(name)")
        }
    }

    // MARK: - What is installed

    @Test func onlyWhatCanBeMadeIsOffered() throws {
        try withTemporaryFolder { (folder: String) throws in
            func models(_ tools: String...) throws -> [String] {
                let path = "\(folder)/\(tools.count)-\(tools.joined())"
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                for tool in tools {
                    try FileManager.default.createSymbolicLink(
                        atPath: "\(path)/\(tool)",
                        withDestinationPath: "/bin/true"
                    )
                }
                return StudioAdapter.instances(StudioStage.settings("\(folder)/work", path: path))
                    .flatMap { $0.models.map(\.slug) }
            }
            #expect(try models() == [])
            #expect(try models("ffmpeg", "espeak-ng") == [])
            #expect(try models("setsid", "flock", "prlimit") == [])
            #expect(try models("setsid", "flock", "prlimit", "ffmpeg") == ["studio/motion", "studio/still"])
            #expect(try models("setsid", "flock", "prlimit", "espeak-ng") == ["studio/voice"])
        }
    }
}
