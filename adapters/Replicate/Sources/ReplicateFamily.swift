import Generation

/// What differs on the wire between the models of the host: every model has an input of its own.
///
/// Source: the input schemas of the models' pages (`replicate.com/OWNER/NAME/api`), in copies of 2026; read on 2026-11-22.
enum ReplicateFamily: String, CaseIterable, Sendable {
    /// FLUX.1 [schnell]: ratios, several at a time.
    case schnell
    /// FLUX 1.1 [pro]: exact sizes, a picture to be guided by.
    case fluxPro = "flux-pro"
    /// FLUX 1.1 [pro] ultra: ratios, a picture to be guided by.
    case ultra
    /// FLUX.1 Kontext: ratios, one picture.
    case kontext
    /// FLUX.2 [pro]: exact sizes, up to eight pictures.
    case flux2 = "flux-2"
    /// Google's image models: ratios and tiers, up to fourteen pictures.
    case banana
    /// Seedream: ratios and tiers, up to fourteen pictures.
    case seedream
    /// Google's Veo: text, frames, or reference pictures.
    case veo

    /// The name of the note in a model's `wire`.
    static let note = "family"

    /// The family of a model; one of the operator's own without the note is taken for what makes the same.
    init(of model: ModelCapabilities) {
        let plain: ReplicateFamily =
            switch model.parameters {
            case .video: .veo
            case .image, .speech, .transcription, .music, .sound: .flux2
            }
        self = model.wire[Self.note].flatMap(ReplicateFamily.init(rawValue:)) ?? plain
    }

    /// An option that a model takes beyond the request's own fields, with the values that it may have.
    enum Option {
        case flag
        case words([String])
        case whole(ClosedRange<Int64>)
        case number(ClosedRange<Double>)
    }

    /// The options that a request can hand through.
    var options: [String: Option] {
        switch self {
        case .schnell: ["num_inference_steps": .whole(1...4), "go_fast": .flag]
        case .fluxPro: ["safety_tolerance": .whole(1...6), "prompt_upsampling": .flag]
        case .ultra:
            ["safety_tolerance": .whole(1...6), "raw": .flag, "image_prompt_strength": .number(0...1)]
        case .kontext: ["safety_tolerance": .whole(0...6), "prompt_upsampling": .flag]
        case .flux2: ["safety_tolerance": .whole(1...5)]
        case .banana:
            [
                "safety_filter_level": .words([
                    "block_low_and_above", "block_medium_and_above", "block_only_high",
                ])
            ]
        case .seedream, .veo: [:]
        }
    }
}
