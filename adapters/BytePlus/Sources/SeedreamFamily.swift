import Generation

/// A generation of Seedream models: what differs on the wire between them.
///
/// Source: the image API samples of ModelArk (revision 265, read through a copy on 2026-10-08) and
/// `resources/images/images.py` of byteplus-python-sdk-v2 3.0.63; written 2026-11-21.
enum SeedreamFamily: String, Sendable {
    /// 4.0: three tiers from 1K on, and two ways of rewriting the prompt.
    case v40 = "seedream-4.0"
    /// 4.5: from 2K on.
    case v45 = "seedream-4.5"
    /// 5.0 lite: from 2K on, PNG as well as JPEG.
    case lite = "seedream-5.0-lite"
    /// 5.0 pro and flash: one image in a call, up to 2K.
    case pro = "seedream-5.0"

    /// The family of a model; an operator's own model without the note is taken for the one of widest use.
    init(of model: ModelCapabilities?) {
        self = model?.wire[ArkFamily.note].flatMap(SeedreamFamily.init(rawValue:)) ?? .v45
    }

    /// The most pictures, those handed in and those made, of one call; nil where a call makes one image.
    ///
    /// Several images are a set: the model decides by the prompt how many it makes, and never makes more than asked for.
    var setMax: Int? {
        switch self {
        case .v40, .v45, .lite: 15
        case .pro: nil
        }
    }

    /// How many pictures can be handed in.
    var referencesMax: Int {
        switch self {
        case .v40, .v45, .lite: 14
        case .pro: 10
        }
    }

    /// The formats; where there is one alone the wire has no word for it.
    var formats: [String] {
        switch self {
        case .v40, .v45: ["jpeg"]
        case .lite, .pro: ["jpeg", "png"]
        }
    }

    /// The ways in which the vendor rewrites a prompt; none where there is no choice.
    var rewritingModes: [String] {
        switch self {
        case .v40, .pro: ["standard", "fast"]
        case .v45, .lite: []
        }
    }

    /// The options that a request can hand through.
    ///
    /// Left out on purpose: `tools` (a web search is billed by itself), `layer_decomposition` (up to seventeen results,
    /// whose price is not written down), `background` (not of the official SDK, and for pictures with real alpha alone).
    var options: [String] { rewritingModes.isEmpty ? ["watermark"] : ["watermark", "optimize_prompt_options"] }
}
