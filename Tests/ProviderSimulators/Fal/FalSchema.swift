/// What one path takes, as the host documents it: the simulator's own table, which no adapter is read from.
///
/// Source: `endpoints.ts` of the official client fal-ai/fal-js, 2026-08-02; read on 2026-11-22.
struct FalSchema {
    /// What a field may hold.
    enum Kind {
        case text(isRequired: Bool)
        case words([String])
        case flag
        case whole(ClosedRange<Int64>)
        case number(ClosedRange<Double>)
        /// A preset, or an object with `width` and `height`; with the presets besides the usual ones.
        case size([String])
        case picture(isRequired: Bool)
        case pictures(most: Int, isRequired: Bool)
    }

    /// What comes out.
    enum Product {
        case images(format: String)
        case video
        case audio
    }

    let path: String
    let makes: Product
    let fields: [String: Kind]
    /// What a field is taken for when it is absent.
    var defaults: [String: String] = [:]

    static func named(_ path: String) -> FalSchema? { all.first { $0.path == path } }

    private static let prompt = Kind.text(isRequired: true)
    private static let strict = Kind.words((1...5).map { String($0) })
    private static let lenient = Kind.words((1...6).map { String($0) })
    private static let formats = Kind.words(["jpeg", "png"])
    private static let wideFormats = Kind.words(["jpeg", "png", "webp"])
    private static let count = Kind.whole(1...4)
    private static let ratios = Kind.words(["21:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:21"])
    private static let seed = Kind.whole(0...Int64.max)
    private static let bananaRatios = [
        "auto", "21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16",
    ]
    private static let presets: [String] = []

    private static let all = flux + bananas + seedream + veo + kling + seedance + voices

    private static let flux: [FalSchema] = [
        FalSchema(path: "fal-ai/flux-2-pro", makes: .images(format: "jpeg"), fields: flux2(presets)),
        FalSchema(
            path: "fal-ai/flux-2-pro/edit",
            makes: .images(format: "jpeg"),
            fields: flux2(["auto"]).merging(["image_urls": .pictures(most: 9, isRequired: true)]) { $1 }
        ),
        FalSchema(
            path: "fal-ai/flux/schnell",
            makes: .images(format: "jpeg"),
            fields: [
                "prompt": prompt, "image_size": .size(presets), "num_images": count, "seed": seed,
                "output_format": formats, "enable_safety_checker": .flag, "num_inference_steps": .whole(1...12),
                "guidance_scale": .number(1...20), "acceleration": .words(["none", "regular", "high"]),
                "sync_mode": .flag,
            ]
        ),
        FalSchema(
            path: "fal-ai/flux-pro/v1.1",
            makes: .images(format: "jpeg"),
            fields: [
                "prompt": prompt, "image_size": .size(presets), "num_images": count, "seed": seed,
                "output_format": formats, "safety_tolerance": lenient, "enhance_prompt": .flag, "sync_mode": .flag,
            ]
        ),
        FalSchema(
            path: "fal-ai/flux-pro/v1.1-ultra",
            makes: .images(format: "jpeg"),
            fields: kontext.merging(
                [
                    "image_url": .picture(isRequired: false), "raw": .flag,
                    "image_prompt_strength": .number(0...1),
                ]
            ) { $1 },
            defaults: ["aspect_ratio": "16:9", "tier": "2K"]
        ),
        FalSchema(
            path: "fal-ai/flux-pro/kontext",
            makes: .images(format: "jpeg"),
            fields: kontext.merging(
                ["image_url": .picture(isRequired: true), "guidance_scale": .number(1...20)]
            ) { $1 }
        ),
        FalSchema(
            path: "fal-ai/flux-pro/kontext/text-to-image",
            makes: .images(format: "jpeg"),
            fields: kontext.merging(["guidance_scale": .number(1...20)]) { $1 },
            defaults: ["aspect_ratio": "1:1"]
        ),
    ]

    private static func flux2(_ presets: [String]) -> [String: Kind] {
        [
            "prompt": prompt, "image_size": .size(presets), "seed": seed, "output_format": formats,
            "safety_tolerance": strict, "enable_safety_checker": .flag, "sync_mode": .flag,
        ]
    }

    private static let kontext: [String: Kind] = [
        "prompt": prompt, "aspect_ratio": ratios, "num_images": count, "seed": seed, "output_format": formats,
        "safety_tolerance": lenient, "enhance_prompt": .flag, "sync_mode": .flag,
    ]

    private static let bananas: [FalSchema] = [("nano-banana-2", true), ("nano-banana-pro", false)].flatMap {
        (name: String, isFlash: Bool) -> [FalSchema] in
        let fields: [String: Kind] = [
            "prompt": prompt, "num_images": count, "seed": seed, "output_format": wideFormats,
            "aspect_ratio": .words(bananaRatios + (isFlash ? ["4:1", "1:4", "8:1", "1:8"] : [])),
            "resolution": .words((isFlash ? ["0.5K"] : []) + ["1K", "2K", "4K"]), "safety_tolerance": lenient,
            "limit_generations": .flag, "sync_mode": .flag,
        ]
        let edit = fields.merging(["image_urls": .pictures(most: 14, isRequired: true)]) { $1 }
        return [
            FalSchema(path: "fal-ai/\(name)", makes: .images(format: "png"), fields: fields),
            FalSchema(path: "fal-ai/\(name)/edit", makes: .images(format: "png"), fields: edit),
        ]
    }

    private static let seedream: [FalSchema] = ["text-to-image", "edit"].map { kind in
        var fields: [String: Kind] = [
            "prompt": prompt, "image_size": .size(["auto_2K", "auto_4K"]), "num_images": .whole(1...6),
            "max_images": .whole(1...6), "seed": seed, "enable_safety_checker": .flag, "sync_mode": .flag,
        ]
        if kind == "edit" { fields["image_urls"] = .pictures(most: 10, isRequired: true) }
        return FalSchema(
            path: "fal-ai/bytedance/seedream/v4.5/\(kind)",
            makes: .images(format: "png"),
            fields: fields,
            defaults: ["tier": "2K"]
        )
    }

    private static let veo: [FalSchema] = ["fal-ai/veo3.1", "fal-ai/veo3.1/fast"].flatMap { base -> [FalSchema] in
        let common: [String: Kind] = [
            "prompt": prompt, "duration": .words(["4s", "6s", "8s"]), "resolution": .words(["720p", "1080p", "4k"]),
            "generate_audio": .flag, "auto_fix": .flag, "safety_tolerance": lenient,
        ]
        func schema(_ suffix: String, _ ratios: [String], _ other: [String: Kind]) -> FalSchema {
            FalSchema(
                path: base + suffix,
                makes: .video,
                fields: common.merging(other) { $1 }.merging(["aspect_ratio": .words(ratios)]) { $1 },
                defaults: ["duration": "8s", "aspect_ratio": ratios[0]]
            )
        }
        let seeded: [String: Kind] = ["seed": seed, "negative_prompt": .text(isRequired: false)]
        let plain = ["16:9", "9:16"]
        let framed = ["auto", "16:9", "9:16"]
        let picture = Kind.picture(isRequired: true)
        return [
            schema("", plain, seeded),
            schema("/image-to-video", framed, seeded.merging(["image_url": picture]) { $1 }),
            schema(
                "/first-last-frame-to-video",
                framed,
                seeded.merging(["first_frame_url": picture, "last_frame_url": picture]) { $1 }
            ),
        ]
            + (base == "fal-ai/veo3.1"
                ? [schema("/reference-to-video", plain, ["image_urls": .pictures(most: 3, isRequired: true)])] : [])
    }

    private static let kling: [FalSchema] = ["standard", "pro"].flatMap { tier -> [FalSchema] in
        let common: [String: Kind] = [
            "prompt": prompt, "duration": .words((3...15).map { String($0) }), "generate_audio": .flag,
            "negative_prompt": .text(isRequired: false), "cfg_scale": .number(0...1),
        ]
        let base = "fal-ai/kling-video/v3/\(tier)"
        let defaults = ["resolution": tier == "pro" ? "1080p" : "720p", "duration": "5", "aspect_ratio": "16:9"]
        return [
            FalSchema(
                path: "\(base)/text-to-video",
                makes: .video,
                fields: common.merging(["aspect_ratio": .words(["16:9", "9:16", "1:1"])]) { $1 },
                defaults: defaults
            ),
            FalSchema(
                path: "\(base)/image-to-video",
                makes: .video,
                fields: common.merging(
                    ["start_image_url": .picture(isRequired: true), "end_image_url": .picture(isRequired: false)]
                ) { $1 },
                defaults: defaults
            ),
        ]
    }

    private static let seedance: [FalSchema] = ["text", "image", "reference"].map { kind in
        var fields: [String: Kind] = [
            "prompt": prompt, "duration": .words(["auto"] + (4...15).map { String($0) }),
            "resolution": .words(["480p", "720p", "1080p", "4k"]), "generate_audio": .flag,
            "aspect_ratio": .words(["auto", "21:9", "16:9", "4:3", "1:1", "3:4", "9:16"]),
            "bitrate_mode": .words(["standard", "high"]), "end_user_id": .text(isRequired: false),
        ]
        switch kind {
        case "image":
            fields["image_url"] = .picture(isRequired: true)
            fields["end_image_url"] = .picture(isRequired: false)
        case "reference": fields["image_urls"] = .pictures(most: 9, isRequired: true)
        case _: break
        }
        return FalSchema(
            path: "bytedance/seedance-2.0/\(kind)-to-video",
            makes: .video,
            fields: fields,
            defaults: ["duration": "5", "resolution": "720p", "aspect_ratio": "16:9"]
        )
    }

    private static let voices: [FalSchema] = ["multilingual-v2", "turbo-v2.5"].map { name in
        FalSchema(
            path: "fal-ai/elevenlabs/tts/\(name)",
            makes: .audio,
            fields: [
                "text": prompt, "voice": .text(isRequired: false), "speed": .number(0.7...1.2),
                "stability": .number(0...1), "similarity_boost": .number(0...1), "style": .number(0...1),
                "language_code": .text(isRequired: false), "timestamps": .flag,
                "apply_text_normalization": .words(["auto", "on", "off"]),
            ]
        )
    }
}
