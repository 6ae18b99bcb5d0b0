import ConformanceKit
import Foundation
import Generation
import HTTPTransport
import MediaInspection
import ProviderKit
import Synchronization
import Testing

@testable import SandboxAdapter

/// What comes while it is made: sounds as bytes, images with previews before them.
@Suite struct SandboxStreamTests {
    @Test(arguments: [
        ("sandbox/speech", "wav"), ("sandbox/speech", "mp3"), ("sandbox/speech", "pcm"), ("sandbox/speech", "opus"),
        ("sandbox/music", "wav"), ("sandbox/sound", "flac"),
    ])
    func aSoundFlowsPieceByPiece(_ model: String, _ format: String) async throws {
        let (stage, watcher) = (Stage(), Watcher())
        let before = stage.clock.now
        let script: JSONValue = ["stream_ms": 100, "stream_pieces": 5, "delay_ms": 300]
        let submission = try await stage.submit(Self.request(model, format, script), watcher)
        guard case .completed(let outputs, let usage) = submission, let output = outputs.first,
            case .file(let path) = output.location
        else {
            Issue.record("\(submission)")
            return
        }
        #expect(stage.clock.now - before == 300 + 4 * 100)
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(watcher.seen.withLock { $0.opened } == [output.mediaType ?? ""])
        #expect(watcher.seen.withLock { $0.sizes.count } == 5)
        #expect(watcher.seen.withLock { $0.sizes.last } == Int64(bytes.count))
        #expect(watcher.seen.withLock { $0.finished } == 1)
        #expect(usage.characters == (model == "sandbox/speech" ? 7 : nil))
        // The same bytes as when they are fetched.
        let plain = try await stage.output(Self.request(model, format, ["delay_ms": 0]))
        #expect(try await stage.read(plain) == bytes)
        #expect(plain.mediaType == output.mediaType)
    }

    @Test func imagesComeWithPreviews() async throws {
        let (stage, watcher) = (Stage(), Watcher())
        var image = ImageRequest(prompt: "a boat")
        image.partialImages = 2
        image.n = 2
        let request = GenerationRequest(
            model: "sandbox/image",
            content: .image(image),
            providerOptions: ["fake-provider": ["stream_ms": 50]]
        )
        guard case .completed(let outputs, _) = try await stage.submit(request, watcher) else {
            Issue.record("not completed")
            return
        }
        #expect(outputs.count == 2)
        let previews = watcher.seen.withLock { $0.previews }
        #expect(previews.map(\.index) == [0, 1])
        var pictures: Set<[UInt8]> = []
        for path in previews.map(\.path) + outputs.compactMap(\.path) {
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            #expect(try MediaInspector.inspect(bytes: bytes, expecting: .png).width == 32)
            pictures.insert(bytes)
        }
        #expect(pictures.count == 4)
        #expect(watcher.seen.withLock { $0.opened }.isEmpty)
    }

    @Test(arguments: ["sandbox/speech", "sandbox/image"])
    func aStreamThatBreaksIsTakenBackAndUnknown(_ model: String) async throws {
        let (stage, watcher) = (Stage(), Watcher())
        let request = Stage.request(model, ["stream_ms": 10, "truncate": true, "recovery": "B"])
        let failure = await #expect(throws: ProviderFailure.self) { _ = try await stage.submit(request, watcher) }
        #expect(failure?.isDefiniteRefusal == false)
        #expect(failure?.requestReachedProvider == .yes)
        #expect(watcher.seen.withLock { $0.finished } == 0)
        if model == "sandbox/speech" { #expect(watcher.seen.withLock { $0.discarded } == 1) }
        // What was being made can be found, and fetched once it is done.
        let attempt = stage.attempt(sentAt: stage.clock.now)
        let found = try await stage.adapter.find(request, attempt: attempt.reference, isTaken: { _ in false })
        guard case .accepted(let operation)? = found else {
            Issue.record("not found")
            return
        }
        stage.clock.advance(milliseconds: 200)
        #expect(try await stage.outputs(of: operation).count == 1)
    }

    @Test func aStreamCanBeDamaged() async throws {
        for script: JSONValue in [["truncate": "silent"], ["wrong_type": true]] {
            guard case .object(var members) = script else { continue }
            members["stream_ms"] = 0
            let submission = try await Stage().submit(
                Self.request("sandbox/speech", "wav", .object(members)),
                Watcher()
            )
            guard case .completed(let outputs, _) = submission, let path = outputs.first?.path else {
                Issue.record("\(submission)")
                continue
            }
            #expect(throws: MediaProblem.self) { try MediaInspector.inspect(path: path, expecting: .wav) }
        }
    }

    @Test func scriptedFailuresShowAsWithoutAStream() async throws {
        let stage = Stage()
        let refusal = await #expect(throws: ProviderFailure.self) {
            _ = try await stage.submit(Stage.request("sandbox/speech", ["stream_ms": 5, "fail": "content_policy"]))
        }
        #expect(refusal?.code == .contentPolicy)
        let late = Stage.request("sandbox/speech", ["stream_ms": 5, "fail": "timeout", "delay_ms": 0])
        guard case .failed(let failure) = try await stage.adapter.status(of: stage.operation(late)) else {
            Issue.record("not failed")
            return
        }
        #expect(failure.code == .timedOut)
    }

    @Test func aTranscriptIsWhatTheScriptSays() async throws {
        let stage = Stage()
        var wish = TranscriptionRequest(inputAudio: .stored(Stage.sound))
        wish.prompt = "[[transcript:A boat at dawn.]] [[delay_ms:0]]"
        wish.timestampGranularities = [.word]
        let request = GenerationRequest(model: "sandbox/transcription", content: .transcription(wish))
        let output = try await stage.output(request)
        #expect(output.mediaType == "application/json")
        let heard = try JSONDecoder().decode(Transcript.self, from: Data(try await stage.read(output)))
        #expect(heard.text == "A boat at dawn.")
        #expect(heard.milliseconds == 3_000)
        #expect(heard.words.count == 4)
    }

    @Test func aScriptOfAnEarlierVersionIsRead() throws {
        let stored = """
            {"delay_milliseconds":200,"progress_steps":0,"fail_at":"submit","lost_answer":false,"wrong_type":false,\
            "recovery":"A","cancellable":true,"sync":false,"hang_milliseconds":0}
            """
        #expect(try Wire.decode(SandboxScript.self, Array(stored.utf8)) == SandboxScript())
    }

    private static func request(_ model: String, _ format: String, _ script: JSONValue) -> GenerationRequest {
        var request = Stage.request(model, script)
        switch request.content {
        case .speech(var speech):
            speech.responseFormat = format
            request.content = .speech(speech)
        case .music(var music):
            music.responseFormat = format
            request.content = .music(music)
        case .sound(var sound):
            sound.responseFormat = format
            request.content = .sound(sound)
        case .video, .image, .transcription: break
        }
        return request
    }
}

/// Notes what a client would have been told.
private final class Watcher: OutputWatcher {
    struct Seen {
        var opened: [String] = []
        var sizes: [Int64] = []
        var finished = 0
        var discarded = 0
        var previews: [(path: String, index: Int)] = []
    }

    let seen = Mutex(Seen())

    func opened(_ path: String, mediaType: String) { seen.withLock { $0.opened.append(mediaType) } }
    func grew(_ path: String, to bytes: Int64) { seen.withLock { $0.sizes.append(bytes) } }
    func finished(_ path: String) { seen.withLock { $0.finished += 1 } }
    func discarded(_ path: String) { seen.withLock { $0.discarded += 1 } }
    func previewed(_ path: String, index: Int, mediaType: String) {
        seen.withLock { $0.previews.append((path, index)) }
    }
}

extension Stage {
    /// One submit, with somebody who listens.
    fileprivate func submit(
        _ request: GenerationRequest,
        _ watcher: (any OutputWatcher)? = nil
    ) async throws -> Submission {
        let reference = attempt(sentAt: clock.now).reference
        let context = AttemptContext(
            reference: reference,
            callbackURL: nil,
            earlierSends: 0,
            transport: adapter.transport,
            sendTimeoutSeconds: 10,
            outputs: TestAttempt.outputs(of: reference, watcher: watcher),
            input: { _ throws(ProviderFailure) in throw .notSent(.notFound, "The input is gone.") },
            gate: { _ throws(ProviderFailure) in SendWindow { true } }
        )
        return try await adapter.submit(request, attempt: context)
    }
}

extension ProviderOutput {
    fileprivate var path: String? {
        guard case .file(let path) = location else { return nil }
        return path
    }
}
