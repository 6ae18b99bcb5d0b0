/// A request that a model can serve: every default filled in, every unsupported parameter refused or reported.
public struct ResolvedRequest: Sendable, Hashable {
    /// The request with its defaults.
    public let request: GenerationRequest
    /// What was left out, when the client asked not to be strict.
    public let adjustments: [Adjustment]
}

extension GenerationRequest {
    /// Checks the request against a model and fills in the model's defaults.
    ///
    /// - Parameters:
    ///   - capabilities: What the model takes.
    ///   - strict: Whether a parameter that the model lacks is refused (true) or left out and reported (false). Not
    ///     strict, the nearest length, size or seed that the model has is used, and reported; words outside the model's
    ///     set, and media that it cannot take, are refused either way.
    /// - Returns: The request as it will be submitted, and the adjustments.
    /// - Throws: The first problem, with the field and the allowed values.
    public func resolved(
        against capabilities: ModelCapabilities,
        strict: Bool
    ) throws(RequestProblem) -> ResolvedRequest {
        var check = CapabilityCheck(
            model: capabilities.slug,
            promptCharactersMax: capabilities.promptCharactersMax,
            strict: strict
        )
        var resolved = self
        resolved.model = capabilities.slug
        switch (content, capabilities.parameters) {
        case (.video(let video), .video(let parameters)):
            try check.prompt(video.prompt, field: "prompt")
            resolved.content = .video(try check.resolve(video, parameters))
        case (.image(let image), .image(let parameters)):
            try check.prompt(image.prompt, field: "prompt")
            resolved.content = .image(try check.resolve(image, parameters))
        case (.speech(let speech), .speech(let parameters)):
            try check.prompt(speech.input, field: "input")
            resolved.content = .speech(try check.resolve(speech, parameters))
        case (.video, _), (.image, _), (.speech, _):
            throw RequestProblem(
                .unsupportedValue,
                field: "type",
                "`\(capabilities.slug)` makes \(capabilities.type.rawValue), not \(type.rawValue); set `type` to \"\(capabilities.type.rawValue)\" or choose another model."
            )
        }
        return ResolvedRequest(request: resolved, adjustments: check.adjustments)
    }
}

/// Collects the adjustments of one request while its parameters are held against a model.
struct CapabilityCheck {
    let model: String
    let promptCharactersMax: Int
    let strict: Bool
    var adjustments: [Adjustment] = []

    /// Every text that steers the model obeys the limit of its prompt.
    func prompt(_ text: String, field: String) throws(RequestProblem) {
        let count = text.unicodeScalars.count
        guard count <= promptCharactersMax else {
            throw RequestProblem(
                .invalidValue,
                field: field,
                "`\(field)` has \(count) characters; `\(model)` takes at most \(promptCharactersMax)."
            )
        }
    }

    /// Keeps a parameter that the model has; refuses or leaves out one that it lacks.
    mutating func keep<Value>(
        _ name: String,
        _ value: Value?,
        _ json: (Value) -> JSONValue,
        if supported: Bool
    ) throws(RequestProblem) -> Value? {
        guard let value, !supported else { return value }
        guard !strict else {
            throw RequestProblem(
                .unsupportedParameter,
                field: name,
                "`\(model)` has no `\(name)`; leave it out. (A native job can set `strict` to false to have it left out and reported.)"
            )
        }
        adjustments.append(
            Adjustment(parameter: name, asked: json(value), used: .null, reason: .unsupportedParameter)
        )
        return nil
    }

    /// Keeps a value of the model's list, or the default.
    mutating func choose<Value: Equatable & CustomStringConvertible>(
        _ name: String,
        _ value: Value?,
        _ json: (Value) -> JSONValue,
        of allowed: [Value]
    ) throws(RequestProblem) -> Value? {
        guard let value = try keep(name, value, json, if: !allowed.isEmpty) else { return allowed.first }
        guard allowed.contains(value) else { throw notOffered(name, json(value), allowed) }
        return value
    }

    func notOffered(
        _ name: String,
        _ value: JSONValue,
        _ allowed: some Sequence<some CustomStringConvertible>,
        why: String? = nil
    ) -> RequestProblem {
        RequestProblem(
            .unsupportedValue,
            field: name,
            "`\(name)` is \(RequestProblem.shown(value)), which `\(model)` does not offer\(why.map { " here: \($0)" } ?? ""); allowed: \(RequestProblem.list(allowed))."
        )
    }

    /// Fills in resolution, aspect ratio and exact size; of a model without any, none is kept.
    mutating func dimensions(
        resolution: String?,
        aspectRatio: String?,
        size: PixelSize?,
        of options: [SizeOption],
        why: String? = nil
    ) throws(RequestProblem) -> (resolution: String?, aspectRatio: String?, size: PixelSize?) {
        let resolution = try keep("resolution", resolution, { .string($0) }, if: !options.isEmpty)
        let aspectRatio = try keep("aspect_ratio", aspectRatio, { .string($0) }, if: !options.isEmpty)
        let size = try keep("size", size, { .string($0.description) }, if: !options.isEmpty)
        let option = try self.option(
            resolution: resolution,
            aspectRatio: aspectRatio,
            size: size,
            of: options,
            why: why
        )
        return (option?.resolution, option?.aspectRatio, option?.followsInput == true ? nil : option?.size)
    }

    /// Finds the one size that resolution, aspect ratio and exact size agree on; not strict, the nearest.
    private mutating func option(
        resolution: String?,
        aspectRatio: String?,
        size: PixelSize?,
        of options: [SizeOption],
        why: String?
    ) throws(RequestProblem) -> SizeOption? {
        guard let first = options.first else { return nil }
        if let size { return try option(size: size, resolution, aspectRatio, of: options, why: why) }
        var resolution = resolution
        if let asked = resolution, !options.contains(where: { $0.resolution == asked }) {
            let offered = unique(options.map(\.resolution))
            guard !strict, let near = Nearness.resolution(to: asked, of: offered) else {
                throw notOffered("resolution", .string(asked), offered, why: why)
            }
            adjust("resolution", .string(asked), .string(near))
            resolution = near
        }
        let wanted = options.filter { $0.resolution == resolution ?? first.resolution }
        guard let aspectRatio else { return wanted.first ?? first }
        if let match = wanted.first(where: { $0.aspectRatio == aspectRatio }) { return match }
        if resolution == nil, let match = options.first(where: { $0.aspectRatio == aspectRatio }) { return match }
        let offered = unique((resolution == nil ? options : wanted).map(\.aspectRatio))
        guard !strict, let near = Nearness.aspectRatio(to: aspectRatio, of: offered) else {
            throw notOffered("aspect_ratio", .string(aspectRatio), offered, why: why)
        }
        adjust("aspect_ratio", .string(aspectRatio), .string(near))
        return wanted.first { $0.aspectRatio == near } ?? options.first { $0.aspectRatio == near }
    }

    private mutating func option(
        size: PixelSize,
        _ resolution: String?,
        _ aspectRatio: String?,
        of options: [SizeOption],
        why: String?
    ) throws(RequestProblem) -> SizeOption {
        let exact = options.filter { !$0.followsInput }
        let matches = exact.filter { $0.size == size }
        guard !matches.isEmpty else {
            guard !strict, let near = Nearness.option(to: size, of: exact) else {
                throw notOffered(
                    "size",
                    .string(size.description),
                    unique(exact.map(\.size.description)),
                    why: why
                )
            }
            adjust("size", .string(size.description), .string(near.size.description))
            return near
        }
        let agreeing = matches.filter {
            (resolution == nil || $0.resolution == resolution) && (aspectRatio == nil || $0.aspectRatio == aspectRatio)
        }
        guard let match = agreeing.first else {
            let meant = matches.map { "\($0.resolution) at \($0.aspectRatio)" }
            throw RequestProblem(
                .contradiction,
                field: "size",
                "`size` \(size) is \(RequestProblem.list(meant)) and contradicts `resolution` \(resolution ?? "(none)") and `aspect_ratio` \(aspectRatio ?? "(none)"); send `size` alone, or the two that belong to it."
            )
        }
        return match
    }

    /// Reports that the nearest value is used.
    mutating func adjust(
        _ name: String,
        _ asked: JSONValue,
        _ used: JSONValue,
        _ reason: Adjustment.Reason = .nearestValue
    ) {
        adjustments.append(Adjustment(parameter: name, asked: asked, used: used, reason: reason))
    }

    private func unique(_ values: [String]) -> [String] {
        var seen: Set<String> = []
        return values.filter { seen.insert($0).inserted }
    }

    mutating func resolve(_ image: ImageRequest, _ parameters: ImageParameters) throws(RequestProblem) -> ImageRequest {
        var out = image
        if let text = image.negativePrompt { try prompt(text, field: "negative_prompt") }
        out.negativePrompt = try keep(
            "negative_prompt",
            image.negativePrompt,
            { .string($0) },
            if: parameters.negativePrompt
        )
        let count = image.n ?? 1
        guard (1...parameters.countMax).contains(count) else {
            throw RequestProblem(
                .unsupportedValue,
                field: "n",
                "`n` is \(count); `\(model)` makes 1 to \(parameters.countMax) in one call."
            )
        }
        out.n = count
        (out.resolution, out.aspectRatio, out.size) = try dimensions(
            resolution: image.resolution,
            aspectRatio: image.aspectRatio,
            size: image.size,
            of: parameters.sizes
        )
        out.quality = try choose("quality", image.quality, { .string($0) }, of: parameters.qualities)
        out.background = try choose("background", image.background, { .string($0) }, of: parameters.backgrounds)
        out.outputFormat = try choose("output_format", image.outputFormat, { .string($0) }, of: parameters.formats)
        out.outputCompression = try keep(
            "output_compression",
            image.outputCompression,
            { .integer(Int64($0)) },
            if: parameters.compression
        )
        try references(image.inputReferences.count, max: parameters.referencesMax)
        if image.mask != nil, !parameters.mask {
            throw RequestProblem(.unsupportedParameter, field: "mask", "`\(model)` has no `mask`.")
        }
        out.seed = try keep("seed", image.seed, { .integer($0) }, if: parameters.seed)
        return out
    }

    mutating func resolve(
        _ speech: SpeechRequest,
        _ parameters: SpeechParameters
    ) throws(RequestProblem) -> SpeechRequest {
        var out = speech
        out.voice = try choose("voice", speech.voice, { .string($0) }, of: parameters.voices)
        out.language = try choose("language", speech.language, { .string($0) }, of: parameters.languages)
        out.speed = try keep("speed", speech.speed, { .number($0) }, if: parameters.speed != nil)
        if let speed = out.speed, let range = parameters.speed, !range.contains(speed) {
            throw RequestProblem(
                .unsupportedValue,
                field: "speed",
                "`speed` is \(speed); `\(model)` takes \(range.lowerBound) to \(range.upperBound)."
            )
        }
        if let text = speech.instructions { try prompt(text, field: "instructions") }
        out.instructions = try keep(
            "instructions",
            speech.instructions,
            { .string($0) },
            if: parameters.instructions
        )
        out.responseFormat = try choose(
            "response_format",
            speech.responseFormat,
            { .string($0) },
            of: parameters.formats
        )
        return out
    }

    /// Media that a model cannot take is refused even when not strict: leaving it out would change what is made.
    func references(_ count: Int, max: Int) throws(RequestProblem) {
        guard count <= max else {
            throw RequestProblem(
                .unsupportedValue,
                field: "input_references",
                "`input_references` has \(count) elements; `\(model)` takes \(max == 0 ? "none" : "at most \(max)")."
            )
        }
    }
}
