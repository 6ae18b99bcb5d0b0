import Generation

/// Kling's own options of a request: `provider.options.kling`.
///
/// Offered is what the model of the wire takes and what changes no price. `cfg_scale` and `camera_control` are left out
/// because Kling documents them for its first models alone, watermarks because they would be a second output.
struct KlingOptions {
    /// One shot of a storyboard.
    struct Shot {
        let prompt: String
        let seconds: Int64
    }

    /// How the signed wire divides a video into shots.
    enum ShotType: String, CaseIterable {
        /// As `multi_prompt` says.
        case customize
        /// As the model likes.
        case intelligence
    }

    /// Whether the video may have several shots.
    ///
    /// API 2.0 would take yes when nothing is said.
    var multiShot = false
    /// Who divides it.
    var shotType = ShotType.intelligence
    /// The shots, when they are given.
    var shots: [Shot] = []

    /// The longest prompt of one shot, and how many there may be (api/video/3-0-omni, 2026-10-08).
    private static let shotCharactersMax = 512
    private static let shotsMax = 6

    /// Reads the options of a request.
    ///
    /// - Throws: `RequestProblem`, naming the option, for one that the model lacks or a wrong value.
    init(_ given: JSONValue?, path: String, model: ModelCapabilities, seconds: Int?) throws(RequestProblem) {
        guard case .object(let members)? = given, !members.isEmpty else { return }
        for name in members.keys.sorted() where !model.options.contains(name) {
            throw RequestProblem(
                .unknownField,
                field: "\(path).\(name)",
                "`\(model.slug)` has no option `\(RequestProblem.shortened(name))`; allowed: "
                    + "\(model.options.isEmpty ? "none" : RequestProblem.list(model.options))."
            )
        }
        var reader = try FieldReader(.object(members), path: path)
        multiShot = try reader.bool("multi_shot") ?? false
        let type = try reader.word("shot_type", as: ShotType.self)
        shots = try Self.shots(reader.value("multi_prompt"), path: "\(path).multi_prompt")
        try reader.finish()
        shotType = type ?? (shots.isEmpty ? .intelligence : .customize)
        guard multiShot || (type == nil && shots.isEmpty) else {
            throw RequestProblem(
                .contradiction,
                field: "\(path).multi_shot",
                "`\(path)` speaks of shots; set `multi_shot` to true as well."
            )
        }
        guard (shotType == .customize) == !shots.isEmpty else {
            throw RequestProblem(
                .contradiction,
                field: "\(path).multi_prompt",
                "`multi_prompt` belongs to `shot_type` \"customize\": give both or neither."
            )
        }
        let sum = shots.reduce(0) { $0 + $1.seconds }
        if let seconds, !shots.isEmpty, sum != Int64(seconds) {
            throw RequestProblem(
                .contradiction,
                field: "\(path).multi_prompt",
                "The shots of `multi_prompt` take \(sum) seconds together and the video \(seconds)."
            )
        }
    }

    private static func shots(_ value: JSONValue?, path: String) throws(RequestProblem) -> [Shot] {
        guard let value, value != .null else { return [] }
        guard case .array(let members) = value, (1...shotsMax).contains(members.count) else {
            throw RequestProblem(.invalidValue, field: path, "`\(path)` must be an array of 1 to \(shotsMax) shots.")
        }
        var shots: [Shot] = []
        for (index, member) in members.enumerated() {
            var reader = try FieldReader(member, path: "\(path)[\(index)]")
            // Kling's own form counts the shots from 1 and writes their seconds as text.
            _ = try reader.integer("index", in: Int64(index + 1)...Int64(index + 1))
            let prompt = try reader.requiredString("prompt", charactersMax: shotCharactersMax)
            let seconds: Int64?
            switch reader.value("duration") {
            case .string(let text)?: seconds = Int64(text)
            case .integer(let number)?: seconds = number
            case .null?, .bool?, .number?, .array?, .object?, nil: seconds = nil
            }
            try reader.finish()
            guard let seconds, (1...15).contains(seconds) else {
                throw RequestProblem(
                    .invalidValue,
                    field: "\(path)[\(index)].duration",
                    "`\(path)[\(index)].duration` must be a whole number of seconds, 1 to 15."
                )
            }
            shots.append(Shot(prompt: prompt, seconds: seconds))
        }
        return shots
    }
}
