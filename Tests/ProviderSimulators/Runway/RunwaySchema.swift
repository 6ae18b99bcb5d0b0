import Generation

/// What one model takes, as the types of the official client document it: the simulator's own table, which no adapter is
/// read from.
///
/// Source: `types/*_create_params.py` of runwayml 5.24.0, prices of docs.dev.runwayml.com/guides/pricing through litellm
/// 1.109.1; read on 2026-11-22.
struct RunwaySchema {
    enum Kind {
        case gen4
        case veo
        case seedance
        case hailuo
        case image
    }

    let model: String
    let kind: Kind
    /// The values of `ratio` from text, and from a picture; none where that is not made.
    var text: [String] = []
    var image: [String] = []
    var durations: ClosedRange<Int64> = 5...10
    var only: [Int64]?
    var references = 0
    var referencesMin = 0
    var prompt = 1_000
    var hasLast = false
    /// Credits for a second or an image, by the number of lines; the first is the default.
    var credits: [(lines: Int, credits: Double)]
    var silent: Double?
    var minimum = 0.0

    static func named(_ model: String) -> RunwaySchema? { all.first { $0.model == model } }

    private static let shapes = ["adaptive", "21:9", "16:9", "4:3", "1:1", "3:4", "9:16"]
    private static let small = [
        "992:432", "864:496", "752:560", "640:640", "560:752", "496:864", "1470:630", "1280:720", "1112:834", "960:960",
        "834:1112", "720:1280",
    ]
    private static let hd = ["2206:946", "1920:1080", "1664:1248", "1440:1440", "1248:1664", "1080:1920"]
    private static let fourK = ["3840:1646", "3840:2160", "3840:2880", "3840:3840", "2880:3840", "2160:3840"]
    private static let gen4 = ["1280:720", "720:1280", "1104:832", "960:960", "832:1104", "1584:672"]
    private static let veo = ["1280:720", "720:1280", "1080:1920", "1920:1080"]
    private static let still = [
        "1024:1024", "1080:1080", "1168:880", "1360:768", "1440:1080", "1080:1440", "1808:768", "1920:1080",
        "1080:1920",
        "2112:912", "1280:720", "720:1280", "720:720", "960:720", "720:960", "1680:720",
    ]
    private static let small25 = small.map { $0 == "864:496" ? "854:480" : $0 == "496:864" ? "480:854" : $0 }

    private static let all = [
        RunwaySchema(
            model: "gen4.5",
            kind: .gen4,
            text: ["1280:720", "720:1280"],
            image: gen4,
            durations: 2...10,
            credits: [(720, 12)]
        ),
        RunwaySchema(model: "gen4_turbo", kind: .gen4, image: gen4, durations: 2...10, credits: [(720, 5)]),
        RunwaySchema(
            model: "veo3.1",
            kind: .veo,
            text: veo,
            image: veo,
            durations: 4...8,
            only: [4, 6, 8],
            hasLast: true,
            credits: [(720, 40)],
            silent: 20
        ),
        RunwaySchema(
            model: "veo3.1_fast",
            kind: .veo,
            text: veo,
            image: veo,
            durations: 4...8,
            only: [4, 6, 8],
            hasLast: true,
            credits: [(720, 15)],
            silent: 10
        ),
        RunwaySchema(
            model: "seedance2",
            kind: .seedance,
            text: small + hd + fourK,
            image: small + hd + fourK,
            durations: 4...15,
            references: 9,
            prompt: 3_500,
            hasLast: true,
            credits: [(720, 36), (1_080, 40), (2_160, 150)]
        ),
        RunwaySchema(
            model: "seedance2_fast",
            kind: .seedance,
            text: small,
            image: small,
            durations: 4...15,
            references: 9,
            prompt: 3_500,
            hasLast: true,
            credits: [(720, 29)]
        ),
        RunwaySchema(
            model: "seedance2_mini",
            kind: .seedance,
            text: small,
            image: small,
            durations: 4...15,
            references: 9,
            prompt: 3_500,
            hasLast: true,
            credits: [(720, 16)],
            minimum: 64
        ),
        RunwaySchema(
            model: "seedance2_5",
            kind: .seedance,
            text: small25 + hd,
            image: small25 + hd,
            durations: 4...30,
            references: 30,
            prompt: 15_000,
            hasLast: true,
            credits: [(720, 30), (480, 20), (1_080, 68)],
            minimum: 80
        ),
        RunwaySchema(
            model: "hailuo3",
            kind: .hailuo,
            text: shapes,
            image: shapes,
            durations: 4...15,
            references: 9,
            prompt: 7_000,
            hasLast: true,
            credits: [(768, 10), (1_440, 15)]
        ),
        RunwaySchema(
            model: "gen4_image",
            kind: .image,
            text: still,
            references: 3,
            credits: [(720, 5), (1_080, 8)]
        ),
        RunwaySchema(
            model: "gen4_image_turbo",
            kind: .image,
            text: still,
            references: 3,
            referencesMin: 1,
            credits: [(720, 2)]
        ),
    ]
}
