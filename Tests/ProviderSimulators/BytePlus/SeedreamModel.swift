import Generation

/// What one image model takes, as its vendor documents it: the simulator's own table, which no adapter is read from.
///
/// Source: the image API samples of ModelArk (revision 265, read through a copy on 2026-10-08), and what developers measured
/// at the live service in September 2026.
struct SeedreamModel {
    let name: String
    /// The tiers, the default first.
    let tiers: [String]
    let pixels: ClosedRange<Int>
    let references: Int
    /// Whether it makes several related images in a call.
    let makesSets: Bool
    /// Whether the file format can be chosen.
    let choosesFormat: Bool
    let rewritingModes: [String]

    /// Finds a model by either region's id.
    static func named(_ id: String) -> SeedreamModel? {
        let plain = ["dola-", "doubao-"].first(where: id.hasPrefix).map { String(id.dropFirst($0.count)) } ?? id
        return all.first { model in
            plain.hasPrefix(model.name + "-") && plain.dropFirst(model.name.count + 1).allSatisfy(\.isNumber)
        }
    }

    private static let all = [
        SeedreamModel(
            name: "seedream-4-0",
            tiers: ["2K", "1K", "4K"],
            pixels: 1_280 * 720...4_096 * 4_096,
            references: 14,
            makesSets: true,
            choosesFormat: false,
            rewritingModes: ["standard", "fast"]
        ),
        SeedreamModel(
            name: "seedream-4-5",
            tiers: ["2K", "4K"],
            pixels: 2_560 * 1_440...4_096 * 4_096,
            references: 14,
            makesSets: true,
            choosesFormat: false,
            rewritingModes: ["standard"]
        ),
        // 5.0 lite, under its international and its Chinese name.
        lite("seedream-5-0"), lite("seedream-5-0-lite"), pro("seedream-5-0-pro"), pro("seedream-5-0-flash"),
    ]

    private static func lite(_ name: String) -> SeedreamModel {
        SeedreamModel(
            name: name,
            tiers: ["2K", "3K", "4K"],
            pixels: 2_560 * 1_440...4_096 * 4_096,
            references: 14,
            makesSets: true,
            choosesFormat: true,
            rewritingModes: ["standard"]
        )
    }

    private static func pro(_ name: String) -> SeedreamModel {
        SeedreamModel(
            name: name,
            tiers: ["2K", "1K", "1.5K"],
            pixels: 1_280 * 720...4_624_220,
            references: 10,
            makesSets: false,
            choosesFormat: true,
            rewritingModes: ["standard", "fast"]
        )
    }

    /// What a tier comes to when nothing in the request says a shape.
    static func square(_ tier: String) -> PixelSize? {
        let sides = ["1K": 1_024, "1.5K": 1_536, "2K": 2_048, "3K": 3_072, "4K": 4_096]
        return sides[tier].map { PixelSize(width: $0, height: $0) }
    }
}
