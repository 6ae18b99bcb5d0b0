import Generation

/// The sizes that the vendor's models make, under the names of this house.
///
/// Sources: the OpenAPI pages on docs.bfl.ai; "Aspect Ratios and Output Dimensions" on help.bfl.ai (2026-04-02): FLUX.2
/// any size in steps of 16 up to four megapixels, Kontext about one megapixel in steps of 32 between 3:7 and 7:3; read on
/// 2026-11-21.
enum FluxSizes {
    /// The word for a size that follows the first picture.
    static let free = "auto"

    /// The ratios and their sizes of one binary megapixel, all multiples of 32: what FLUX.2 bills as one.
    private static let one = [
        ("1:1", 1_024, 1_024), ("16:9", 1_344, 768), ("9:16", 768, 1_344), ("4:3", 1_184, 864), ("3:4", 864, 1_184),
        ("3:2", 1_248, 832), ("2:3", 832, 1_248), ("5:4", 1_152, 896), ("4:5", 896, 1_152), ("21:9", 1_536, 672),
        ("9:21", 672, 1_536),
    ]

    /// Of FLUX.2: one megapixel, four, and as the first picture has it; without one the vendor makes 1024x1024 then.
    static let flux2: [SizeOption] =
        table("1K", one) + table("2K", one.map { ($0.0, $0.1 * 2, $0.2 * 2) }) + [following(2_048, 2_048)]

    /// Of FLUX 1.1 [pro]: sides of 256 to 1,440 in steps of 32.
    static let pro: [SizeOption] = table(
        "1K",
        one.map { ratio, width, height in
            switch ratio {
            case "21:9": (ratio, 1_408, 608)
            case "9:21": (ratio, 608, 1_408)
            case _: (ratio, width, height)
            }
        }
    )

    /// Of Kontext: as the picture has it, and ratios.
    ///
    /// Of the ratios only the square is promised to the pixel.
    static let kontext: [SizeOption] =
        [following(1_568, 672)]
        + table("1K", one).map { option in
            var option = option
            option.followsInput = option.aspectRatio != "1:1"
            return option
        }

    /// Of ultra: ratios of four megapixels, none promised to the pixel; the vendor's own default comes first.
    static let ultra: [SizeOption] = {
        let names = ["16:9", "21:9", "3:2", "4:3", "1:1", "3:4", "2:3", "9:16", "9:21"]
        let all = table("2K", one.map { ($0.0, $0.1 * 2, $0.2 * 2) })
        return names.compactMap { name in all.first { $0.aspectRatio == name } }.map { option in
            var option = option
            option.followsInput = true
            return option
        }
    }()

    /// Of Fill: the size of the picture, which has at most 20 megapixels.
    static let fill: [SizeOption] = [following(4_472, 4_472)]

    /// Any size of FLUX.2 besides.
    static let anyFlux2 = FreeSizes(
        multipleOf: 16,
        edges: 64...4_096,
        pixels: 4_096...2_048 * 2_048,
        ratioMax: 64
    )

    /// Any size of FLUX 1.1 [pro] besides.
    static let anyPro = FreeSizes(
        multipleOf: 32,
        edges: 256...1_440,
        pixels: 256 * 256...1_440 * 1_440,
        ratioMax: 6
    )

    private static func table(_ resolution: String, _ sizes: [(String, Int, Int)]) -> [SizeOption] {
        sizes.map { ratio, width, height in
            SizeOption(resolution: resolution, aspectRatio: ratio, size: PixelSize(width: width, height: height))
        }
    }

    private static func following(_ width: Int, _ height: Int) -> SizeOption {
        var option = SizeOption(resolution: free, aspectRatio: free, size: PixelSize(width: width, height: height))
        option.followsInput = true
        return option
    }
}
