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
        case (.transcription(let transcription), .transcription(let parameters)):
            if let prompt = transcription.prompt { try check.prompt(prompt, field: "prompt") }
            resolved.content = .transcription(try check.resolve(transcription, parameters))
        case (.music(let music), .music(let parameters)):
            try check.prompt(music.prompt, field: "prompt")
            resolved.content = .music(try check.resolve(music, parameters))
        case (.sound(let sound), .sound(let parameters)):
            try check.prompt(sound.prompt, field: "prompt")
            resolved.content = .sound(try check.resolve(sound, parameters))
        case (.video, _), (.image, _), (.speech, _), (.transcription, _), (.music, _), (.sound, _):
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
