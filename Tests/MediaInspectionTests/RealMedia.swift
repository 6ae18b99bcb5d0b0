import Foundation
import MediaInspection
import Testing

/// Real files from the encoders that are installed, made once for all tests.
struct RealMedia: Sendable, CustomTestStringConvertible {
    let name: String
    let type: MediaType
    let bytes: [UInt8]

    var testDescription: String { name }

    /// One recipe a line: the file, its type, and ffmpeg's arguments (or espeak-ng's).
    private static let recipes: [(name: String, type: MediaType, command: String)] = [
        ("faststart.mp4", .mp4, "ffmpeg VIDEO24 TONE -t 1 H264 -c:a aac -movflags +faststart"),
        ("index-at-end.mp4", .mp4, "ffmpeg VIDEO30 TONE -t 1 H264 -c:a aac"),
        ("silent.mp4", .mp4, "ffmpeg VIDEO24 -t 2 H264"),
        ("fragmented.mp4", .mp4, "ffmpeg VIDEO24 TONE -t 1 H264 -g 6 -c:a aac -movflags frag_keyframe+empty_moov"),
        ("dash.mp4", .mp4, "ffmpeg VIDEO24 -t 1 H264 -g 6 -movflags frag_keyframe+empty_moov+default_base_moof"),
        ("clip.mov", .quickTime, "ffmpeg VIDEO24 TONE -t 1 H264 -c:a pcm_s16le"),
        ("tone.m4a", .m4a, "ffmpeg TONE -t 1 -c:a aac"),
        ("clip.webm", .webm, "ffmpeg VIDEO24 TONE -t 1 -c:v libvpx -b:v 100k -deadline realtime -c:a libopus"),
        ("live.webm", .webm, "ffmpeg VIDEO24 -t 1 -c:v libvpx -b:v 100k -deadline realtime -live 1"),
        ("tone.weba", .webmAudio, "ffmpeg TONE -t 1 -c:a libopus -f webm"),
        ("clip.mkv", .matroska, "ffmpeg VIDEO24 -t 1 H264"),
        ("picture.png", .png, "ffmpeg PICTURE -frames:v 1"),
        ("picture.jpg", .jpeg, "ffmpeg PICTURE -frames:v 1"),
        ("lossy.webp", .webp, "ffmpeg PICTURE -frames:v 1 -c:v libwebp"),
        ("lossless.webp", .webp, "ffmpeg PICTURE -frames:v 1 -c:v libwebp -lossless 1"),
        ("moving.webp", .webp, "ffmpeg PICTURE -frames:v 5 -c:v libwebp_anim"),
        ("moving.gif", .gif, "ffmpeg PICTURE -frames:v 5"),
        ("tone.wav", .wav, "ffmpeg TONE -t 1"),
        ("piped.wav", .wav, "ffmpeg TONE -t 1 -f wav PIPE"),
        ("wide.wav", .wav, "ffmpeg TONE -t 1 -rf64 always"),
        ("float.wav", .wav, "ffmpeg TONE -t 1 -c:a pcm_f32le"),
        ("adpcm.wav", .wav, "ffmpeg TONE -t 1 -c:a adpcm_ms"),
        ("speech.wav", .wav, "espeak-ng -w FILE"),
        ("piped-speech.wav", .wav, "espeak-ng --stdout PIPE"),
        ("constant.mp3", .mp3, "ffmpeg TONE -t 1 -b:a 64k"),
        ("variable.mp3", .mp3, "ffmpeg TONE -t 1 -q:a 5 -id3v2_version 3 -metadata title=tone -write_id3v1 1"),
        ("bare.mp3", .mp3, "ffmpeg TONE -t 1 -b:a 64k -write_xing 0"),
        ("half-rate.mp3", .mp3, "ffmpeg TONE -t 1 -b:a 48k -ar 22050 -ac 1"),
        ("quarter-rate.mp3", .mp3, "ffmpeg TONE -t 1 -b:a 16k -ar 8000 -ac 1"),
        ("opus.ogg", .ogg, "ffmpeg TONE -t 1 -c:a libopus"),
        ("vorbis.ogg", .ogg, "ffmpeg TONE -t 1 -c:a libvorbis"),
        ("tone.flac", .flac, "ffmpeg TONE -t 1"),
        ("piped.flac", .flac, "ffmpeg TONE -t 1 -f flac PIPE"),
        ("tone.aac", .aac, "ffmpeg TONE -t 1"),
    ]

    private static let words: [String: String] = [
        "VIDEO24": "-f lavfi -i testsrc=size=160x90:rate=24",
        "VIDEO30": "-f lavfi -i testsrc=size=176x98:rate=30000/1001",
        "PICTURE": "-f lavfi -i testsrc=size=61x35:rate=10",
        "TONE": "-f lavfi -i sine=frequency=440:sample_rate=44100",
        "H264": "-c:v libx264 -preset ultrafast -pix_fmt yuv420p",
    ]

    /// Empty when an encoder is missing: `everyRecipeWorks` reports that.
    static let all: [RealMedia] = {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("mediary-media-\(ProcessInfo.processInfo.processIdentifier)").path
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return recipes.compactMap { recipe in
            let path = "\(folder)/\(recipe.name)"
            guard run(recipe.command, into: path), let data = FileManager.default.contents(atPath: path) else {
                return nil
            }
            return RealMedia(name: recipe.name, type: recipe.type, bytes: [UInt8](data), probe: probe(path))
        }
    }()

    static var recipeCount: Int { recipes.count }

    static func named(_ name: String) -> RealMedia? {
        all.first { $0.name == name }
    }

    /// What ffprobe says, by ffprobe's own field names: `streams.stream.0.width` and so on.
    let probe: [String: String]

    private init(name: String, type: MediaType, bytes: [UInt8], probe: [String: String]) {
        self.name = name
        self.type = type
        self.bytes = bytes
        self.probe = probe
    }

    /// A field of the first stream of a kind.
    func probe(_ kind: String, _ field: String) -> String? {
        (0..<4).lazy.filter { probe["streams.stream.\($0).codec_type"] == kind }
            .compactMap { probe["streams.stream.\($0).\(field)"] }
            .first
    }

    private static func run(_ command: String, into path: String) -> Bool {
        var words = command.split(separator: " ").flatMap { word in
            (Self.words[String(word)] ?? String(word)).split(separator: " ").map(String.init)
        }
        let piped = words.last == "PIPE"
        if piped {
            words.removeLast()
        }
        if words[0] == "espeak-ng" {
            words = words.map { $0 == "FILE" ? path : $0 } + ["A whole sentence for the measuring of speech."]
        } else {
            words.insert(contentsOf: ["-v", "error", "-nostdin", "-y", "-fflags", "+bitexact"], at: 1)
            words.append(piped ? "-" : path)
        }
        return output(of: words, into: piped ? path : nil) != nil
    }

    private static func probe(_ path: String) -> [String: String] {
        let entries = "stream=codec_type,width,height,nb_read_frames,duration,avg_frame_rate:format=duration"
        let text = output(
            of: ["ffprobe", "-v", "error", "-count_frames", "-show_entries", entries, "-of", "flat", path],
            into: nil
        )
        var fields: [String: String] = [:]
        for line in (text ?? "").split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            fields[String(parts[0])] = parts[1].trimmingCharacters(in: CharacterSet(charactersIn: "\""))
        }
        return fields
    }

    /// Runs a program; nil if it is missing or fails.
    private static func output(of words: [String], into path: String?) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardError = FileHandle.nullDevice
        if let path {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
            guard let file = FileHandle(forWritingAtPath: path) else { return nil }
            process.standardOutput = file
            guard (try? process.run()) != nil else { return nil }
            process.waitUntilExit()
            return process.terminationStatus == 0 ? "" : nil
        }
        let pipe = Pipe()
        process.standardOutput = pipe
        guard (try? process.run()) != nil else { return nil }
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return process.terminationStatus == 0 ? text : nil
    }
}
