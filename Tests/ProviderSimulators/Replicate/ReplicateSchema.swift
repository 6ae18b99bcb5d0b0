/// What one model's input takes, as the host documents it: the simulator's own table, which no adapter is read from.
///
/// Source: the input schemas on the models' pages (`replicate.com/OWNER/NAME/api`), in copies of 2026; read on 2026-11-22.
struct ReplicateSchema {
    /// What a field may hold.
    enum Kind {
        case text(isRequired: Bool)
        case words([String])
        case flag
        case whole(ClosedRange<Int64>)
        case number(ClosedRange<Double>)
        case picture
        case pictures(Int)
    }

    let model: String
    var isVideo = false
    /// Whether the output is a list.
    var isList = false
    let format: String
    let fields: [String: Kind]
    /// What a field is taken for when it is absent.
    var defaults: [String: String] = [:]

    static func named(_ model: String) -> ReplicateSchema? { all.first { $0.model == model } }

    private static let prompt = Kind.text(isRequired: true)
    private static let seed = Kind.whole(0...4_294_967_295)
    private static let jpgPng = Kind.words(["jpg", "png"])
    private static let three = Kind.words(["webp", "jpg", "png"])
    private static let quality = Kind.whole(0...100)
    private static let ratios = [
        "1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21",
    ]
    private static let matching = "match_input_image"
    private static let veoFields: [String: Kind] = [
        "prompt": prompt, "aspect_ratio": .words(["16:9", "9:16"]), "duration": .whole(4...8),
        "image": .picture,
        "last_frame": .picture, "negative_prompt": .text(isRequired: false),
        "resolution": .words(["720p", "1080p"]),
        "generate_audio": .flag, "seed": seed,
    ]

    static let all: [ReplicateSchema] = [
        ReplicateSchema(
            model: "black-forest-labs/flux-schnell",
            isList: true,
            format: "webp",
            fields: [
                "prompt": prompt, "aspect_ratio": .words(ratios), "num_outputs": .whole(1...4),
                "num_inference_steps": .whole(1...4), "seed": seed, "output_format": three,
                "output_quality": quality,
                "go_fast": .flag, "megapixels": .words(["1", "0.25"]), "disable_safety_checker": .flag,
            ],
            defaults: ["aspect_ratio": "1:1"]
        ),
        ReplicateSchema(
            model: "black-forest-labs/flux-1.1-pro",
            format: "webp",
            fields: [
                "prompt": prompt, "aspect_ratio": .words(["custom"] + ratios), "width": .whole(256...1_440),
                "height": .whole(256...1_440), "image_prompt": .picture, "seed": seed,
                "output_format": three,
                "output_quality": quality, "safety_tolerance": .whole(1...6), "prompt_upsampling": .flag,
            ],
            defaults: ["aspect_ratio": "1:1"]
        ),
        ReplicateSchema(
            model: "black-forest-labs/flux-1.1-pro-ultra",
            format: "jpg",
            fields: [
                "prompt": prompt, "aspect_ratio": .words(ratios + [matching]), "image_prompt": .picture,
                "image_prompt_strength": .number(0...1), "raw": .flag, "seed": seed,
                "output_format": jpgPng,
                "safety_tolerance": .whole(1...6),
            ],
            defaults: ["aspect_ratio": "1:1", "resolution": "2K"]
        ),
        ReplicateSchema(
            model: "black-forest-labs/flux-kontext-pro",
            format: "png",
            fields: [
                "prompt": prompt, "input_image": .picture, "aspect_ratio": .words(ratios + [matching]),
                "seed": seed,
                "output_format": jpgPng, "safety_tolerance": .whole(0...6), "prompt_upsampling": .flag,
            ]
        ),
        ReplicateSchema(
            model: "black-forest-labs/flux-2-pro",
            format: "webp",
            fields: [
                "prompt": prompt, "input_images": .pictures(8),
                "aspect_ratio": .words(["custom", matching] + ratios),
                "resolution": .words(["0.5 MP", "1 MP", "2 MP", "4 MP", matching]),
                "width": .whole(256...2_048),
                "height": .whole(256...2_048), "seed": seed, "output_format": three,
                "output_quality": quality,
                "safety_tolerance": .whole(1...5),
            ],
            defaults: ["aspect_ratio": "1:1"]
        ),
        ReplicateSchema(
            model: "google/nano-banana-pro",
            format: "jpg",
            fields: [
                "prompt": prompt, "image_input": .pictures(14),
                "aspect_ratio": .words([matching] + ratios.filter { $0 != "9:21" }),
                "resolution": .words(["1K", "2K", "4K"]), "output_format": jpgPng,
                "safety_filter_level": .words([
                    "block_low_and_above", "block_medium_and_above", "block_only_high",
                ]),
            ]
        ),
        ReplicateSchema(
            model: "bytedance/seedream-4.5",
            isList: true,
            format: "jpg",
            fields: [
                "prompt": prompt, "image_input": .pictures(14), "size": .words(["2K", "4K", "custom"]),
                "aspect_ratio": .words(
                    [matching, "1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9"]
                ),
                "width": .whole(1_024...4_096), "height": .whole(1_024...4_096),
                "max_images": .whole(1...15),
                "sequential_image_generation": .words(["disabled", "auto"]),
                "disable_safety_checker": .flag,
            ],
            defaults: ["size": "2K"]
        ),
        ReplicateSchema(
            model: "google/veo-3.1",
            isVideo: true,
            format: "mp4",
            fields: veoFields.merging(["reference_images": .pictures(3)]) { $1 },
            defaults: ["resolution": "1080p", "aspect_ratio": "16:9"]
        ),
        ReplicateSchema(
            model: "google/veo-3.1-fast",
            isVideo: true,
            format: "mp4",
            fields: veoFields,
            defaults: ["resolution": "1080p", "aspect_ratio": "16:9"]
        ),
    ]
}
