import Generation

/// The commands that models of the 1.x series read out of a prompt: `--dur 12`, `--rs 1080p`.
///
/// The service follows them in place of the request's fields (parameter page, docs.byteplus.com ModelArk 1520757,
/// 2026-11-21), so a video could become longer and larger than what was checked and held for. They are refused.
enum ArkCommands {
    private static let field: [String: String] = [
        "resolution": "resolution", "rs": "resolution", "ratio": "aspect_ratio", "rt": "aspect_ratio",
        "duration": "duration", "dur": "duration", "frames": "duration", "seed": "seed",
        "framespersecond": "fps", "fps": "fps", "watermark": "provider.options.byteplus.watermark",
        "wm": "provider.options.byteplus.watermark", "camerafixed": "provider.options.byteplus.camera_fixed",
        "cf": "provider.options.byteplus.camera_fixed",
    ]

    static func check(_ prompt: String) throws(RequestProblem) {
        // Wherever it stands: how much of a word the service wants around it is not documented.
        var rest = Array(prompt.utf8)[...]
        while let start = rest.firstRange(of: Array("--".utf8)) {
            rest = rest[start.upperBound...].drop { $0 == UInt8(ascii: "-") }
            let letters = rest.prefix { byte in (65...90).contains(byte) || (97...122).contains(byte) || byte == 95 }
            let name = String(decoding: letters.filter { $0 != 95 }, as: UTF8.self).lowercased()
            guard name.utf8.count <= 32, let field = field[name] else { continue }
            throw RequestProblem(
                .invalidValue,
                field: "prompt",
                "`prompt` has the command --\(name), which this model would follow; use `\(field)` instead."
            )
        }
    }
}
