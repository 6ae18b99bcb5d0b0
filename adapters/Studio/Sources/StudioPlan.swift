import Cryptography
import Generation

/// What one request comes to: files to lay out, commands to run in order, and what they leave behind.
///
/// Pure: equal requests and entropy give equal plans. Client text is only ever in files, which the programs read as
/// plain text; it is in no argument and in no filter.
struct StudioPlan {
    /// One command.
    ///
    /// Its first word is a program, the others are of our own making.
    struct Step {
        /// What it is for, which decides what its failure means.
        enum Stage: String, CaseIterable {
            /// Reads a client's picture or sound: a failure is its fault.
            case inputs
            /// Speaks: without a sound the text was at fault.
            case speech
            /// Everything else.
            case render
        }

        let stage: Stage
        let arguments: [String]
        /// The file that it makes, which the arguments name with `.tmp` behind: it appears under its name when whole.
        var result: String?
    }

    /// What the folder's `plan` file keeps for whoever asks for the status later.
    struct Record: Codable {
        struct Output: Codable {
            let name: String
            let mediaType: String
        }

        var outputs: [Output] = []
        /// How many frames the last step renders, or milliseconds it listens to; nil when they do not tell progress.
        var frames: Int?
        /// How many characters are spoken.
        var characters: Int64?
    }

    /// A client's picture or sound, to be laid out as a file.
    struct Input {
        let name: String
        let input: StoredInput
    }

    var texts: [(name: String, text: String)] = []
    var inputs: [Input] = []
    var steps: [Step] = []
    var record = Record()

    /// The command that turns a client's picture into `name`, cropped to fill a size.
    ///
    /// The demuxer is named: a text file under an image's type would otherwise be probed, and could be a playlist that
    /// names other files.
    static func decoding(_ picture: Input, to name: String, width: Int, height: Int, ffmpeg: String) -> Step? {
        let demuxer: String? =
            switch picture.input.mediaType {
            case "image/png": "png_pipe"
            case "image/jpeg": "jpeg_pipe"
            case "image/webp": "webp_pipe"
            default: nil
            }
        guard let demuxer else { return nil }
        let fit = "scale=\(width):\(height):force_original_aspect_ratio=increase,crop=\(width):\(height),format=rgb24"
        return Step(
            stage: .inputs,
            arguments: [ffmpeg] + quiet + [
                "-protocol_whitelist", "file", "-f", demuxer, "-i", picture.name, "-vf", fit,
            ]
                + ["-frames:v", "1", "-f", "image2", "-update", "1", "-c:v", "bmp", "\(name).tmp"],
            result: name
        )
    }

    /// The arguments that every ffmpeg command starts with.
    static let quiet = [
        "-hide_banner", "-nostdin", "-nostats", "-y", "-loglevel", "error",
    ]
    /// The arguments without which equal requests would not give equal bytes.
    static let exact = [
        "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact",
    ]
}

/// Numbers that follow from a text, and look random.
struct StudioDice {
    private let seed: [UInt8]
    private var rolls: UInt8 = 0

    /// - Parameters:
    ///   - seed: The request's seed; without one, something that is the attempt's own.
    ///   - prompt: What is to be seen: another prompt, another picture.
    ///   - index: Which of several pictures it is.
    init(seed: String, prompt: String, index: Int = 0) {
        self.seed = SHA256.hash(Array("\(index)\n\(seed)\n\(prompt)".utf8)).bytes
    }

    /// A number from 0 up to, and without, a bound.
    mutating func roll(_ bound: Int) -> Int {
        rolls &+= 1
        let hash = SHA256.hash(seed + [rolls]).bytes
        return Int(hash.prefix(6).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % UInt64(max(1, bound)))
    }

    /// Five colours that go together: neighbours on the colour wheel, and one from across.
    mutating func palette() -> [String] {
        let hue = roll(360)
        return [(0, 75, 45), (25, 60, 75), (50, 40, 94), (180, 45, 90), (330, 65, 62)].map { shift, saturation, value in
            Self.color(hue: (hue + shift + roll(20)) % 360, saturation: saturation, value: value + roll(6))
        }
    }

    private static func color(hue: Int, saturation: Int, value: Int) -> String {
        let top = value * 255 / 100
        let bottom = top * (100 - saturation) / 100
        let part = (top - bottom) * (hue % 60) / 60
        let (red, green, blue) =
            switch hue / 60 {
            case 0: (top, bottom + part, bottom)
            case 1: (top - part, top, bottom)
            case 2: (bottom, top, bottom + part)
            case 3: (bottom, top - part, top)
            case 4: (bottom + part, bottom, top)
            default: (top, bottom, top - part)
            }
        return "0x" + Hex.encode([UInt8(clamping: red), UInt8(clamping: green), UInt8(clamping: blue)])
    }
}
