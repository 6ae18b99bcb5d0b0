import Generation

/// What one video model takes, as its vendor documents it: the simulator's own table, which no adapter is read from.
///
/// Sources, read on 2026-11-21: the parameter page of "Create a video generation task" (docs.byteplus.com ModelArk
/// 1520757) and its Chinese twin, the model list (1330310), and what developers measured at the live service in July and
/// August 2026.
struct ArkModel {
    enum Family {
        case v1
        case v15
        case v20
        case v25
    }

    let name: String
    let family: Family
    let resolutions: [String]
    let durations: ClosedRange<Int64>
    let automaticDuration: Bool
    let lastFrame: Bool
    let audio: Bool
    let defaultResolution: String

    /// How many reference pictures, videos and sounds are taken; nil without references.
    var references: (images: Int, videos: Int, audios: Int)? {
        switch family {
        case .v1, .v15: nil
        case .v20: (9, 3, 3)
        case .v25: (30, 10, 10)
        }
    }

    /// Whether the older parameters are taken: seed, a fixed camera, the flexible tier.
    var takesSeed: Bool { family == .v1 || family == .v15 }

    /// Finds a model by either region's id; an endpoint of the account's own stands for the 2.0 model here.
    static func named(_ id: String) -> ArkModel? {
        if id.hasPrefix("ep-"), id.utf8.count > 3 { return all.first { $0.name == "seedance-2-0" } }
        let plain = ["dreamina-", "doubao-"].first(where: id.hasPrefix).map { String(id.dropFirst($0.count)) } ?? id
        return all.first { model in
            plain.hasPrefix(model.name + "-") && plain.dropFirst(model.name.count + 1).allSatisfy(\.isNumber)
        }
    }

    private static let all = [
        ArkModel(
            name: "seedance-2-0",
            family: .v20,
            resolutions: ["480p", "720p", "1080p", "4k"],
            durations: 4...15,
            automaticDuration: true,
            lastFrame: true,
            audio: true,
            defaultResolution: "720p"
        ),
        ArkModel(
            name: "seedance-2-0-fast",
            family: .v20,
            resolutions: ["480p", "720p"],
            durations: 4...15,
            automaticDuration: true,
            lastFrame: true,
            audio: true,
            defaultResolution: "720p"
        ),
        ArkModel(
            name: "seedance-2-0-mini",
            family: .v20,
            resolutions: ["480p", "720p"],
            durations: 4...15,
            automaticDuration: true,
            lastFrame: true,
            audio: true,
            defaultResolution: "720p"
        ),
        ArkModel(
            name: "seedance-2-5",
            family: .v25,
            resolutions: ["480p", "720p", "1080p"],
            durations: 4...30,
            automaticDuration: true,
            lastFrame: true,
            audio: true,
            defaultResolution: "720p"
        ),
        ArkModel(
            name: "seedance-1-5-pro",
            family: .v15,
            resolutions: ["480p", "720p", "1080p"],
            durations: 4...12,
            automaticDuration: true,
            lastFrame: true,
            audio: true,
            defaultResolution: "720p"
        ),
        ArkModel(
            name: "seedance-1-0-pro",
            family: .v1,
            resolutions: ["480p", "720p", "1080p"],
            durations: 2...12,
            automaticDuration: false,
            lastFrame: true,
            audio: false,
            defaultResolution: "1080p"
        ),
        ArkModel(
            name: "seedance-1-0-pro-fast",
            family: .v1,
            resolutions: ["480p", "720p", "1080p"],
            durations: 2...12,
            automaticDuration: false,
            lastFrame: false,
            audio: false,
            defaultResolution: "1080p"
        ),
    ]

    static let ratios = ["16:9", "4:3", "1:1", "3:4", "9:16", "21:9"]

    /// The exact size of a resolution and ratio.
    func size(resolution: String, ratio: String) -> PixelSize? {
        guard let index = Self.ratios.firstIndex(of: ratio) else { return nil }
        var row: [(Int, Int)]
        switch (family, resolution) {
        case (.v1, "480p"): row = [(864, 480), (736, 544), (640, 640), (544, 736), (480, 864), (960, 416)]
        case (.v1, "720p"): row = [(1248, 704), (1120, 832), (960, 960), (832, 1120), (704, 1248), (1504, 640)]
        case (.v1, "1080p"):
            row = [(1920, 1088), (1664, 1248), (1440, 1440), (1248, 1664), (1088, 1920), (2176, 928)]
        case (_, "480p"): row = [(864, 496), (752, 560), (640, 640), (560, 752), (496, 864), (992, 432)]
        case (_, "720p"): row = [(1280, 720), (1112, 834), (960, 960), (834, 1112), (720, 1280), (1470, 630)]
        case (_, "1080p"): row = [(1920, 1080), (1664, 1248), (1440, 1440), (1248, 1664), (1080, 1920), (2206, 946)]
        case (_, "4k"): row = [(3840, 2160), (3326, 2494), (2880, 2880), (2494, 3326), (2160, 3840), (4398, 1886)]
        case (_, _): return nil
        }
        if family == .v25, resolution == "480p" {
            row[0] = (854, 480)
            row[4] = (480, 854)
        }
        return PixelSize(width: row[index].0, height: row[index].1)
    }

    /// The ratio on offer that a picture comes nearest to.
    static func nearestRatio(width: Int, height: Int) -> String {
        let wanted = Double(width) / Double(height)
        func distance(_ ratio: String) -> Double {
            let sides = ratio.split(separator: ":").compactMap { Double($0) }
            return abs(sides[0] / sides[1] - wanted)
        }
        return ratios.min { distance($0) < distance($1) } ?? "16:9"
    }

    /// The tokens that a video is billed for: one frame more than its seconds have, as the live service counts.
    static func tokens(size: PixelSize, frames: Int64) -> Int64 {
        Int64(size.width) * Int64(size.height) * frames / 1_024
    }
}
