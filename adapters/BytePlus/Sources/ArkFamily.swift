import Generation

/// A generation of Seedance models: what differs on the wire between them.
///
/// Source: "Create a video generation task" (docs.byteplus.com ModelArk 1520757) and its Chinese twin, read through copies
/// of April to September 2026 on 2026-11-21.
enum ArkFamily: String, Sendable {
    /// 1.0 pro and 1.0 pro fast: silent; the ratio follows the first frame.
    case v10 = "1.0"
    /// 1.5 pro: sound, drafts.
    case v15 = "1.5"
    /// 2.0, its fast and mini forms: references, priority.
    case v20 = "2.0"
    /// 2.5: thirty seconds; the ratio follows the first frame.
    case v25 = "2.5"

    /// The name of the note in a model's `wire`.
    static let note = "family"

    /// The family of a model; an operator's own model without the note is taken for the newest of wide use.
    init(of model: ModelCapabilities?) {
        self = model?.wire[Self.note].flatMap(ArkFamily.init(rawValue:)) ?? .v20
    }

    /// Whether a seed is taken.
    ///
    /// The parameter page says of 2.0 that it is not; of 2.5 it says nothing.
    var takesSeed: Bool {
        switch self {
        case .v10, .v15: true
        case .v20, .v25: false
        }
    }

    /// Whether there is a choice of sound: the field is refused where there is none.
    var takesAudio: Bool {
        switch self {
        case .v10: false
        case .v15, .v20, .v25: true
        }
    }

    /// Whether commands in the prompt (`--dur 12`) change parameters, as the older wire had it.
    var readsCommands: Bool { takesSeed }

    /// The options that a request can hand through.
    ///
    /// Left out on purpose: `service_tier` (flex is half the price, which the price list cannot say), `tools` (a web search
    /// is billed by itself, and not to be had outside China), `return_last_frame` (a video job has no picture among its
    /// results), `draft` of 2.5 (what it costs is not written down), and `frames`.
    var options: [String] {
        let common = ["watermark", "safety_identifier", "execution_expires_after"]
        return switch self {
        case .v10: common + ["camera_fixed"]
        case .v15: common + ["camera_fixed", "draft"]
        case .v20: common + ["priority"]
        case .v25: common + ["output_format"]
        }
    }
}
