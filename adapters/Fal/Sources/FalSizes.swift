import Generation

/// The sizes that the host's models make, under the names of this house.
///
/// Where a model takes exact sizes, those of the other hosts of the same model are offered; where it takes ratios, the
/// sizes are what they come to and are not promised to the pixel. Sources: the types of fal-ai/fal-js (2026-08-02), and for
/// the pixels the vendors' own pages as the adapters of those vendors name them; read on 2026-11-22.
enum FalSizes {
    /// The word for a picture's shape that follows the first picture, or the prompt.
    static let free = "auto"
    /// The same of a video.
    static let adaptive = "adaptive"

    /// Ratios and their sizes of one binary megapixel, all multiples of 32.
    private static let one = [
        ("1:1", 1_024, 1_024), ("16:9", 1_344, 768), ("9:16", 768, 1_344), ("4:3", 1_184, 864), ("3:4", 864, 1_184),
        ("3:2", 1_248, 832), ("2:3", 832, 1_248), ("5:4", 1_152, 896), ("4:5", 896, 1_152), ("21:9", 1_536, 672),
        ("9:21", 672, 1_536),
    ]

    /// Of FLUX.2: one megapixel, four, and as the first picture has it.
    static let flux2: [SizeOption] =
        table("1K", one) + table("2K", one.map { ($0.0, $0.1 * 2, $0.2 * 2) }) + [following("auto", 2_048, 2_048)]

    /// Of FLUX.1 [schnell] and FLUX 1.1 [pro]: sides of 256 to 1,440.
    static let flux1: [SizeOption] =
        table("1K", one.filter { !["21:9", "9:21"].contains($0.0) })
        + table("1K", [("21:9", 1_408, 608), ("9:21", 608, 1_408)])

    /// The ratios of the FLUX models that take no sizes.
    private static let ratios = ["1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21"]

    /// Of Kontext: ratios of one megapixel, and as the picture has it.
    ///
    /// Only the square is promised to the pixel.
    static let kontext: [SizeOption] =
        table("1K", one.filter { ratios.contains($0.0) }).map { option in
            var option = option
            option.followsInput = option.aspectRatio != "1:1"
            return option
        } + [following("1K", 1_568, 672)]

    /// Of ultra: ratios of four megapixels; the host's own default comes first.
    static let ultra: [SizeOption] = {
        let names = ["16:9", "21:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:21"]
        let all = table("2K", one.map { ($0.0, $0.1 * 2, $0.2 * 2) })
        return names.compactMap { name in all.first { $0.aspectRatio == name } }.map { option in
            var option = option
            option.followsInput = true
            return option
        }
    }()

    /// Of Google's image models, in each tier first the shape that the model chooses.
    static func banana(_ tiers: [String], hasStrips: Bool) -> [SizeOption] {
        var shapes = [
            ("1:1", 1_024, 1_024), ("2:3", 848, 1_264), ("3:2", 1_264, 848), ("3:4", 896, 1_200), ("4:3", 1_200, 896),
            ("4:5", 928, 1_152), ("5:4", 1_152, 928), ("9:16", 768, 1_376), ("16:9", 1_376, 768), ("21:9", 1_584, 672),
        ]
        if hasStrips { shapes += [("1:4", 512, 2_048), ("4:1", 2_048, 512), ("1:8", 384, 3_072), ("8:1", 3_072, 384)] }
        return tiers.flatMap { tier -> [SizeOption] in
            let (times, parts) = tier == "512" ? (1, 2) : tier == "4K" ? (4, 1) : tier == "2K" ? (2, 1) : (1, 1)
            let fixed = table(tier, shapes.map { ($0.0, $0.1 * times / parts, $0.2 * times / parts) })
            let largest = fixed.map(\.size).max { $0.width * $0.height < $1.width * $1.height }
            return [following(tier, largest?.width ?? 1_024, largest?.height ?? 1_024)] + fixed
        }
    }

    /// Of Seedream 4.5: the vendor's table, and the shape that the model chooses.
    static let seedream: [SizeOption] = {
        let ratios = ["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9"]
        func sizes(_ tier: String, _ texts: String) -> [SizeOption] {
            let sizes = texts.split(separator: " ").compactMap { PixelSize(String($0)) }
            let fixed = zip(ratios, sizes).map { SizeOption(resolution: tier, aspectRatio: $0, size: $1) }
            return fixed + [following(tier, tier == "4K" ? 6_198 : 3_024, tier == "4K" ? 2_656 : 1_664)]
        }
        return sizes("2K", "2048x2048 2304x1728 1728x2304 2560x1440 1440x2560 2496x1664 1664x2496 3024x1296")
            + sizes("4K", "4096x4096 4694x3520 3520x4694 5404x3040 3040x5404 4992x3328 3328x4992 6198x2656")
    }()

    /// Of Veo and Kling: whole tiers in the shapes that are named.
    static func video(_ tiers: [String], square: Bool = false) -> [SizeOption] {
        tiers.flatMap { tier -> [SizeOption] in
            let (long, short) = tier == "4k" ? (3_840, 2_160) : tier == "1080p" ? (1_920, 1_080) : (1_280, 720)
            var options = table(tier, [("16:9", long, short), ("9:16", short, long)])
            if square {
                // Nobody says whether the tier is its side: an upper bound, and the video is measured.
                var option = SizeOption(
                    resolution: tier,
                    aspectRatio: "1:1",
                    size: PixelSize(width: long, height: long)
                )
                option.followsInput = true
                options.append(option)
            }
            return options
        }
    }

    /// Of Seedance 2.0: the vendor's table, in each tier first the shape that the model chooses.
    static let seedance: [SizeOption] = {
        let ratios = ["16:9", "4:3", "1:1", "3:4", "9:16", "21:9"]
        func sizes(_ tier: String, _ texts: String, _ largest: PixelSize) -> [SizeOption] {
            let sizes = texts.split(separator: " ").compactMap { PixelSize(String($0)) }
            var free = SizeOption(resolution: tier, aspectRatio: adaptive, size: largest)
            free.followsInput = true
            return [free] + zip(ratios, sizes).map { SizeOption(resolution: tier, aspectRatio: $0, size: $1) }
        }
        return sizes(
            "720p",
            "1280x720 1112x834 960x960 834x1112 720x1280 1470x630",
            PixelSize(width: 1_112, height: 834)
        )
            + sizes("480p", "864x496 752x560 640x640 560x752 496x864 992x432", PixelSize(width: 864, height: 496))
    }()

    private static func table(_ resolution: String, _ sizes: [(String, Int, Int)]) -> [SizeOption] {
        sizes.map { ratio, width, height in
            SizeOption(resolution: resolution, aspectRatio: ratio, size: PixelSize(width: width, height: height))
        }
    }

    private static func following(_ resolution: String, _ width: Int, _ height: Int) -> SizeOption {
        var option = SizeOption(
            resolution: resolution,
            aspectRatio: free,
            size: PixelSize(width: width, height: height)
        )
        option.followsInput = true
        return option
    }
}
