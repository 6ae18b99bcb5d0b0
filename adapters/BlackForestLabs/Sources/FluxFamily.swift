import Generation

/// What differs on the wire between the vendor's models.
///
/// Source: the OpenAPI pages of each path on docs.bfl.ai, and `types/inputs` of the official client `blackforest` 0.1.3;
/// read on 2026-11-21.
enum FluxFamily: String, Sendable {
    /// FLUX.2: exact sizes, numbered pictures.
    case flux2 = "flux-2"
    /// FLUX.2 [flex]: the same, with its steps and guidance in the open.
    case flex
    /// FLUX.1 Kontext: one megapixel in a ratio, numbered pictures.
    case kontext
    /// FLUX 1.1 [pro]: exact sizes, a picture to be guided by.
    case pro
    /// FLUX 1.1 [pro] ultra: four megapixels in a ratio, a picture to be guided by.
    case ultra
    /// FLUX.1 Fill: repaints a part of a picture.
    case fill

    /// The name of the note in a model's `wire`.
    static let note = "family"

    /// The family of a model; one of the operator's own without the note is taken for FLUX.2.
    init(of model: ModelCapabilities?) {
        self = model?.wire[Self.note].flatMap(FluxFamily.init(rawValue:)) ?? .flux2
    }

    /// How a size is asked for.
    enum SizeForm {
        /// By `width` and `height`.
        case exact
        /// By `aspect_ratio`.
        case ratio
        /// Not at all: the picture has it.
        case none
    }

    /// How a size is asked for.
    var sizeForm: SizeForm {
        switch self {
        case .flux2, .flex, .pro: .exact
        case .kontext, .ultra: .ratio
        case .fill: .none
        }
    }

    /// The field of a reference picture by its place.
    func pictureField(_ index: Int) -> String {
        switch self {
        case .flux2, .flex, .kontext: index == 0 ? "input_image" : "input_image_\(index + 1)"
        case .pro, .ultra: "image_prompt"
        case .fill: "image"
        }
    }

    /// The options that a request can hand through.
    var options: [String] {
        switch self {
        case .flux2: ["safety_tolerance"]
        case .flex: ["safety_tolerance", "prompt_upsampling", "steps", "guidance"]
        case .kontext, .pro: ["safety_tolerance", "prompt_upsampling"]
        case .ultra: ["safety_tolerance", "prompt_upsampling", "raw", "image_prompt_strength"]
        case .fill: ["safety_tolerance", "prompt_upsampling", "steps", "guidance"]
        }
    }

    /// How lenient the filter may be made: 0 is the strictest.
    ///
    /// With pictures (`isEdit`) Kontext takes 2 at most.
    func safetyTolerances(isEdit: Bool) -> ClosedRange<Int64> {
        switch self {
        case .flux2, .flex: 0...5
        case .kontext: isEdit ? 0...2 : 0...6
        case .pro, .ultra, .fill: 0...6
        }
    }

    /// How many steps may be asked for.
    var steps: ClosedRange<Int64> {
        switch self {
        case .fill: 15...50
        case .flux2, .flex, .kontext, .pro, .ultra: 1...50
        }
    }

    /// How closely the prompt may be followed.
    var guidance: ClosedRange<Double> {
        switch self {
        case .fill: 1.5...100
        case .flux2, .flex, .kontext, .pro, .ultra: 1.5...10
        }
    }
}
