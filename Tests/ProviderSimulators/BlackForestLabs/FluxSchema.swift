import Generation

/// What one path takes, as the vendor documents it: the simulator's own table, which no adapter is read from.
///
/// Sources, read on 2026-11-21: the OpenAPI page of each path (docs.bfl.ai `api-reference/models`), `types/inputs` of the
/// official client `blackforest` 0.1.3, and its `_models.py` and `_catalog.py` for FLUX.2.
struct FluxSchema {
    enum Family {
        case flux2
        case kontext
        case pro
        case ultra
        case fill
    }

    let path: String
    let family: Family
    /// How many numbered pictures there can be.
    var pictures = 0
    /// Whether `steps` and `guidance` are taken, and in which range.
    var steps: ClosedRange<Int64>?
    var guidance: ClosedRange<Double>?
    /// Credits for the first megapixel and each further one, or for the whole image.
    let first: Double
    var step: Double?

    static func named(_ path: String) -> FluxSchema? { all.first { $0.path == path } }

    private static let all = [
        FluxSchema(path: "flux-2-pro", family: .flux2, pictures: 8, first: 3, step: 1.5),
        FluxSchema(path: "flux-2-max", family: .flux2, pictures: 8, first: 7, step: 3),
        FluxSchema(
            path: "flux-2-flex",
            family: .flux2,
            pictures: 8,
            steps: 1...50,
            guidance: 1.5...10,
            first: 5,
            step: 5
        ),
        FluxSchema(path: "flux-2-klein-9b", family: .flux2, pictures: 4, first: 1.5, step: 0.2),
        FluxSchema(path: "flux-2-klein-4b", family: .flux2, pictures: 4, first: 1.4, step: 0.1),
        FluxSchema(path: "flux-kontext-pro", family: .kontext, pictures: 4, first: 4),
        FluxSchema(path: "flux-kontext-max", family: .kontext, pictures: 4, first: 8),
        FluxSchema(path: "flux-pro-1.1", family: .pro, first: 4),
        FluxSchema(path: "flux-pro-1.1-ultra", family: .ultra, first: 6),
        FluxSchema(path: "flux-pro-1.0-fill", family: .fill, steps: 15...50, guidance: 1.5...100, first: 5),
    ]

    var formats: [String] { family == .flux2 ? ["jpeg", "png", "webp"] : ["jpeg", "png"] }

    /// How lenient the filter may be.
    func tolerances(isEdit: Bool) -> ClosedRange<Int64> {
        switch family {
        case .flux2: 0...5
        case .kontext: isEdit ? 0...2 : 0...6
        case .pro, .ultra, .fill: 0...6
        }
    }

    /// Whether `prompt_upsampling` is taken.
    var upsamples: Bool { family != .flux2 || steps != nil }

    /// A binary megapixel, the part of one that has begun counting whole.
    static func megapixels(_ size: PixelSize) -> Double {
        (Double(size.width * size.height) / 1_048_576).rounded(.up)
    }

    /// What is charged, in credits.
    func cost(output: PixelSize, inputs: [PixelSize]) -> Double {
        guard let step else { return first }
        let further = max(0, Self.megapixels(output) - 1)
        return first + step * (further + inputs.reduce(0) { $0 + min(4, Self.megapixels($1)) })
    }
}
