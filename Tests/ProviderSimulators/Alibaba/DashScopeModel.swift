/// One of the provider's models: its protocol, and what it takes.
struct DashScopeModel {
    enum Family {
        /// Wan 2.7.
        case media
        /// Wan 2.6.
        case size
        /// Wan 3.0.
        case unified
    }

    enum Mode: String, CaseIterable {
        case text = "t2v"
        case image = "i2v"
        case reference = "r2v"
    }

    let name: String
    let family: Family
    let mode: Mode

    /// A model by its name: also a snapshot (`wan2.7-t2v-2026-06-12`).
    init?(_ name: String) {
        self.name = name
        let snapshots = ["wan2.7-t2v-2026-06-12", "wan2.7-i2v-2026-04-25", "wan2.7-r2v-2026-06-12"]
        let plain = snapshots.contains(name) ? String(name.dropLast(11)) : name
        if ["wan3.0-video", "wan3.0-video-prime"].contains(plain) {
            (family, mode) = (.unified, .text)
            return
        }
        let parts = plain.split(separator: "-", maxSplits: 1).map(String.init)
        guard parts.count == 2, let mode = Mode(rawValue: parts[1]) else { return nil }
        switch parts[0] {
        case "wan2.7": family = .media
        case "wan2.6": family = .size
        case _: return nil
        }
        self.mode = mode
    }

    var promptMax: Int {
        switch family {
        case .media: 5_000
        case .size: 1_500
        case .unified: 20_000
        }
    }

    var durations: ClosedRange<Int64> {
        switch (family, mode) {
        case (.unified, _): 2...30
        case (.size, .reference): 2...10
        case (.media, _), (.size, _): 2...15
        }
    }

    var inputKeys: [String] {
        switch (family, mode) {
        case (.media, .text): ["prompt", "negative_prompt", "audio_url"]
        case (.media, .image), (.media, .reference): ["prompt", "negative_prompt", "media"]
        case (.size, .text): ["prompt", "negative_prompt", "audio_url"]
        case (.size, .image): ["prompt", "negative_prompt", "audio_url", "img_url"]
        case (.size, .reference): ["prompt", "negative_prompt", "reference_urls"]
        case (.unified, _): ["prompt", "media"]
        }
    }

    var parameterKeys: [String] {
        let all = ["duration", "watermark", "seed"]
        return switch (family, mode) {
        case (.media, .image): all + ["resolution", "prompt_extend"]
        case (.media, _): all + ["resolution", "ratio", "prompt_extend"]
        case (.size, .text): all + ["size", "shot_type", "prompt_extend"]
        case (.size, .image): all + ["resolution", "shot_type", "prompt_extend"]
        case (.size, .reference): all + ["size", "shot_type"]
        case (.unified, _): all + ["resolution", "ratio", "prompt_extend", "audio", "enable_thinking"]
        }
    }

    /// Whether sizes are written `1280*720`.
    var takesSize: Bool { family == .size && mode != .image }

    /// Whether the ratio cannot be chosen.
    var followsPicture: Bool { mode == .image }

    var ratios: [String] {
        let ratios = ["16:9", "9:16", "1:1", "4:3", "3:4"]
        return family == .unified ? ratios + ["21:9", "adaptive"] : ratios
    }

    /// The types of `input.media`, and how many there may be of each.
    var mediaTypes: [String: Int] {
        switch (family, mode) {
        case (.media, .image): ["first_frame": 1, "last_frame": 1, "first_clip": 1, "driving_audio": 1]
        case (.media, .reference): ["reference_image": 5, "reference_video": 5, "first_frame": 1]
        case (.unified, _):
            [
                "first_frame": 1, "last_frame": 1, "reference_image": 10, "reference_video": 5, "reference_audio": 5,
                "file": 1, "link": 1,
            ]
        case (.media, .text), (.size, _): [:]
        }
    }

    /// The pixels, by lines and ratio.
    var sizes: [Int: [String: (width: Int, height: Int)]] {
        let isLegacy = family == .size
        let four = isLegacy ? [(1_088, 832), (1_632, 1_248)] : [(1_104, 832), (1_648, 1_248)]
        let tiers = [
            720: Self.tier((1_280, 720), 960, four[0]), 1_080: Self.tier((1_920, 1_080), 1_440, four[1]),
        ]
        guard family == .unified else { return tiers }
        return tiers.merging([480: Self.tier((832, 480), 624, (720, 544))]) { $1 }
    }

    private static func tier(
        _ wide: (Int, Int),
        _ square: Int,
        _ four: (Int, Int)
    ) -> [String: (width: Int, height: Int)] {
        [
            "16:9": (wide.0, wide.1), "9:16": (wide.1, wide.0), "1:1": (square, square), "4:3": (four.0, four.1),
            "3:4": (four.1, four.0),
        ]
    }

    /// Refuses pictures that do not go together.
    func checkCombination(_ counts: [String: Int]) throws(DashScopeOrder.Refusal) {
        let has = { (type: String) in counts[type] != nil }
        switch (family, mode) {
        case (.media, .image):
            // With a first frame: alone, or with a last one, a sound, or both. With a clip: alone, or with a last frame.
            let isClip = has("first_clip")
            guard has("first_frame") != isClip, !(isClip && has("driving_audio")) else {
                throw DashScopeOrder.Refusal(message: "The combination of input.media is not supported.")
            }
        case (.media, .reference):
            let references = (counts["reference_image"] ?? 0) + (counts["reference_video"] ?? 0)
            guard (1...5).contains(references) else {
                throw DashScopeOrder.Refusal(message: "input.media must have 1 to 5 references.")
            }
        case (.unified, _):
            let frames = has("first_frame") || has("last_frame")
            let others = counts.keys.contains { !$0.hasSuffix("frame") }
            guard !(frames && others), !(has("last_frame") && !has("first_frame")), !(has("file") && has("link")) else {
                throw DashScopeOrder.Refusal(message: "The combination of input.media is not supported.")
            }
        case (.media, .text), (.size, _): break
        }
    }
}
