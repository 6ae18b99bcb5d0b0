import Generation

/// The sizes that the host's models make, under the names of this house.
///
/// Where a model takes exact sizes, those of the other hosts of the same model are offered; where it takes ratios, the
/// sizes are what they come to and are not promised to the pixel. Sources: the models' input schemas, and for the pixels
/// the vendors' own pages as the adapters of those vendors name them; read on 2026-11-22.
enum ReplicateSizes {
    /// The word for a shape that follows the first picture.
    static let free = "auto"

    /// Ratios and their sizes of one binary megapixel, all multiples of 32.
    private static let one = [
        ("1:1", 1_024, 1_024), ("16:9", 1_344, 768), ("9:16", 768, 1_344), ("4:3", 1_184, 864),
        ("3:4", 864, 1_184),
        ("3:2", 1_248, 832), ("2:3", 832, 1_248), ("5:4", 1_152, 896), ("4:5", 896, 1_152),
        ("21:9", 1_536, 672),
        ("9:21", 672, 1_536),
    ]

    /// Of FLUX.1 [schnell]: ratios of one megapixel.
    static let schnell: [SizeOption] = loose(table("1K", one))

    /// Of FLUX 1.1 [pro]: sides of 256 to 1,440 in steps of 32.
    static let fluxPro: [SizeOption] =
        table("1K", one.filter { !["21:9", "9:21"].contains($0.0) })
        + table("1K", [("21:9", 1_408, 608), ("9:21", 608, 1_408)])

    /// Of FLUX.2 [pro]: sides of 256 to 2,048 in steps of 16, and as the first picture has it.
    static let flux2: [SizeOption] =
        table("1K", one) + table("2K", [("1:1", 2_048, 2_048)]) + [following("auto", 2_048, 2_048)]

    /// Of Kontext: ratios of one megapixel, and as the picture has it.
    static let kontext: [SizeOption] = loose(table("1K", one)) + [following("1K", 1_568, 672)]

    /// Of ultra: ratios of four megapixels.
    static let ultra: [SizeOption] = loose(
        table("2K", one.map { ($0.0, $0.1 * 2, $0.2 * 2) }),
        squareToo: true
    )

    /// Of Nano Banana Pro: each tier in ten shapes, and as the first picture has it.
    static let banana: [SizeOption] = {
        let shapes = [
            ("1:1", 1_024, 1_024), ("2:3", 848, 1_264), ("3:2", 1_264, 848), ("3:4", 896, 1_200),
            ("4:3", 1_200, 896),
            ("4:5", 928, 1_152), ("5:4", 1_152, 928), ("9:16", 768, 1_376), ("16:9", 1_376, 768),
            ("21:9", 1_584, 672),
        ]
        return [("1K", 1), ("2K", 2), ("4K", 4)].flatMap { tier, times -> [SizeOption] in
            table(tier, shapes.map { ($0.0, $0.1 * times, $0.2 * times) })
                + [following(tier, 1_200 * times, 896 * times)]
        }
    }()

    /// Of Seedream 4.5: each tier in eight shapes, and as the first picture has it.
    static let seedream: [SizeOption] = {
        let ratios = ["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9"]
        func sizes(_ tier: String, _ texts: String) -> [SizeOption] {
            let sizes = texts.split(separator: " ").compactMap { PixelSize(String($0)) }
            let fixed = zip(ratios, sizes).map { SizeOption(resolution: tier, aspectRatio: $0, size: $1) }
            return loose(fixed) + [
                following(tier, tier == "4K" ? 4_992 : 2_496, tier == "4K" ? 3_328 : 1_664)
            ]
        }
        return sizes(
            "2K",
            "2048x2048 2304x1728 1728x2304 2560x1440 1440x2560 2496x1664 1664x2496 3024x1296"
        )
            + sizes(
                "4K",
                "4096x4096 4694x3520 3520x4694 5404x3040 3040x5404 4992x3328 3328x4992 6198x2656"
            )
    }()

    /// Of Veo.
    static let veo: [SizeOption] =
        table("1080p", [("16:9", 1_920, 1_080), ("9:16", 1_080, 1_920)])
        + table("720p", [("16:9", 1_280, 720), ("9:16", 720, 1_280)])

    private static func table(_ resolution: String, _ sizes: [(String, Int, Int)]) -> [SizeOption] {
        sizes.map { ratio, width, height in
            SizeOption(
                resolution: resolution,
                aspectRatio: ratio,
                size: PixelSize(width: width, height: height)
            )
        }
    }

    /// Sizes of which only the square is promised to the pixel, if that.
    private static func loose(_ options: [SizeOption], squareToo: Bool = false) -> [SizeOption] {
        options.map { option in
            var option = option
            option.followsInput = squareToo || option.aspectRatio != "1:1"
            return option
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
