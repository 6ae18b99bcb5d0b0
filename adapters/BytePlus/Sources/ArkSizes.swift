import Generation

/// The exact sizes of each resolution and ratio.
///
/// Source: the table of the parameter page (docs.byteplus.com ModelArk 1520757) for the 1.0 series and for 1.5 pro and
/// 2.0; its 4k rows and the two sizes in which 2.5 differs from a copy of August 2026. Read on 2026-11-21.
enum ArkSizes {
    /// The word for a size that the model chooses by the pictures or the prompt.
    static let adaptive = "adaptive"

    private static let ratios = ["16:9", "4:3", "1:1", "3:4", "9:16", "21:9"]

    /// The offers of a model: in each resolution first the free choice, which is the vendor's default.
    ///
    /// The 1.0 series has it only for videos from a picture, where it is what happens when no ratio is asked for.
    static func options(_ resolutions: [String], _ family: ArkFamily) -> [SizeOption] {
        resolutions.flatMap { resolution -> [SizeOption] in
            let sizes = sizes(resolution, family)
            let fixed = zip(ratios, sizes).map { ratio, size in
                var option = SizeOption(resolution: resolution, aspectRatio: ratio, size: size)
                option.followsInput = resolution == "4k" && !["16:9", "9:16"].contains(ratio)
                return option
            }
            guard family != .v10, let largest = largest(sizes) else { return fixed }
            var free = SizeOption(resolution: resolution, aspectRatio: adaptive, size: largest)
            free.followsInput = true
            return [free] + fixed
        }
    }

    /// The most pixels that a frame of each resolution can have.
    static func pixelsMax(_ resolutions: [String], _ family: ArkFamily) -> [String: Int] {
        var pixels: [String: Int] = [:]
        for resolution in resolutions {
            pixels[resolution] = largest(sizes(resolution, family)).map { $0.width * $0.height }
            // Other copies of the table have 3840x2880 and 3840x3840: until one is confirmed the larger is held.
            if resolution == "4k" { pixels[resolution] = 3_840 * 3_840 }
        }
        return pixels
    }

    private static func largest(_ sizes: [PixelSize]) -> PixelSize? {
        sizes.max { $0.width * $0.height < $1.width * $1.height }
    }

    private static func sizes(_ resolution: String, _ family: ArkFamily) -> [PixelSize] {
        let texts =
            switch (family, resolution) {
            case (.v10, "480p"): "864x480 736x544 640x640 544x736 480x864 960x416"
            case (.v10, "720p"): "1248x704 1120x832 960x960 832x1120 704x1248 1504x640"
            case (.v10, "1080p"): "1920x1088 1664x1248 1440x1440 1248x1664 1088x1920 2176x928"
            case (.v25, "480p"): "854x480 752x560 640x640 560x752 480x854 992x432"
            case (.v15, "480p"), (.v20, "480p"): "864x496 752x560 640x640 560x752 496x864 992x432"
            case (_, "720p"): "1280x720 1112x834 960x960 834x1112 720x1280 1470x630"
            case (_, "1080p"): "1920x1080 1664x1248 1440x1440 1248x1664 1080x1920 2206x946"
            case (_, "4k"): "3840x2160 3326x2494 2880x2880 2494x3326 2160x3840 4398x1886"
            case (_, _): ""
            }
        return texts.split(separator: " ").compactMap { PixelSize(String($0)) }
    }
}
