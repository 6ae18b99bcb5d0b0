import Generation

/// The sizes of Seedream models.
///
/// The wire takes any size within limits of pixels and shape, or a tier by its name, with which the model chooses the shape
/// by the prompt and the pictures. The table is the vendor's own for 1K, 2K and 4K (image API samples, revision 265 of
/// 2026-10-08, and copies of it for 4.0); 1.5K and 3K are sizes of these tiers' pixels.
enum SeedreamSizes {
    /// The word for a shape that the model chooses.
    static let automatic = "auto"

    private static let ratios = ["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9"]

    /// The offers of a model: 2K first, which is what the vendor makes unless told otherwise.
    static func options(_ family: SeedreamFamily) -> [SizeOption] {
        tiers(family).flatMap { tier -> [SizeOption] in
            let sizes = sizes(tier)
            let fixed = zip(ratios, sizes).map { SizeOption(resolution: tier, aspectRatio: $0, size: $1) }
            guard let largest = sizes.max(by: { $0.width * $0.height < $1.width * $1.height }) else { return fixed }
            var free = SizeOption(resolution: tier, aspectRatio: automatic, size: largest)
            free.followsInput = true
            return fixed + [free]
        }
    }

    /// What else can be asked for; of the shape 1:16 to 16:1.
    static func free(_ family: SeedreamFamily) -> FreeSizes {
        let pixels =
            switch family {
            case .v40: 921_600...16_777_216
            case .v45, .lite: 3_686_400...16_777_216
            case .pro: 921_600...4_624_220
            }
        return FreeSizes(multipleOf: 1, edges: 240...16_384, pixels: pixels, ratioMax: 16)
    }

    private static func tiers(_ family: SeedreamFamily) -> [String] {
        switch family {
        case .v40: ["2K", "1K", "4K"]
        case .v45: ["2K", "4K"]
        case .lite: ["2K", "3K", "4K"]
        case .pro: ["2K", "1K", "1.5K"]
        }
    }

    private static func sizes(_ tier: String) -> [PixelSize] {
        let texts =
            switch tier {
            case "1K": "1024x1024 1152x864 864x1152 1280x720 720x1280 1248x832 832x1248 1512x648"
            case "1.5K": "1536x1536 1792x1344 1344x1792 2048x1152 1152x2048 1920x1280 1280x1920 2352x1008"
            case "2K": "2048x2048 2304x1728 1728x2304 2560x1440 1440x2560 2496x1664 1664x2496 3024x1296"
            case "3K": "3072x3072 3456x2592 2592x3456 4096x2304 2304x4096 3744x2496 2496x3744 4704x2016"
            case "4K": "4096x4096 4694x3520 3520x4694 5404x3040 3040x5404 4992x3328 3328x4992 6198x2656"
            case _: ""
            }
        return texts.split(separator: " ").compactMap { PixelSize(String($0)) }
    }
}
