import Generation

/// Which protocol an image model speaks, and what differs within it.
///
/// Sources: Model Studio's API references of Qwen-Image (2 February 2026), Z-Image (15 March 2026), Wan image generation and
/// editing (2026) and Wan text-to-image V2 (27 October 2026), and dashscope 2.0.2; read 2026-11-21.
enum ImageFamily: String, Sendable {
    /// Qwen-Image 2.0 and 3.0: any size, several images, pictures to edit.
    case qwen = "qwen-image"
    /// Qwen-Image Max and Plus: five sizes, one image, text alone.
    case qwenFixed = "qwen-image-fixed"
    /// Qwen-Image-Edit Plus and Max: pictures to edit, always.
    case qwenEdit = "qwen-image-edit"
    /// Qwen-Image-Edit, the first of them: it knows no size.
    case qwenEditFirst = "qwen-image-edit-first"
    /// Z-Image Turbo: one image, text alone.
    case zImage = "z-image"
    /// Wan 2.7.
    case wan27 = "wan2.7-image"
    /// Wan 2.6, text alone.
    case wan26 = "wan2.6-t2i"
    /// Wan 2.6 with pictures to edit, always.
    case wan26Edit = "wan2.6-image"
    /// Wan 2.5 and 2.2, text alone, in the older form.
    case wanOlder = "wan-text2image"

    /// The family of a model; nil for one of another kind.
    init?(of model: ModelCapabilities) {
        guard let family = model.wire[AlibabaModels.WireKey.family].flatMap(ImageFamily.init(rawValue:)) else {
            return nil
        }
        self = family
    }

    /// Where a family is asked.
    enum Door: Sendable {
        /// The answer comes when the images are made.
        case answering
        /// A task is started, by the same body.
        ///
        /// Wan models answer at once too. As a task their images cost nothing more, and are not lost with a connection.
        case queueing
        /// A task is started, by a body of the older form.
        case older

        /// The path under the provider's address.
        var path: String {
            switch self {
            case .answering: "/services/aigc/multimodal-generation/generation"
            case .queueing: "/services/aigc/image-generation/generation"
            case .older: "/services/aigc/text2image/image-synthesis"
            }
        }

        /// Whether the answer is a task.
        var isTask: Bool {
            switch self {
            case .answering: false
            case .queueing, .older: true
            }
        }
    }

    var door: Door {
        switch self {
        case .qwen, .qwenFixed, .qwenEdit, .qwenEditFirst, .zImage: .answering
        case .wan27, .wan26, .wan26Edit: .queueing
        case .wanOlder: .older
        }
    }

    /// The number of pictures that can be handed in.
    var references: ClosedRange<Int> {
        switch self {
        case .qwen: 0...3
        case .qwenEdit, .qwenEditFirst: 1...3
        case .wan27: 0...9
        case .wan26Edit: 1...4
        case .qwenFixed, .zImage, .wan26, .wanOlder: 0...0
        }
    }

    /// The longest picture, in bytes: 10 and 20 MB.
    var pictureBytesMax: Int64 { self == .wan27 ? 20_000_000 : 10_000_000 }

    /// Whether pictures come before the text.
    var takesPicturesFirst: Bool {
        switch self {
        case .qwen, .qwenFixed, .qwenEdit, .qwenEditFirst, .zImage: true
        case .wan27, .wan26, .wan26Edit, .wanOlder: false
        }
    }

    /// How many images a call makes at most.
    var countMax: Int {
        switch self {
        case .qwen, .qwenEdit: 6
        case .wan27, .wan26, .wan26Edit, .wanOlder: 4
        case .qwenFixed, .qwenEditFirst, .zImage: 1
        }
    }

    /// Whether there is a word for the number of images.
    ///
    /// Where there is it is always sent: Wan makes four when nobody says how many.
    var sendsCount: Bool { self != .zImage }

    /// Whether there is a word for the size; where there is it is always sent: the provider makes and bills 2K else.
    var sendsSize: Bool { self != .qwenEditFirst }

    /// Whether what is not to be seen can be said.
    var takesNegativePrompt: Bool {
        switch self {
        case .qwen, .qwenFixed, .qwenEdit, .qwenEditFirst, .wan26, .wan26Edit, .wanOlder: true
        case .zImage, .wan27: false
        }
    }

    /// The options that a request can hand through.
    ///
    /// Left out on purpose: `enable_sequential` (a set of up to twelve, of which the model decides how many there are),
    /// `bbox_list` and `color_palette` (nothing here says what they must look like), and `prompt_extend` of Z-Image, which
    /// doubles the price.
    var options: [String] {
        switch self {
        case .qwen, .qwenFixed, .qwenEdit, .wan26, .wan26Edit, .wanOlder:
            ["negative_prompt", "prompt_extend", "watermark"]
        case .qwenEditFirst: ["negative_prompt", "watermark"]
        case .wan27: ["prompt_extend", "thinking_mode", "watermark"]
        case .zImage: []
        }
    }
}
