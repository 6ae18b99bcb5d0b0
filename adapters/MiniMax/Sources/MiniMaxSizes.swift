import Generation

/// The sizes that the vendor's video models make.
///
/// Hailuo: 1366x768 as the vendor's answer shows it (`video_width`, `video_height`), and 1080p. H3: ratios, of which only
/// the sixteen-to-nine forms are written down in pixels (1344x768: runware.ai, models; 2560x1440: developer.civitai.com);
/// none is promised to the pixel. Read on 2026-11-22.
enum MiniMaxSizes {
    /// The word for a shape that follows the pictures.
    static let adaptive = "adaptive"

    /// The shapes that can be named.
    static let ratios = ["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]

    /// Of Hailuo: sixteen to nine, unless there is a first frame.
    static let hailuo = [
        SizeOption(resolution: "768p", aspectRatio: "16:9", size: PixelSize(width: 1_366, height: 768)),
        SizeOption(resolution: "1080p", aspectRatio: "16:9", size: PixelSize(width: 1_920, height: 1_080)),
    ]

    /// Of H3, in some of its resolutions.
    static func h3(_ resolutions: [String]) -> [SizeOption] {
        resolutions.flatMap { resolution in
            (ratios + [adaptive]).map { ratio in
                var option = SizeOption(resolution: resolution, aspectRatio: ratio, size: size(resolution, ratio))
                option.followsInput = true
                return option
            }
        }
    }

    /// About that size: in steps of 32, with the pixels of the sixteen-to-nine form.
    private static func size(_ resolution: String, _ ratio: String) -> PixelSize {
        let wide =
            switch resolution {
            case "480p": PixelSize(width: 832, height: 480)
            case "2k": PixelSize(width: 2_560, height: 1_440)
            case _: PixelSize(width: 1_344, height: 768)
            }
        let sides = ratio.split(separator: ":").compactMap { Double($0) }
        guard sides.count == 2, ratio != "16:9" else { return wide }
        let area = Double(wide.width * wide.height)
        let height = (area * sides[1] / sides[0]).squareRoot()
        func step(_ side: Double) -> Int { max(32, Int((side / 32).rounded()) * 32) }
        return PixelSize(width: step(height * sides[0] / sides[1]), height: step(height))
    }
}
