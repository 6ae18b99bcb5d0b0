import Foundation
import Generation
import HTTPTransport
import JobCore
import MediaInspection
import ProviderKit
import Synchronization

/// Why an output cannot be taken as it is.
struct OutputProblem: Error, CustomStringConvertible {
    /// For the client.
    let message: String
    /// For the log.
    let description: String
    /// Whether it was the way to the output that failed, not the output: that passes.
    var isPassing = false
}

/// What an output was found to be.
struct OutputFacts: Sendable, Equatable {
    /// The media type; of bare samples with their rate.
    var mediaType: String
    var width: Int?
    var height: Int?
    /// The length of moving pictures and of sound; of a transcript that of the sound it was heard in.
    var durationMilliseconds: Int64?
}

/// Brings one output of a provider into a temporary file of ours, and checks it whole.
struct ArtifactFetcher: Sendable {
    /// The longest output that is taken, in bytes: 8 GiB.
    private static let bytesMax: Int64 = 8 << 30
    private static let chunkBytes = 256 * 1_024

    let artifacts: any ArtifactStore
    let transport: any HTTPTransport
    /// Where outputs may be wherever that is: at the origins that the operator wrote down.
    let trustedOrigins: Set<String>
    /// Where all others may be.
    let reach: NetworkReach
    /// Where long synchronous work is done.
    let aside: @Sendable (@escaping @Sendable () -> Void) -> Void
    /// Opens outputs at the trusted origins; nil where they are open to everybody who has their URL.
    var authorizer: (any OutputAuthorizingAdapter)?
    /// The longest transcript that is read, and the longest that is written in whatever form, in bytes.
    ///
    /// Defaults to 64 MiB: a day of speech with the time of every word.
    var transcriptBytesMax: Int64 = 64 << 20

    /// Receives and checks an output.
    ///
    /// - Throws: `OutputProblem` when the output is not there, truncated, malformed or of another type; what the store
    ///   throws when it cannot write.
    func fetch(_ output: ProviderOutput, for request: GenerationRequest) async throws -> (SpooledFile, OutputFacts) {
        let file: SpooledFile
        do {
            switch output.location {
            case .url(let url): file = try await fetch(url)
            case .file(let path): file = try await copy(path)
            }
        } catch ArtifactStoreError.wrongLength(let expected, let found) {
            throw OutputProblem(
                message: "The provider's output was truncated.",
                description: "expected \(expected.map(String.init) ?? "at most \(Self.bytesMax)") bytes, got \(found)"
            )
        } catch let failure as TransportFailure {
            if failure.kind == .cancelled { throw CancellationError() }
            throw OutputProblem(
                message: failure.kind == .forbidden
                    ? "The provider's output is at an address that may not be reached."
                    : "The provider's output could not be fetched.",
                description: "\(failure.kind.rawValue): \(failure.detail)",
                isPassing: failure.kind == .noConnection || failure.kind == .timedOut
            )
        }
        do {
            if case .transcription(let transcription) = request.content {
                return try await transcript(file, as: transcription.responseFormat)
            }
            if let samples = BareSamples(output.mediaType), Self.kind(of: request.type) == .audio {
                return (file, try samples.facts(bytes: file.bytes))
            }
            let facts = try await inspect(file.path)
            guard facts.mediaType.kind == Self.kind(of: request.type) else {
                throw OutputProblem(
                    message: "The provider's output is \(facts.mediaType.rawValue), not \(request.type.rawValue).",
                    description: "found \(facts.mediaType.rawValue)"
                )
            }
            return (
                file,
                OutputFacts(
                    mediaType: facts.mediaType.rawValue,
                    width: facts.width,
                    height: facts.height,
                    durationMilliseconds: facts.durationMilliseconds
                )
            )
        } catch let problem as MediaProblem {
            await artifacts.discard(file)
            // Our own disk, and no fault of the output.
            if case .unreadable = problem { throw problem }
            throw OutputProblem(message: "The provider's output is not whole.", description: "\(problem)")
        } catch {
            await artifacts.discard(file)
            throw error
        }
    }

    /// Reads a transcript, and writes it in the form that was asked for; the file that it came in is discarded.
    ///
    /// Either can be much longer than the other: both have the same bound, since each is held in memory.
    private func transcript(_ file: SpooledFile, as format: String?) async throws -> (SpooledFile, OutputFacts) {
        guard file.bytes <= transcriptBytesMax else {
            throw OutputProblem(
                message: "The provider's transcript is too long.",
                description: "\(file.bytes) bytes; at most \(transcriptBytesMax) are read"
            )
        }
        let format = format.flatMap(Transcript.Format.init) ?? .json
        let path = file.path
        let (rendered, milliseconds) = try await long { try Self.rendered(path, as: format) }
        guard rendered.count <= transcriptBytesMax else {
            throw OutputProblem(
                message: "The provider's transcript is too long.",
                description: "\(rendered.count) bytes as \(format.rawValue); at most \(transcriptBytesMax) are kept"
            )
        }
        let chunks = OnceSequence(rendered)
        let written = try await artifacts.spool(
            bytesMax: Int64(rendered.count),
            declaredLength: Int64(rendered.count),
            next: { chunks.next() }
        )
        await artifacts.discard(file)
        return (written, OutputFacts(mediaType: format.mediaType, durationMilliseconds: milliseconds))
    }

    /// Reads a transcript from a file, and writes it in a form.
    private static func rendered(_ path: String, as format: Transcript.Format) throws -> ([UInt8], Int64?) {
        guard let data = FileManager.default.contents(atPath: path),
            let transcript = try? JSONDecoder().decode(Transcript.self, from: data)
        else {
            throw OutputProblem(
                message: "The provider's transcript cannot be read.",
                description: "what came is no transcript"
            )
        }
        return (Array(transcript.rendered(as: format).utf8), transcript.milliseconds)
    }

    /// Fetches what a provider named: no further than a provider may send us.
    ///
    /// Without any credentials, except those that its adapter gives for its own origins. A redirect to another origin
    /// loses them.
    private func fetch(_ url: String) async throws -> SpooledFile {
        var options = ExchangeOptions(totalTimeoutSeconds: 3_600)
        options.redirectsMax = 3
        options.bodyBytesMax = Self.bytesMax
        let isTrusted = (try? RemoteURL(url)).map { trustedOrigins.contains($0.origin) } ?? false
        options.reach = isTrusted ? .anywhere : reach
        options.reachOfOtherOrigins = reach
        let request = HTTPRequest(.get, url, headers: isTrusted ? try await credentials() : [])
        let response = try await transport.exchange(request, options: options)
        guard response.status == 200 else {
            throw OutputProblem(
                message: "The provider's output could not be fetched.",
                description: "status \(response.status)",
                isPassing: response.status == 429 || response.status >= 500
            )
        }
        let body = response.body
        return try await artifacts.spool(
            bytesMax: Self.bytesMax,
            declaredLength: response.contentLength,
            next: { try await body.next() }
        )
    }

    /// The header fields that open an output, asked anew each time: they may be valid for minutes only.
    private func credentials() async throws -> [(name: String, value: String)] {
        guard let authorizer else { return [] }
        do {
            return try await authorizer.outputHeaders()
        } catch {
            throw OutputProblem(
                message: "The provider's output could not be fetched.",
                description: "no credentials: \(error.details)",
                isPassing: true
            )
        }
    }

    /// Copies a file that an adapter on this machine made.
    ///
    /// Short reads, so that no thread is held for long.
    private func copy(_ path: String) async throws -> SpooledFile {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            // One that is there cannot be opened for reasons of our own, such as too many open files.
            let isThere = FileManager.default.fileExists(atPath: path)
            throw OutputProblem(message: "The output is gone.", description: "no file", isPassing: isThere)
        }
        let source = FileSource(handle)
        return try await artifacts.spool(bytesMax: Self.bytesMax, declaredLength: try source.length()) {
            try source.next(Self.chunkBytes)
        }
    }

    /// Walks a file; a long one reads gigabytes.
    private func inspect(_ path: String) async throws -> MediaFacts {
        try await long { try MediaInspector.inspect(path: path) }
    }

    /// Does long work, which must not hold up the threads that jobs run on.
    private func long<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            aside { continuation.resume(with: Swift.Result { try work() }) }
        }
    }

    private static func kind(of type: GenerationType) -> MediaType.Kind? {
        switch type {
        case .video: .video
        case .image: .image
        case .speech, .music, .sound: .audio
        case .transcription: nil
        }
    }
}

/// Sound without a container: `audio/pcm;rate=24000;channels=1`, samples of 16 bits.
///
/// Nothing in it can be checked but that it holds whole samples.
private struct BareSamples {
    let rate: Int64
    let channels: Int64

    init?(_ mediaType: String?) {
        let parts = (mediaType ?? "").split(separator: ";").map { $0.filter { $0 != " " } }
        guard parts.first == "audio/pcm" else { return nil }
        func value(_ name: String) -> Int64? {
            parts.first { $0.hasPrefix("\(name)=") }.flatMap { Int64($0.dropFirst(name.count + 1)) }
        }
        rate = value("rate") ?? 24_000
        channels = value("channels") ?? 1
        guard (1_000...384_000).contains(rate), (1...8).contains(channels) else { return nil }
    }

    func facts(bytes: Int64) throws -> OutputFacts {
        guard bytes > 0, bytes.isMultiple(of: 2 * channels) else {
            throw OutputProblem(
                message: "The provider's output is not whole.",
                description: "\(bytes) bytes are no whole samples"
            )
        }
        return OutputFacts(
            mediaType: "audio/pcm;rate=\(rate);channels=\(channels)",
            durationMilliseconds: bytes / 2 / channels * 1_000 / rate
        )
    }
}

/// Reads a file chunk by chunk.
private final class FileSource: Sendable {
    private let handle: Mutex<FileHandle>

    init(_ handle: sending FileHandle) { self.handle = Mutex(handle) }

    func length() throws -> Int64 {
        try handle.withLock { handle in
            let end = try handle.seekToEnd()
            try handle.seek(toOffset: 0)
            return Int64(clamping: end)
        }
    }

    func next(_ count: Int) throws -> [UInt8]? {
        try handle.withLock { handle in
            guard let data = try handle.read(upToCount: count), !data.isEmpty else {
                try handle.close()
                return nil
            }
            return Array(data)
        }
    }
}
