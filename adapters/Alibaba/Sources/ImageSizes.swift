import Generation

/// The sizes of image models, and how a shape that follows a picture becomes one.
///
/// The provider takes any size within limits; omitted, it makes 2048x2048 and bills that. So the size is always said.
/// Those of Wan are the vendor's recommendations (API references, 2026), those of Qwen-Image Max and Plus its whole list;
/// for the others the usual sizes of a tier are offered.
enum ImageSizes {
    /// The word for a shape that follows the last picture; without one it is square.
    static let automatic = "auto"

    private static let ratios = ["1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9"]
    private static let kilo = "1024x1024 1344x768 768x1344 1184x864 864x1184 1248x832 832x1248 1536x672"
    private static let twice = "2048x2048 2688x1536 1536x2688 2368x1728 1728x2368 2496x1664 1664x2496 3024x1296"
    private static let fourfold = "4096x4096 4096x2304 2304x4096 4096x3072 3072x4096 4032x2688 2688x4032 4032x1728"
    /// Of Wan, whose 1K has the pixels of 1280x1280.
    private static let wan = "1280x1280 1696x960 960x1696 1472x1104 1104x1472"

    /// What a model offers, the default first.
    static func options(_ family: ImageFamily, has4K: Bool = false) -> [SizeOption] {
        switch family {
        case .qwen: sizes("1K", kilo) + [follows("1K", 1_024)] + sizes("2K", twice) + [follows("2K", 2_048)]
        // An edit that nobody asked a shape of keeps that of its picture.
        case .qwenEdit: [follows("1K", 1_024)] + sizes("1K", kilo)
        case .qwenEditFirst: [follows("1K", 1_024)]
        case .qwenFixed:
            sizes("1K", "1664x928 1472x1104 1328x1328 1104x1472 928x1664", ["16:9", "4:3", "1:1", "3:4", "9:16"])
        case .zImage: sizes("1K", kilo) + sizes("2K", twice)
        case .wan27:
            sizes("1K", wan) + [follows("1K", 1_280)] + sizes("2K", twice) + [follows("2K", 2_048)]
                + (has4K ? sizes("4K", fourfold) : [])
        case .wan26: sizes("1K", wan)
        case .wan26Edit: [follows("1K", 1_280)] + sizes("1K", wan)
        case .wanOlder: sizes("1K", "1024x1024 1280x720 720x1280 1152x864 864x1152")
        }
    }

    /// What can be asked for besides; nil for nothing.
    static func free(_ family: ImageFamily, has4K: Bool = false) -> FreeSizes? {
        switch family {
        case .qwen: rule(512 * 512...2_048 * 2_048, ratioMax: 8)
        case .qwenEdit: FreeSizes(multipleOf: 1, edges: 512...2_048, pixels: 512 * 512...2_048 * 2_048, ratioMax: 4)
        case .qwenFixed, .qwenEditFirst: nil
        case .zImage: rule(512 * 512...2_048 * 2_048, ratioMax: 8)
        case .wan27: rule(768 * 768...(has4K ? 4_096 * 4_096 : 2_048 * 2_048), ratioMax: 8)
        case .wan26Edit: rule(768 * 768...1_280 * 1_280, ratioMax: 4)
        case .wan26: rule(1_280 * 1_280...1_440 * 1_440, ratioMax: 4)
        // The narrower rule, that of Wan 2.2.
        case .wanOlder:
            FreeSizes(multipleOf: 1, edges: 512...1_440, pixels: 512 * 512...1_440 * 1_440, ratioMax: 2.8125)
        }
    }

    /// A size with the shape of a picture and the pixels of a tier, both sides multiples of 16.
    ///
    /// - Parameters:
    ///   - width: The picture's width.
    ///   - height: Its height.
    ///   - pixels: The pixels to come near to, never above.
    ///   - free: What the model takes.
    /// - Returns: The size; of a picture that is longer than the model takes the longest shape that it does take.
    static func following(width: Int, height: Int, pixels: Int, _ free: FreeSizes) -> PixelSize {
        let ratioMax = min(free.ratioMax, Double(free.edges.upperBound) / Double(free.edges.lowerBound))
        let ratio = min(max(Double(width) / Double(height), 1 / ratioMax), ratioMax)
        let exact = (Double(pixels) / ratio).squareRoot()
        func side(_ length: Double) -> Int {
            // A hair more, so that a side that is a multiple already stays one.
            let whole = Int((length + 0.001) / 16) * 16
            return min(max(whole, free.edges.lowerBound), free.edges.upperBound)
        }
        return PixelSize(width: side(exact * ratio), height: side(exact))
    }

    private static func rule(_ pixels: ClosedRange<Int>, ratioMax: Double) -> FreeSizes {
        let least = (Double(pixels.lowerBound) / ratioMax).squareRoot().rounded(.down)
        let most = (Double(pixels.upperBound) * ratioMax).squareRoot().rounded(.up)
        return FreeSizes(multipleOf: 1, edges: Int(least)...Int(most), pixels: pixels, ratioMax: ratioMax)
    }

    private static func sizes(_ tier: String, _ texts: String, _ names: [String] = ratios) -> [SizeOption] {
        zip(names, texts.split(separator: " ").compactMap { PixelSize(String($0)) })
            .map { SizeOption(resolution: tier, aspectRatio: $0, size: $1) }
    }

    private static func follows(_ tier: String, _ side: Int) -> SizeOption {
        var option = SizeOption(
            resolution: tier,
            aspectRatio: automatic,
            size: PixelSize(width: side, height: side)
        )
        option.followsInput = true
        return option
    }
}
