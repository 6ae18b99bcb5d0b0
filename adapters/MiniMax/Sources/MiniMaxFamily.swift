import Generation

/// A generation of Hailuo models: which of the vendor's two video interfaces makes them.
enum MiniMaxFamily: String, Sendable {
    /// Hailuo 2.3 and 02: `/v1/video_generation`, errors with status 200, the video in the vendor's file storage.
    case hailuo = "v1"
    /// H3: `/v2/video_generation`, a task object with the video's address.
    case h3 = "v2"

    /// The name of the note in a model's `wire`.
    static let note = "api"
    /// The note of a model that makes nothing without a first frame.
    static let needsFrame = "needs_first_frame"

    /// The family of a model; an operator's own model without the note is taken for the newest.
    init(of model: ModelCapabilities?) {
        self = model?.wire[Self.note].flatMap(MiniMaxFamily.init(rawValue:)) ?? .h3
    }

    /// The options that a request can hand through.
    ///
    /// Left out on purpose: `callback_url`, since the vendor calls no address that does not first answer a challenge of its
    /// own within three seconds; `subject_reference`, which belongs to models that are not offered.
    var options: [String] {
        switch self {
        case .hailuo: ["prompt_optimizer", "fast_pretreatment", "aigc_watermark"]
        case .h3: ["aigc_watermark"]
        }
    }

    /// What the vendor takes as a picture.
    ///
    /// Hailuo: JPEG, PNG or WebP of less than 20 MB, the shorter side above 300 pixels, 2:5 to 5:2 (parameter page of
    /// video-generation-i2v). H3: at least 256 by 256, 0.4 to 2.5 (docs.comfy.org, node of the vendor's H3 interface); its
    /// bytes are held to the same. Read on 2026-11-22.
    var shortestSide: Int {
        switch self {
        case .hailuo: 301
        case .h3: 256
        }
    }

    static let pictureBytesMax = 20_000_000
}
