import Generation

/// What differs on the wire between the models of the host: every model has fields of its own.
///
/// Source: the types of all models in the official client fal-ai/fal-js (`endpoints.ts`, 2026-08-02) and the models' own
/// pages (`llms.txt`); read on 2026-11-22.
enum FalFamily: String, CaseIterable, Sendable {
    /// FLUX.2: exact sizes, pictures on a path of their own.
    case flux2 = "flux-2"
    /// FLUX.1 [schnell]: exact sizes, several at a time.
    case schnell
    /// FLUX 1.1 [pro]: the same with a filter that can be set.
    case fluxPro = "flux-pro"
    /// FLUX 1.1 [pro] ultra: ratios, a picture to be guided by.
    case ultra
    /// FLUX.1 Kontext: ratios, one picture; without one another path.
    case kontext
    /// Google's image models: ratios and tiers, pictures on a path of their own.
    case banana
    /// Seedream: exact sizes, pictures on a path of their own.
    case seedream
    /// Google's Veo: a path for each kind of pictures.
    case veo
    /// Kling 3.0: from text, or from frames.
    case kling
    /// Seedance 2.0: from text, frames, or reference pictures.
    case seedance
    /// Speech of ElevenLabs.
    case speech

    /// The name of the note in a model's `wire`.
    static let note = "family"

    /// The family of a model; one of the operator's own without the note is taken for what makes the same.
    init(of model: ModelCapabilities) {
        let plain: FalFamily =
            switch model.parameters {
            case .video: .seedance
            case .image: .flux2
            case .speech, .transcription, .music, .sound: .speech
            }
        self = model.wire[Self.note].flatMap(FalFamily.init(rawValue:)) ?? plain
    }

    /// The options that a request can hand through.
    var options: [String: FalOption] {
        let strict = (1...5).map { String($0) }
        let lenient = (1...6).map { String($0) }
        switch self {
        case .flux2: return ["safety_tolerance": .words(strict), "enable_safety_checker": .flag]
        case .schnell:
            return [
                "enable_safety_checker": .flag, "num_inference_steps": .whole(1...12),
                "guidance_scale": .number(1...20),
            ]
        case .fluxPro: return ["safety_tolerance": .words(lenient), "enhance_prompt": .flag]
        case .ultra:
            return [
                "safety_tolerance": .words(lenient), "enhance_prompt": .flag, "raw": .flag,
                "image_prompt_strength": .number(0...1),
            ]
        case .kontext:
            return [
                "safety_tolerance": .words(lenient), "enhance_prompt": .flag, "guidance_scale": .number(1...20),
            ]
        case .banana: return ["safety_tolerance": .words(lenient)]
        case .seedream: return ["enable_safety_checker": .flag]
        case .veo: return ["safety_tolerance": .words(lenient), "auto_fix": .flag]
        case .kling: return ["cfg_scale": .number(0...1)]
        case .seedance: return ["bitrate_mode": .words(["standard", "high"])]
        case .speech:
            return [
                "stability": .number(0...1), "similarity_boost": .number(0...1), "style": .number(0...1),
                "apply_text_normalization": .words(["auto", "on", "off"]),
            ]
        }
    }
}
