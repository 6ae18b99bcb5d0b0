extension CapabilityCheck {
    /// Holds a video against what its model takes: sound and pictures first, then what depends on them.
    mutating func resolve(_ video: VideoRequest, _ parameters: VideoParameters) throws(RequestProblem) -> VideoRequest {
        var out = video
        out.negativePrompt = try negativePrompt(video.negativePrompt, max: parameters.negativePromptCharactersMax)
        try pictures(of: video, parameters)
        out.generateAudio = try audio(video.generateAudio, parameters.audio)
        try size(&out, of: video, parameters)
        out.duration = try duration(of: video.duration, out, parameters)
        out.fps = try choose("fps", video.fps, { .integer(Int64($0)) }, of: parameters.framesPerSecond)
        out.seed = try seed(video.seed, parameters.seeds)
        out.previousJobID = try keep(
            "previous_job_id",
            video.previousJobID,
            { .string($0) },
            if: parameters.previousJob
        )
        return out
    }

    private mutating func negativePrompt(_ text: String?, max: Int?) throws(RequestProblem) -> String? {
        guard let text = try keep("negative_prompt", text, { .string($0) }, if: max != nil), let max else { return nil }
        let count = text.unicodeScalars.count
        guard count <= max else {
            throw RequestProblem(
                .invalidValue,
                field: "negative_prompt",
                "`negative_prompt` has \(count) characters; `\(model)` takes at most \(max)."
            )
        }
        return text
    }

    /// Media that a model cannot take is refused even when not strict: leaving it out would change what is made.
    private func pictures(of video: VideoRequest, _ parameters: VideoParameters) throws(RequestProblem) {
        for (index, frame) in video.frameImages.enumerated() where !parameters.frameRoles.contains(frame.role) {
            throw RequestProblem(
                .unsupportedValue,
                field: "frame_images[\(index)].frame_type",
                "`\(model)` takes no \(frame.role.rawValue); allowed: \(parameters.frameRoles.isEmpty ? "no frame_images" : RequestProblem.list(parameters.frameRoles.sorted().map(\.rawValue)))."
            )
        }
        if let index = video.frameImages.firstIndex(where: { $0.role == .last }),
            !video.frameImages.contains(where: { $0.role == .first }), !parameters.lastFrameAlone
        {
            throw RequestProblem(
                .contradiction,
                field: "frame_images[\(index)]",
                "`frame_images` has a last_frame without a first_frame; `\(model)` needs both."
            )
        }
        try references(video.inputReferences.count, max: parameters.referencesMax)
        for (kind, max) in [
            (MediaReference.Kind.video, parameters.videoReferencesMax), (.audio, parameters.audioReferencesMax),
        ] {
            let given = video.mediaReferences.filter { $0.kind == kind }
            guard given.count > max, let first = given.first else { continue }
            throw RequestProblem(
                .unsupportedValue,
                field: "input_references[\(first.position)]",
                "`input_references` has \(given.count) of type \(kind.rawValue); `\(model)` takes \(max == 0 ? "none" : "at most \(max)")."
            )
        }
        let count = video.inputReferences.count + video.mediaReferences.count
        if let max = parameters.allReferencesMax { try references(count, max: max) }
        guard video.frameImages.isEmpty || count == 0 || parameters.referencesWithFrames else {
            throw RequestProblem(
                .contradiction,
                field: "input_references",
                "`\(model)` takes `frame_images` or `input_references`, not both."
            )
        }
    }

    private mutating func audio(_ asked: Bool?, _ offer: AudioOffer) throws(RequestProblem) -> Bool {
        let only: Bool
        switch offer {
        case .choice(let byDefault): return asked ?? byDefault
        case .silent: only = false
        case .always: only = true
        }
        guard let asked, asked != only else { return only }
        guard !strict else {
            throw RequestProblem(
                .unsupportedParameter,
                field: "generate_audio",
                "`\(model)` \(only ? "always makes sound" : "makes no sound"): `generate_audio` can only be \(only). (A native job can set `strict` to false to have that used and reported.)"
            )
        }
        adjust("generate_audio", .bool(asked), .bool(only), .unsupportedParameter)
        return only
    }

    private mutating func size(
        _ out: inout VideoRequest,
        of video: VideoRequest,
        _ parameters: VideoParameters
    ) throws(RequestProblem) {
        var options = parameters.sizes
        var follows: VideoRule?
        var reasons: [String] = []
        for rule in parameters.rules where rule.holds(for: out, resolution: nil) {
            switch rule.then {
            case .durations: continue
            case .resolutions(let allowed): options = options.filter { allowed.contains($0.resolution) }
            case .aspectRatios(let allowed): options = options.filter { allowed.contains($0.aspectRatio) }
            case .aspectRatioFollowsPicture: follows = rule
            }
            reasons.append(rule.why)
        }
        let asked: (ratio: String?, size: PixelSize?) = (video.aspectRatio, video.size)
        guard let follows else {
            (out.resolution, out.aspectRatio, out.size) = try dimensions(
                resolution: video.resolution,
                aspectRatio: asked.ratio,
                size: asked.size,
                of: options,
                why: reasons.isEmpty ? nil : reasons.joined(separator: "; ")
            )
            return
        }
        for (name, value) in [("aspect_ratio", asked.ratio), ("size", asked.size?.description)] {
            guard let value else { continue }
            guard !strict else {
                throw RequestProblem(
                    .contradiction,
                    field: name,
                    "`\(name)` cannot be chosen here: \(follows.why). Leave it out; `resolution` can be given."
                )
            }
            adjust(name, .string(value), .null, .notApplicable)
        }
        // An exact size still says which resolution is meant.
        let tier = video.resolution ?? asked.size.flatMap { size in options.first { $0.size == size }?.resolution }
        out.resolution = try dimensions(resolution: tier, aspectRatio: nil, size: nil, of: options, why: nil).resolution
        (out.aspectRatio, out.size) = (nil, nil)
    }

    private mutating func duration(
        of asked: Int?,
        _ video: VideoRequest,
        _ parameters: VideoParameters
    ) throws(RequestProblem) -> Int {
        if asked == VideoParameters.automatic, parameters.automaticDuration { return VideoParameters.automatic }
        var allowed = parameters.durations
        var reasons: [String] = []
        for rule in parameters.rules where rule.holds(for: video, resolution: video.resolution) {
            guard case .durations(let durations) = rule.then else { continue }
            allowed = allowed.filter(durations.contains)
            reasons.append(rule.why)
        }
        let wanted = asked ?? parameters.defaultDuration
        if allowed.contains(wanted) { return wanted }
        let near = Nearness.duration(
            to: wanted == VideoParameters.automatic ? parameters.defaultDuration : wanted,
            of: allowed
        )
        guard let asked else { return near ?? wanted }
        guard !strict, let near else {
            throw notOffered(
                "duration",
                .integer(Int64(asked)),
                allowed + (parameters.automaticDuration ? [VideoParameters.automatic] : []),
                why: reasons.isEmpty ? nil : reasons.joined(separator: "; ")
            )
        }
        adjust("duration", .integer(Int64(asked)), .integer(Int64(near)))
        return near
    }

    mutating func seed(_ asked: Int64?, _ range: ClosedRange<Int64>?) throws(RequestProblem) -> Int64? {
        guard let seed = try keep("seed", asked, { .integer($0) }, if: range != nil), let range else { return nil }
        if range.contains(seed) { return seed }
        guard !strict else {
            throw RequestProblem(
                .unsupportedValue,
                field: "seed",
                "`seed` is \(seed); `\(model)` takes \(range.lowerBound) to \(range.upperBound)."
            )
        }
        let near = min(max(seed, range.lowerBound), range.upperBound)
        adjust("seed", .integer(seed), .integer(near))
        return near
    }
}

extension VideoRule {
    /// Whether all conditions hold; one about a resolution does not while none is known.
    fileprivate func holds(for video: VideoRequest, resolution: String?) -> Bool {
        let hasFirst = video.frameImages.contains { $0.role == .first }
        let hasLast = video.frameImages.contains { $0.role == .last }
        let hasReferences = !video.inputReferences.isEmpty || !video.mediaReferences.isEmpty
        return when.allSatisfy { condition in
            switch condition {
            case .resolutions(let names): resolution.map(names.contains) ?? false
            case .firstFrame: hasFirst
            case .lastFrame: hasLast
            case .noLastFrame: !hasLast
            case .references: hasReferences
            case .noReferences: !hasReferences
            case .videoReferences: video.mediaReferences.contains { $0.kind == .video }
            case .pictures: hasFirst || hasLast || hasReferences
            case .noPictures: !hasFirst && !hasLast && !hasReferences
            case .audio(let wanted): video.generateAudio == wanted
            }
        }
    }
}

/// What comes nearest to a value that is not offered.
enum Nearness {
    /// The nearest length; of two equally near ones the longer.
    static func duration(to asked: Int, of offered: [Int]) -> Int? {
        offered.min { (abs($0 - asked), -$0) < (abs($1 - asked), -$1) }
    }

    /// The resolution with the nearest number of lines; of two equally near ones the higher.
    static func resolution(to asked: String, of offered: [String]) -> String? {
        guard let wanted = lines(asked) else { return nil }
        let known = offered.compactMap { name in lines(name).map { (name, $0) } }
        return known.min { (abs($0.1 - wanted), -$0.1) < (abs($1.1 - wanted), -$1.1) }?.0
    }

    /// The aspect ratio of the nearest shape.
    static func aspectRatio(to asked: String, of offered: [String]) -> String? {
        guard let wanted = sides(asked) else { return nil }
        let known = offered.compactMap { name in sides(name).map { (name, difference($0, wanted)) } }
        return known.min { $0.1 < $1.1 }?.0
    }

    /// The size of the nearest shape, and of those the one with the nearest area.
    static func option(to asked: PixelSize, of offered: [SizeOption]) -> SizeOption? {
        let wanted = (asked.width, asked.height)
        let area = asked.width * asked.height
        return offered.min { one, other in
            let (a, b) = (one.size, other.size)
            let (first, second) = (
                difference((a.width, a.height), wanted), difference((b.width, b.height), wanted)
            )
            return (first, abs(a.width * a.height - area)) < (second, abs(b.width * b.height - area))
        }
    }

    /// How much longer one shape is than the other, as the greater quotient of the two, in thousandths.
    private static func difference(_ one: (Int, Int), _ other: (Int, Int)) -> Int {
        let (a, b) = (one.0 * other.1, one.1 * other.0)
        return max(a, b) * 1_000 / max(1, min(a, b))
    }

    private static func sides(_ ratio: String) -> (Int, Int)? {
        let parts = ratio.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]),
            (1...10_000).contains(width), (1...10_000).contains(height)
        else { return nil }
        return (width, height)
    }

    /// The lines of `720p`, `4k`, `2K` or `512`.
    private static func lines(_ resolution: String) -> Int? {
        let text = resolution.lowercased()
        if text.hasSuffix("k"), let thousands = Int(text.dropLast()), (1...16).contains(thousands) {
            return thousands * 540
        }
        return Int(text.hasSuffix("p") ? String(text.dropLast()) : text).flatMap {
            (1...20_000).contains($0) ? $0 : nil
        }
    }
}
