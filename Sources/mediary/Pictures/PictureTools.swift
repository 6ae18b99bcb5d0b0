import Foundation
import Generation
import HTTPTransport
import MediaInspection
import ProviderKit
import Subprocess

/// Brings pictures to an exact size with ffmpeg, for providers that take no other.
///
/// One short process for each picture. A crash of the service, or a cancelled task, leaves nothing running for longer
/// than the bound. The same picture and size give the same bytes, so that a request that is built again is the same.
struct PictureTools: Sendable {
    /// How long one picture may take by the clock, and of processor time, in seconds.
    private static let secondsMax = (clock: 60, processor: 20)
    /// How much memory the process may ask for, in bytes: room for 50 million pixels, twice.
    private static let memoryMax = 3 << 30
    /// The longest result, in bytes.
    private static let bytesMax = 64 << 20
    /// The most pixels that are decoded: what references are held to at the door.
    private static let pixelsMax = 50_000_000

    /// The programs by absolute path; nil when one is missing.
    private let programs: Programs?

    private struct Programs: Sendable {
        let ffmpeg: String
        let prlimit: String
        let timeout: String
        let path: String
    }

    /// Looks the programs up on the service's own `PATH`.
    init(_ environment: [String: String]) {
        let path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        func find(_ name: String) -> String? {
            path.split(separator: ":").map { "\($0)/\(name)" }
                .first { $0.hasPrefix("/") && FileManager.default.isExecutableFile(atPath: $0) }
        }
        guard let ffmpeg = find("ffmpeg"), let prlimit = find("prlimit"), let timeout = find("timeout") else {
            programs = nil
            return
        }
        programs = Programs(ffmpeg: ffmpeg, prlimit: prlimit, timeout: timeout, path: path)
    }

    /// The picture at exactly that size: scaled until it covers it, and cropped around its centre.
    ///
    /// A picture that has the size already comes back byte for byte. PNG stays PNG, with its transparency; JPEG and WebP
    /// stay what they are, at a quality that shows no loss.
    ///
    /// - Parameters:
    ///   - bytes: The picture.
    ///   - mediaType: What it is said to be; what counts is what its bytes say.
    ///   - size: The size it must have.
    /// - Returns: The picture and its media type.
    /// - Throws: `invalidRequest` for what is no still picture of a kind that can be scaled, and where ffmpeg is missing;
    ///   `unavailable` when the process could not be run. Nothing was sent to the provider by then.
    func scaled(
        _ bytes: [UInt8],
        _ mediaType: String,
        to size: PixelSize
    ) async throws(ProviderFailure) -> (bytes: [UInt8], mediaType: String) {
        let found: ImageDimensions
        do {
            found = try MediaInspector.imageDimensions(bytes, pixelLimit: Self.pixelsMax)
        } catch {
            throw Self.refusal("A picture of the request cannot be read.", details: "\(error)")
        }
        guard found.width != size.width || found.height != size.height else { return (bytes, mediaType) }
        guard let form = Form(found.mediaType) else {
            throw Self.refusal(
                "A picture is \(found.mediaType.rawValue), which cannot be scaled to \(size); send PNG, JPEG or WebP.",
                details: ""
            )
        }
        guard let programs else {
            throw Self.refusal(
                "A picture is \(found.width)x\(found.height) and must be \(size); this server cannot scale it, since ffmpeg is not installed. Send it in that size.",
                details: ""
            )
        }
        let scaled = try await Self.run(programs, Self.arguments(form, size), bytes)
        // What ffmpeg gives is not taken on trust: a provider's refusal of it would cost an attempt.
        let result = try? MediaInspector.imageDimensions(scaled, pixelLimit: Self.pixelsMax)
        guard result == ImageDimensions(mediaType: found.mediaType, width: size.width, height: size.height) else {
            throw Self.refusal("A picture of the request cannot be read.", details: "ffmpeg gave no \(size) picture")
        }
        return (scaled, found.mediaType.rawValue)
    }

    /// A mask as a picture that is white where the mask is transparent, and black elsewhere.
    ///
    /// - Parameters:
    ///   - bytes: The mask, PNG or WebP.
    ///   - mediaType: What it is said to be; what counts is what its bytes say.
    /// - Returns: A grey PNG of the same size.
    /// - Throws: As `scaled` does.
    func whiteMask(
        _ bytes: [UInt8],
        _ mediaType: String
    ) async throws(ProviderFailure) -> (bytes: [UInt8], mediaType: String) {
        let found: ImageDimensions
        do {
            found = try MediaInspector.imageDimensions(bytes, pixelLimit: Self.pixelsMax)
        } catch {
            throw Self.refusal("The mask of the request cannot be read.", details: "\(error)")
        }
        guard found.mediaType == .png || found.mediaType == .webp, let form = Form(found.mediaType) else {
            throw Self.refusal(
                "The mask is \(found.mediaType.rawValue), which cannot be transparent; send PNG or WebP.",
                details: ""
            )
        }
        guard let programs else {
            throw Self.refusal(
                "This server cannot convert masks, since ffmpeg is not installed.",
                details: ""
            )
        }
        let filters = "format=rgba,alphaextract,negate,format=gray"
        let converted = try await Self.run(programs, Self.arguments(form, filters, png: true), bytes)
        let result = try? MediaInspector.imageDimensions(converted, pixelLimit: Self.pixelsMax)
        guard result == ImageDimensions(mediaType: .png, width: found.width, height: found.height) else {
            throw Self.refusal("The mask of the request cannot be read.", details: "ffmpeg gave no picture")
        }
        return (converted, MediaType.png.rawValue)
    }

    // MARK: - ffmpeg

    /// How a kind of picture is read and written.
    private struct Form {
        let demuxer: String
        let encoder: [String]

        init?(_ type: MediaType) {
            switch type {
            case .png: (demuxer, encoder) = ("png_pipe", ["-c:v", "png"])
            case .jpeg: (demuxer, encoder) = ("jpeg_pipe", ["-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj444p"])
            case .webp: (demuxer, encoder) = ("webp_pipe", ["-c:v", "libwebp", "-quality", "95"])
            case .gif, .mp4, .quickTime, .webm, .matroska, .wav, .mp3, .ogg, .flac, .aac, .m4a, .webmAudio: return nil
            }
        }
    }

    private static func arguments(_ form: Form, _ size: PixelSize) -> [String] {
        let (width, height) = (size.width, size.height)
        let cover = "scale=w=\(width):h=\(height):force_original_aspect_ratio=increase"
        let filters =
            "\(cover):flags=lanczos+accurate_rnd+full_chroma_int+bitexact,crop=\(width):\(height),setsar=1"
        return arguments(form, filters, png: false)
    }

    /// One thread and no notes about the encoder: the result depends on nothing but the picture.
    private static func arguments(_ form: Form, _ filters: String, png: Bool) -> [String] {
        [
            "-nostdin", "-hide_banner", "-loglevel", "error", "-threads", "1", "-f", form.demuxer, "-i", "pipe:0",
            "-map", "0:v:0", "-frames:v", "1", "-vf", filters, "-map_metadata", "-1", "-fflags", "+bitexact",
            "-flags:v", "+bitexact", "-threads", "1",
        ] + (png ? ["-c:v", "png"] : form.encoder) + ["-f", "image2pipe", "pipe:1"]
    }

    /// Runs ffmpeg within bounds, without the service's secrets in its environment.
    ///
    /// It reads from a file, since writing to a pipe whose reader has ended would end the service as well. The shell
    /// takes the file's name away as soon as it is open.
    private static func run(
        _ programs: Programs,
        _ arguments: [String],
        _ picture: [UInt8]
    ) async throws(ProviderFailure) -> [UInt8] {
        let bounds = [
            programs.timeout, "-k", "1", "\(secondsMax.clock)", programs.prlimit, "--cpu=\(secondsMax.processor)",
            "--as=\(memoryMax)", "--core=0", programs.ffmpeg,
        ]
        do {
            let file = try temporaryFile(picture)
            defer { unlink(file) }
            let script = #"exec 0<"$1" && rm -f "$1" && shift && exec "$@""#
            let result = try await Subprocess.run(
                .name("sh"),
                arguments: Arguments(["-c", script, "sh", file] + bounds + arguments),
                environment: .custom(["PATH": programs.path, "LC_ALL": "C.UTF-8"]),
                output: .bytes(limit: bytesMax),
                error: .string(limit: 4_096)
            )
            guard result.terminationStatus.isSuccess else {
                throw refusal(
                    "A picture of the request cannot be read.",
                    details: "ffmpeg: \(result.terminationStatus) \(result.standardError)"
                )
            }
            return result.standardOutput
        } catch let failure as ProviderFailure {
            throw failure
        } catch {
            throw ProviderFailure(
                .unavailable,
                retry: .backoff,
                billing: .notCharged,
                requestReachedProvider: .no,
                message: "A picture of the request could not be scaled.",
                details: "\(error)"
            )
        }
    }

    /// Writes a picture to a file of its own, readable by this user alone.
    private static func temporaryFile(_ bytes: [UInt8]) throws -> String {
        let folder = FileManager.default.temporaryDirectory.path
        var name = Array("\(folder)/mediary-picture-XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw CocoaError(.fileWriteUnknown) }
        let path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(bytes))
        } catch {
            unlink(path)
            throw error
        }
        return path
    }

    private static func refusal(_ message: String, details: String) -> ProviderFailure {
        ProviderFailure(
            .invalidRequest,
            retry: .never,
            billing: .notCharged,
            requestReachedProvider: .no,
            message: message,
            details: details
        )
    }
}
