import Generation

/// The sizes that the hosted models make.
///
/// Source: the literals of `ratio` in runwayml 5.24.0 (`types/*_create_params.py`); read on 2026-11-22.
enum RunwaySizes {
    /// The word for a shape that follows the pictures.
    static let adaptive = "adaptive"
    /// The shapes of H3 that can be named.
    static let shapes = ["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]

    /// Of Runway's own videos; from text alone the first two.
    static let gen4 = table("720p", ["1280x720", "720x1280", "1104x832", "960x960", "832x1104", "1584x672"])
    /// The shapes that Gen-4.5 makes of text alone.
    static let gen4Text = ["16:9", "9:16"]

    /// Of Veo.
    static let veo = table("720p", ["1280x720", "720x1280"]) + table("1080p", ["1920x1080", "1080x1920"])

    private static let seedance720 = table(
        "720p",
        ["1280x720", "720x1280", "1112x834", "960x960", "834x1112", "1470x630"]
    )
    private static let seedance1080 = table(
        "1080p",
        ["1920x1080", "1080x1920", "1664x1248", "1440x1440", "1248x1664", "2206x946"]
    )

    /// Of Seedance 2.0 fast and mini.
    static let seedanceSmall =
        seedance720 + table("480p", ["864x496", "496x864", "752x560", "640x640", "560x752", "992x432"])
    /// Of Seedance 2.0, without its 4k.
    static let seedance = seedanceSmall + seedance1080
    /// Of Seedance 2.5.
    static let seedance25 =
        seedance720 + table("480p", ["854x480", "480x854", "752x560", "640x640", "560x752", "992x432"]) + seedance1080

    /// Of H3: none is promised to the pixel.
    static let hailuo: [SizeOption] = ["768p", "2k"].flatMap { resolution in
        (shapes + [adaptive]).map { shape in
            let size =
                resolution == "2k" ? PixelSize(width: 2_560, height: 1_440) : PixelSize(width: 1_344, height: 768)
            let isTall = shape == "9:16" || shape == "3:4"
            var option = SizeOption(
                resolution: resolution,
                aspectRatio: shape,
                size: isTall ? PixelSize(width: size.height, height: size.width) : size
            )
            option.followsInput = true
            return option
        }
    }

    /// Of Runway's own images, those whose price is written down.
    static let image =
        table("720p", ["1280x720", "720x1280", "960x720", "720x720", "720x960", "1680x720"])
        + table("1080p", ["1920x1080", "1080x1920", "1440x1080", "1080x1080", "1080x1440", "2112x912"])

    /// The sizes of a resolution, in the order of `order`.
    private static func table(_ resolution: String, _ sizes: [String]) -> [SizeOption] {
        let order = ["16:9", "9:16", "4:3", "1:1", "3:4", "21:9"]
        return zip(order, sizes).compactMap { shape, text in
            PixelSize(text).map { SizeOption(resolution: resolution, aspectRatio: shape, size: $0) }
        }
    }
}
