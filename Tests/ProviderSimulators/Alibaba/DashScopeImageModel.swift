import Generation

/// One of the provider's image models, as its vendor documents it: the simulator's own table.
///
/// Sources: the API references of Qwen-Image, Z-Image and Wan images (2026), and what developers measured on the Beijing
/// node in September 2026.
struct DashScopeImageModel {
    /// Where a model is asked.
    enum Door: Hashable {
        case multimodal
        case imageGeneration
        case textToImage
    }

    let name: String
    /// More than one where a model answers at once as well as by a task.
    let doors: Set<Door>
    let count: ClosedRange<Int64>
    /// The count when none is said.
    let countDefault: Int64
    let references: ClosedRange<Int>
    /// The sizes that are taken; nil when any is that keeps to the limits.
    var sizes: [String]?
    var tiers: [String] = []
    var pixels = 1...Int.max
    var edges = 1...Int.max
    var ratioMax = 8.0
    var parameters: [String] = ["size", "n", "seed", "prompt_extend", "watermark"]
    var picturesFirst = true
    var promptMax = 800

    /// A model by its name.
    static func named(_ name: String) -> DashScopeImageModel? {
        let sync: Set<Door> = [.multimodal]
        let both: Set<Door> = [.multimodal, .imageGeneration]
        switch name {
        case "qwen-image-3.0", "qwen-image-3.0-pro", "qwen-image-2.0", "qwen-image-2.0-pro":
            var model = DashScopeImageModel(name: name, doors: sync, count: 1...6, countDefault: 1, references: 0...3)
            model.pixels = 512 * 512...2_048 * 2_048
            model.parameters.append("negative_prompt")
            model.promptMax = 1_300
            return model
        case "qwen-image-max", "qwen-image-plus", "qwen-image":
            var model = DashScopeImageModel(name: name, doors: sync, count: 1...1, countDefault: 1, references: 0...0)
            model.sizes = ["1664*928", "1472*1104", "1328*1328", "1104*1472", "928*1664"]
            model.parameters.append("negative_prompt")
            return model
        case "qwen-image-edit-plus", "qwen-image-edit-max":
            var model = DashScopeImageModel(name: name, doors: sync, count: 1...6, countDefault: 1, references: 1...3)
            model.edges = 512...2_048
            model.parameters.append("negative_prompt")
            return model
        case "qwen-image-edit":
            var model = DashScopeImageModel(name: name, doors: sync, count: 1...1, countDefault: 1, references: 1...3)
            // It has no size, and does not rewrite.
            model.parameters = ["n", "seed", "watermark", "negative_prompt"]
            return model
        case "z-image-turbo":
            var model = DashScopeImageModel(name: name, doors: sync, count: 1...1, countDefault: 1, references: 0...0)
            model.pixels = 512 * 512...2_048 * 2_048
            model.parameters = ["size", "seed", "prompt_extend"]
            return model
        case "wan2.7-image", "wan2.7-image-pro":
            var model = DashScopeImageModel(name: name, doors: both, count: 1...4, countDefault: 4, references: 0...9)
            let isPro = name.hasSuffix("-pro")
            model.tiers = isPro ? ["1K", "2K", "4K"] : ["1K", "2K"]
            model.pixels = 768 * 768...(isPro ? 4_096 * 4_096 : 2_048 * 2_048)
            model.parameters += ["thinking_mode", "enable_sequential", "color_palette", "bbox_list"]
            model.picturesFirst = false
            model.promptMax = 5_000
            return model
        case "wan2.6-t2i":
            var model = DashScopeImageModel(name: name, doors: both, count: 1...4, countDefault: 4, references: 0...0)
            // Its own recommendations have a few pixels less than its limit.
            model.pixels = 1_600_000...1_440 * 1_440
            model.ratioMax = 4
            model.parameters.append("negative_prompt")
            model.picturesFirst = false
            model.promptMax = 2_000
            return model
        case "wan2.6-image":
            var model = DashScopeImageModel(name: name, doors: both, count: 1...4, countDefault: 4, references: 1...4)
            model.pixels = 768 * 768...1_280 * 1_280
            model.ratioMax = 4
            model.parameters += ["negative_prompt", "enable_interleave"]
            model.picturesFirst = false
            model.promptMax = 2_000
            return model
        case "wan2.5-t2i-preview", "wan2.2-t2i-flash", "wan2.2-t2i-plus": return older(name)
        case _: return nil
        }
    }

    private static func older(_ name: String) -> DashScopeImageModel {
        var model = DashScopeImageModel(
            name: name,
            doors: [.textToImage],
            count: 1...4,
            countDefault: 4,
            references: 0...0
        )
        model.ratioMax = 4
        if name.hasPrefix("wan2.5") {
            model.pixels = 768 * 768...1_440 * 1_440
            model.promptMax = 2_000
        } else {
            model.edges = 512...1_440
            model.promptMax = 500
        }
        return model
    }
}
