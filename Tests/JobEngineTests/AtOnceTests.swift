import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import JobCore
import JobEngine
import Ledger
import ProviderKit
import Synchronization
import Testing

/// A provider that is done with the answer to the submit, which alone carries the media.
private struct AtOnceAdapter: ScriptedAdapter {
    /// What the adapter writes, and what lies between two pieces.
    final class Script: Sendable {
        let pieces: [[UInt8]]
        let breaks: Bool
        let transcript: Transcript?
        let between: @Sendable (Int) async throws -> Void

        init(
            _ pieces: [[UInt8]] = [],
            breaks: Bool = false,
            transcript: Transcript? = nil,
            between: @escaping @Sendable (Int) async throws -> Void = { _ in }
        ) {
            self.pieces = pieces
            self.breaks = breaks
            self.transcript = transcript
            self.between = between
        }
    }

    static let pcm = "audio/pcm;rate=24000;channels=1"

    let wire: NodeTransport
    let script: Script
    let slots = 10
    let submitsPerMinute: Int? = nil
    let offered: Set<String> = []

    var models: [ModelCapabilities] {
        [
            Self.model(
                "fake/speech",
                .speech(SpeechParameters(voices: ["ann"], formats: ["pcm"])),
                ListPrice(unit: "character", usd: "0.001")
            ),
            Self.model(
                "fake/transcription",
                .transcription(
                    TranscriptionParameters(
                        formats: ["json", "srt"],
                        mediaTypes: ["audio/pcm"],
                        bytesMax: 1_000_000,
                        secondsMax: 600
                    )
                ),
                ListPrice(unit: "audio_second", usd: "0.01")
            ),
        ]
    }

    private static func model(_ slug: String, _ parameters: ModelParameters, _ price: ListPrice) -> ModelCapabilities {
        ModelCapabilities(
            slug: slug,
            name: slug,
            summary: "Scripted.",
            parameters: parameters,
            promptCharactersMax: 1_000,
            prices: [price],
            limits: EndpointLimits(slots: 10),
            timing: EndpointTiming(
                typicalSeconds: 1,
                deadlineSeconds: 900,
                sendTimeoutSeconds: 60,
                pollIntervalSeconds: 0.5
            ),
            source: "made for tests, 2026-11-21"
        )
    }

    func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        let fields = [
            "model": request.model, "prompt": request.prompt, "external_id": context.reference.externalID, "salt": "",
            "inputs": "",
        ]
        let body = (try? JSONEncoder().encode(fields)).map(Array.init) ?? []
        let answer = try await context.send(HTTPRequest(.post, "https://provider/submit", body: body))
        guard answer.status == 200 else { throw Self.broken }
        if let transcript = script.transcript {
            let bytes = (try? JSONEncoder().encode(transcript)).map(Array.init) ?? []
            return .completed([try context.seal(bytes, mediaType: "application/json")], ReportedUsage())
        }
        let output = try context.openOutput(mediaType: Self.pcm)
        for (index, piece) in script.pieces.enumerated() {
            try output.append(piece)
            do {
                try await script.between(index)
            } catch {
                throw Self.broken
            }
        }
        if script.breaks {
            output.discard()
            throw Self.broken
        }
        return .completed([try output.finish()], ReportedUsage())
    }

    private static let broken = ProviderFailure(
        .unknown,
        retry: .never,
        billing: .unknown,
        requestReachedProvider: .yes,
        message: "The answer broke off."
    )
}

@Suite("Providers that are done with the answer to the submit")
struct AtOnceTests {
    private static let samples = (0..<4).map { [UInt8](repeating: UInt8($0), count: 4_800) }

    private static func files(_ harness: EngineHarness) -> [String] {
        FileManager.default.enumerator(atPath: harness.outputFolder)?.compactMap { $0 as? String } ?? []
    }

    private static func artifact(_ job: Job) throws -> Artifact {
        guard case .completed(let completed) = job.state else { throw NotCompleted(state: job.state.name) }
        return try #require(completed.artifacts.first)
    }

    private struct NotCompleted: Error {
        let state: JobState.Name
    }

    @Test("what is heard while it comes is what is kept, and nothing is left of the attempt")
    func flows() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .completeAtOnce }
            let clock = harness.clock
            let script = AtOnceAdapter.Script(Self.samples) { _ in try await clock.sleep(1) }
            let node = try harness.node(adapter: { AtOnceAdapter(wire: $0, script: script) })
            let id = try await node.submit("four seconds", model: "fake/speech")
            let (_, standing) = node.outputs.follow(id)
            node.start()
            try await harness.until("the first second is there") { standing().outputs.first?.bytes ?? 0 > 0 }
            let live = try #require(standing().outputs.first)
            #expect(live.mediaType == AtOnceAdapter.pcm && !live.isWhole)
            let handle = try #require(FileHandle(forReadingAtPath: live.path))
            let job = try await harness.end(of: id)
            let artifact = try Self.artifact(job)
            #expect(artifact.mediaType == AtOnceAdapter.pcm)
            #expect(artifact.durationMilliseconds == 400)
            // Who has it open reads on to its end, though its name is gone.
            #expect(try handle.readToEnd().map(Array.init) == Self.samples.flatMap(\.self))
            #expect(harness.files.bytes(of: artifact.key) == Self.samples.flatMap(\.self))
            #expect(Self.files(harness).isEmpty)
            #expect(standing().outputs.isEmpty)
            try await harness.expectSound([id])
        }
    }

    @Test(
        "killed once the answer is on record: stored and charged from this disk, and not sent again",
        arguments: [WriteAheadStep.evidence, .storing, .spooled, .kept]
    )
    func killed(step: WriteAheadStep) async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .completeAtOnce }
            let script = AtOnceAdapter.Script(Self.samples)
            let first = try harness.node(
                passed: { node, passed in if passed == step { node.die() } },
                adapter: { AtOnceAdapter(wire: $0, script: script) }
            )
            first.start()
            let id = try await first.submit("speak", model: "fake/speech")
            try await harness.until("the node is dead") { first.life.isDead }
            await first.kill()
            let second = try harness.node(
                adapter: { AtOnceAdapter(wire: $0, script: script) },
                settings: { $0.isOnlyProcess = true }
            )
            second.start()
            let job = try await harness.end(of: id)
            #expect(harness.files.bytes(of: try Self.artifact(job).key) == Self.samples.flatMap(\.self))
            #expect(harness.provider.submits.count == 1)
            #expect(Self.files(harness).isEmpty)
            try await harness.expectSound([id])
        }
    }

    @Test("a stream that breaks is taken back, refunded, and not sent again")
    func breaks() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .completeAtOnce }
            let script = AtOnceAdapter.Script(Self.samples, breaks: true)
            let node = try harness.node(adapter: { AtOnceAdapter(wire: $0, script: script) })
            let id = try await node.submit("speak", model: "fake/speech")
            node.start()
            guard case .failed(let failure) = try await harness.end(of: id, within: 2_000).state else {
                Issue.record("it did not fail")
                return
            }
            #expect(failure.code == .outcomeUnknown)
            #expect(harness.provider.submits.count == 1)
            #expect(try await harness.spent() == .zero)
            #expect(Self.files(harness).isEmpty)
            try await harness.expectSound([id])
        }
    }

    @Test("half a sample is no sound, and is not paid for")
    func halfASample() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .completeAtOnce }
            let script = AtOnceAdapter.Script([[1, 2, 3]])
            let node = try harness.node(adapter: { AtOnceAdapter(wire: $0, script: script) })
            let id = try await node.submit("speak", model: "fake/speech")
            node.start()
            guard case .failed(let failure) = try await harness.end(of: id, within: 2_000).state else {
                Issue.record("it did not fail")
                return
            }
            #expect(failure.code == .invalidOutput)
            #expect(try await harness.spent() == .zero)
        }
    }

    @Test("an upload is listened to, kept, and billed by its length; the transcript is in the form asked for")
    func transcription() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .completeAtOnce }
            let heard = Transcript(text: "Hello.", segments: [.init(start: 0, end: 500, text: "Hello.")])
            let script = AtOnceAdapter.Script(transcript: heard)
            let node = try harness.node(adapter: { AtOnceAdapter(wire: $0, script: script) })
            // Two and a half seconds at 16 kHz.
            let upload = try await spool([UInt8](repeating: 0, count: 80_000), harness)
            var asked = TranscriptionRequest(inputAudio: .upload(0))
            asked.responseFormat = "srt"
            let request = GenerationRequest(model: "fake/transcription", content: .transcription(asked))
            let submission = JobSubmission(
                key: harness.key,
                request: request,
                parameters: JobParameters(),
                uploads: [upload],
                idempotencyKey: nil
            )
            guard case .accepted(let admitted) = try await node.service.submit(submission, answer: { "\($0.id)" })
            else {
                Issue.record("it was not accepted")
                return
            }
            #expect(admitted.admitted.hold == Credits(usd: "0.025"))
            let key = ArtifactKey.input(sha256: upload.file.sha256)
            #expect(harness.files.bytes(of: key)?.count == 80_000)
            node.start()
            let job = try await harness.end(of: admitted.id)
            let artifact = try Self.artifact(job)
            #expect(artifact.mediaType == "application/x-subrip")
            let text = harness.files.bytes(of: artifact.key).map { String(decoding: $0, as: UTF8.self) }
            #expect(text == heard.rendered(as: .srt))
            #expect(try await harness.spent() == Credits(usd: "0.025"))
            try await harness.expectSound([admitted.id])
        }
    }

    @Test("an upload goes along when the key that was to serve it is gone in the moment of its admission")
    func uploadOfASecondRound() async throws {
        try await EngineHarness.run { harness in
            harness.provider.script.submit = { _ in .completeAtOnce }
            let rounds = Rounds()
            let node = try harness.node(
                fault: { $0 == "admit" && rounds.next() == 1 ? .findsNoKey : nil },
                adapter: { AtOnceAdapter(wire: $0, script: AtOnceAdapter.Script()) }
            )
            let upload = try await spool([UInt8](repeating: 0, count: 80_000), harness)
            let asked = TranscriptionRequest(inputAudio: .upload(0))
            let submission = JobSubmission(
                key: harness.key,
                request: GenerationRequest(model: "fake/transcription", content: .transcription(asked)),
                parameters: JobParameters(),
                uploads: [upload],
                idempotencyKey: nil
            )
            guard case .accepted(let admitted) = try await node.service.submit(submission, answer: { "\($0.id)" })
            else {
                Issue.record("it was not accepted")
                return
            }
            #expect(rounds.next() == 3)
            #expect(admitted.admitted.hold == Credits(usd: "0.025"))
            #expect(harness.files.bytes(of: .input(sha256: upload.file.sha256))?.count == 80_000)
        }
    }

    @Test("an upload that cannot be listened to is refused, and nothing of it stays")
    func badUpload() async throws {
        try await EngineHarness.run { harness in
            let node = try harness.node(adapter: { AtOnceAdapter(wire: $0, script: AtOnceAdapter.Script()) })
            for (bytes, type, words) in [
                ([1, 2, 3], "audio/pcm", "no whole samples"), (Array("not a sound".utf8), "audio/wav", "not a sound"),
                (TestMedia.image, "audio/wav", "not a sound"),
            ] as [([UInt8], String, String)] {
                let upload = try await spool(bytes, harness, as: type)
                let request = GenerationRequest(
                    model: "fake/transcription",
                    content: .transcription(TranscriptionRequest(inputAudio: .upload(0)))
                )
                let submission = JobSubmission(
                    key: harness.key,
                    request: request,
                    parameters: JobParameters(),
                    uploads: [upload],
                    idempotencyKey: nil
                )
                let problem = await #expect(throws: RequestProblem.self) {
                    _ = try await node.service.submit(submission) { "\($0.id)" }
                }
                #expect(problem?.field == "input_audio")
                #expect(problem?.message.contains(words) == true, "\(problem?.message ?? "")")
                #expect(harness.files.bytes(of: .input(sha256: upload.file.sha256)) == nil)
                #expect(!FileManager.default.fileExists(atPath: upload.file.path))
            }
        }
    }

    private final class Rounds: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    private func spool(
        _ bytes: [UInt8],
        _ harness: EngineHarness,
        as type: String = "audio/pcm"
    ) async throws -> JobSubmission.Upload {
        let rest = Mutex<[UInt8]?>(bytes)
        let file = try await harness.files.spool(bytesMax: 1_000_000, declaredLength: nil) {
            rest.withLock { rest in
                defer { rest = nil }
                return rest
            }
        }
        return JobSubmission.Upload(file: file, mediaType: type)
    }
}
