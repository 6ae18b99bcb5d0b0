import Generation

/// How a model is asked on the wire: which fields it has, and in which words.
///
/// Source: `types/text_to_video_create_params.py`, `image_to_video_create_params.py` and `text_to_image_create_params.py` of
/// the official client runwayml 5.24.0; read on 2026-11-22.
enum RunwayFamily: String, Sendable {
    /// Runway's own videos: silent, a size in pixels.
    case gen4
    /// Google's Veo: sound as one likes, a negative prompt.
    case veo
    /// ByteDance's Seedance: sound as one likes, references, a length of the model's choice.
    case seedance
    /// MiniMax's H3: a resolution and a shape in words, references.
    case hailuo
    /// Runway's own images.
    case image

    /// The name of the note in a model's `wire`.
    static let note = "family"
    /// The note of a model that makes nothing without a first frame.
    static let needsFrame = "needs_first_frame"

    /// The family of a model; an operator's own model without the note is taken for one of Runway's.
    init(of model: ModelCapabilities?) {
        self = model?.wire[Self.note].flatMap(RunwayFamily.init(rawValue:)) ?? .gen4
    }

    /// Whether sound can be asked for or declined.
    var takesAudio: Bool {
        switch self {
        case .veo, .seedance: true
        case .gen4, .hailuo, .image: false
        }
    }

    /// The options that a request can hand through.
    ///
    /// Left out on purpose: `outputFormat` and `proresProfile`, which cost more for each second, and `draft`, whose price is
    /// not written down.
    var options: [String] {
        switch self {
        case .gen4, .image: ["contentModeration"]
        case .veo, .seedance, .hailuo: []
        }
    }
}
