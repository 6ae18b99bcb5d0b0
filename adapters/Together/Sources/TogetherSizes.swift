import Generation

/// The sizes that are asked for at the host.
enum TogetherSizes {
    /// The ratios and their sizes of about one megapixel, in steps of 16.
    private static let one = [
        ("1:1", 1_024, 1_024), ("16:9", 1_344, 768), ("9:16", 768, 1_344), ("4:3", 1_184, 864), ("3:4", 864, 1_184),
        ("3:2", 1_248, 832), ("2:3", 832, 1_248), ("21:9", 1_536, 672), ("5:4", 1_152, 896), ("4:5", 896, 1_152),
    ]

    /// Of one megapixel.
    static let small = table("1K", 1)
    /// Of one and of four megapixels.
    static let large = small + table("2K", 2)
    /// Of Gemini 3 Pro Image up to 4K, as docs.together.ai lists them (serverless-models, 2026-03; read 2026-11-22).
    static let gemini = large + table("4K", 4)

    /// Of Veo: docs.together.ai, videos-overview (2026-03; read 2026-11-22).
    static let veo = [
        size("720p", "16:9", 1_280, 720), size("720p", "9:16", 720, 1_280), size("1080p", "16:9", 1_920, 1_080),
        size("1080p", "9:16", 1_080, 1_920),
    ]

    /// Of Hailuo 02, where its price is written down; the same page.
    static let hailuo = [size("768p", "16:9", 1_366, 768)]

    /// Of Wan 2.7, in words: 720p alone has a price.
    static let wan = [
        size("720p", "16:9", 1_280, 720), size("720p", "9:16", 720, 1_280), size("720p", "1:1", 960, 960),
        size("720p", "4:3", 1_104, 832), size("720p", "3:4", 832, 1_104),
    ]
    .map { option in
        var option = option
        option.followsInput = true
        return option
    }

    private static func table(_ resolution: String, _ factor: Int) -> [SizeOption] {
        one.map { size(resolution, $0.0, $0.1 * factor, $0.2 * factor) }
    }

    private static func size(_ resolution: String, _ ratio: String, _ width: Int, _ height: Int) -> SizeOption {
        SizeOption(resolution: resolution, aspectRatio: ratio, size: PixelSize(width: width, height: height))
    }
}
