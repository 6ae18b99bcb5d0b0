import ArgumentParser
import Foundation
import Generation
import JobCore
import JobEngine
import ProviderKit

/// The operator's file, MEDIARY_CONFIG: other names for models, what is different about models here, and fees.
///
/// It is read strictly: a member that nobody knows, or a value of the wrong type or range, stops the start.
struct OperatorFile: Sendable {
    /// Other names, and the models that they stand for.
    var aliases: [String: String] = [:]
    /// What is different about models.
    var overrides = CatalogOverrides()
    /// What is charged besides the providers' prices.
    var fees = FeeSchedule()
    /// How credits are sold.
    var creditTerms = CreditTerms()
    /// Bounds on requests to free models; nil when there are none.
    var freeModels: FreeModelLimits?
    /// Whom to tell when limits are nearly used; nil for nobody.
    var alerts: AlertSettings?
    /// How providers are chosen where a request says nothing.
    var routing: ProviderRouting?
    /// The operator's own servers.
    var servers: [ServerSettings] = []

    private static let slugBytesMax = 200
    static let entriesMax = 10_000

    /// An empty file: there is none.
    init() {}

    /// Reads the file.
    ///
    /// - Throws: `ValidationError` that names the file, the place in it, the value and what is allowed.
    init(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ValidationError("MEDIARY_CONFIG is \"\(path)\", which cannot be read.")
        }
        do {
            try self.init(
                text: String(decoding: data, as: UTF8.self),
                folder: URL(fileURLWithPath: path).deletingLastPathComponent().path
            )
        } catch let problem as RequestProblem {
            throw ValidationError("MEDIARY_CONFIG (\(path)): \(problem.message)")
        } catch let problem as YAMLProblem {
            throw ValidationError("MEDIARY_CONFIG (\(path)): \(problem.description)")
        }
    }

    /// Reads the file's text: YAML, of which JSON is a part.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - folder: What paths in it are relative to.
    /// - Throws: `YAMLProblem` for what is no YAML; `RequestProblem` for what it does not allow.
    init(text: String, folder: String = ".") throws {
        let value = try YAMLText.value(of: text)
        // A file with nothing but comments.
        guard value != .null else { return }
        var reader = try FieldReader(value)
        aliases = try Self.aliases(&reader)
        fees = try Self.fees(&reader)
        for (element, path) in try reader.array("models", countMax: Self.entriesMax) ?? [] {
            var entry = try FieldReader(element, path: path)
            overrides.entries.append(try Self.entry(&entry, path))
            try entry.finish()
        }
        creditTerms = try Self.creditTerms(&reader)
        freeModels = try Self.freeModelLimits(&reader)
        alerts = try AlertSettings.read(&reader)
        servers = try Self.servers(&reader, folder: folder)
        if var preferences = try reader.object("routing") {
            if preferences.value("allow_content_fallbacks") != nil {
                throw RequestProblem(
                    .unknownField,
                    field: "routing.allow_content_fallbacks",
                    "`routing.allow_content_fallbacks` is for each request to say; leave it out."
                )
            }
            routing = try ProviderRouting(&preferences)
            try preferences.finish()
        }
        try reader.finish()
    }

    private static func aliases(_ reader: inout FieldReader) throws(RequestProblem) -> [String: String] {
        guard let value = reader.value("model_aliases") else { return [:] }
        guard case .object(let members) = value else {
            throw RequestProblem(
                .invalidValue,
                field: "model_aliases",
                "`model_aliases` must be an object of names and models, not \(value.typeName)."
            )
        }
        var aliases: [String: String] = [:]
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            guard case .string(let target) = member, isName(target) else {
                throw RequestProblem(
                    .invalidValue,
                    field: "model_aliases.\(name)",
                    "`model_aliases.\(name)` is \(RequestProblem.shown(member)); it must be the slug of a model, such as bytedance/seedance-2.0."
                )
            }
            guard isName(name) else {
                throw RequestProblem(
                    .invalidValue,
                    field: "model_aliases",
                    "`model_aliases` has the name \(RequestProblem.shown(.string(name))); allowed: letters, digits and ._/-, at most \(slugBytesMax)."
                )
            }
            aliases[name] = target
        }
        return aliases
    }

    /// Whether a text can be the name of a model in a request: a colon would begin a variant.
    private static func isName(_ text: String) -> Bool {
        let others = Set("._/-".utf8)
        return (1...slugBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || others.contains($0)
            }
    }

    // MARK: Models

    private static func entry(
        _ reader: inout FieldReader,
        _ path: String
    ) throws(RequestProblem) -> CatalogOverrides.Entry {
        var entry = CatalogOverrides.Entry(
            path: path,
            provider: try reader.requiredString("provider", charactersMax: 64),
            model: try slug("model", required: true, &reader) ?? ""
        )
        entry.like = try slug("like", &reader)
        entry.isDisabled = try reader.bool("disabled") ?? false
        entry.change = try facts(&reader)
        try readVideo(&reader, into: &entry.change)
        guard entry.like == nil || entry.change.providerModel != nil else {
            throw RequestProblem(
                .missingField,
                field: "\(path).provider_model",
                "`\(path).provider_model` is required with `like`: the provider's own name of the new model."
            )
        }
        guard entry.like == nil || !entry.isDisabled else {
            throw RequestProblem(
                .contradiction,
                field: "\(path).disabled",
                "`\(path).disabled` takes away a model that `like` has just made; leave the entry out."
            )
        }
        return entry
    }

    static func slug(
        _ name: String,
        required: Bool = false,
        _ reader: inout FieldReader
    ) throws(RequestProblem) -> String? {
        let text =
            required
            ? try reader.requiredString(name, charactersMax: slugBytesMax)
            : try reader.string(name, charactersMax: slugBytesMax)
        guard let text else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), isName(text), text == text.lowercased() else {
            throw RequestProblem(
                .invalidValue,
                field: reader.path(of: name),
                "`\(reader.path(of: name))` is \(RequestProblem.shown(.string(text))); the form is author/name, in lower case."
            )
        }
        return text
    }

    /// What holds for models of all types.
    static func facts(_ reader: inout FieldReader) throws(RequestProblem) -> ModelChange {
        var change = ModelChange()
        change.name = try text("name", &reader)
        change.summary = try text("summary", &reader)
        change.providerModel = try text("provider_model", &reader)
        change.replacedBy = try slug("replaced_by", &reader)
        change.promptCharactersMax = try whole("prompt_characters_max", 1...10_000_000, &reader)
        if let day = try reader.string("available_until", charactersMax: 20) {
            change.isAvailableWithoutEnd = day == "never"
            change.availableUntil = CalendarDate(day)
            guard change.isAvailableWithoutEnd || change.availableUntil != nil else {
                throw RequestProblem(
                    .invalidValue,
                    field: reader.path(of: "available_until"),
                    "`\(reader.path(of: "available_until"))` is \(RequestProblem.shown(.string(day))); the form is 2026-09-24, the first day on which it is gone, or never."
                )
            }
        }
        change.prices = try prices(&reader)
        if var limits = try reader.object("limits") {
            change.slots = try whole("slots", 1...1_000_000, &limits)
            change.submitsPerMinute = try whole("submits_per_minute", 1...1_000_000, &limits)
            change.submitsPerSecond = try whole("submits_per_second", 1...1_000_000, &limits)
            change.sharedBy = try text("shared_by", &limits)
            try limits.finish()
        }
        if var timing = try reader.object("timing") {
            change.typicalSeconds = try timing.number("typical_seconds", in: 0.01...1_000_000)
            change.deadlineSeconds = try timing.integer("deadline_seconds", in: 1...10_000_000)
            change.sendTimeoutSeconds = try timing.integer("send_timeout_seconds", in: 1...86_400)
            change.pollIntervalSeconds = try timing.number("poll_interval_seconds", in: 0.01...3_600)
            try timing.finish()
        }
        if var policy = try reader.object("data_policy") {
            change.dataPolicy = DataPolicy(
                zeroRetention: try policy.bool("zero_retention") ?? false,
                retentionDays: try whole("retention_days", 0...36_500, &policy),
                trainsOnInputs: try policy.bool("trains_on_inputs"),
                source: try text("source", &policy) ?? "the operator's file"
            )
            try policy.finish()
        }
        return change
    }

    private static func readVideo(
        _ reader: inout FieldReader,
        into change: inout ModelChange
    ) throws(RequestProblem) {
        guard var video = try reader.object("video") else { return }
        change.resolutions = try texts("resolutions", &video)
        change.aspectRatios = try texts("aspect_ratios", &video)
        change.durations = try seconds("durations", &video)
        change.defaultDuration = try whole("default_duration", 1...3_600, &video)
        change.referencesMax = try whole("references_max", 0...1_000, &video)
        try video.finish()
    }

    static func text(_ name: String, _ reader: inout FieldReader) throws(RequestProblem) -> String? {
        guard let text = try reader.string(name, charactersMax: 500) else { return nil }
        guard !text.isEmpty else {
            throw RequestProblem(
                .invalidValue,
                field: reader.path(of: name),
                "`\(reader.path(of: name))` must not be empty."
            )
        }
        return text
    }

    static func whole(
        _ name: String,
        _ range: ClosedRange<Int64>,
        _ reader: inout FieldReader
    ) throws(RequestProblem) -> Int? {
        try reader.integer(name, in: range).map { Int($0) }
    }

    /// A list that must not be empty: a model without any is `disabled`.
    static func list(
        _ name: String,
        _ reader: inout FieldReader
    ) throws(RequestProblem) -> [(value: JSONValue, path: String)]? {
        guard let elements = try reader.array(name, countMax: 1_000) else { return nil }
        guard !elements.isEmpty else {
            throw RequestProblem(
                .invalidValue,
                field: reader.path(of: name),
                "`\(reader.path(of: name))` is empty; leave it out, or set `disabled` to take the model away."
            )
        }
        return elements
    }

    static func texts(_ name: String, _ reader: inout FieldReader) throws(RequestProblem) -> [String]? {
        guard let elements = try list(name, &reader) else { return nil }
        var texts: [String] = []
        for (value, path) in elements {
            guard case .string(let text) = value, !texts.contains(text) else {
                throw RequestProblem(
                    .invalidValue,
                    field: path,
                    "`\(path)` is \(RequestProblem.shown(value)); it must be a string that is not there yet."
                )
            }
            texts.append(text)
        }
        return texts
    }

    static func seconds(_ name: String, _ reader: inout FieldReader) throws(RequestProblem) -> [Int]? {
        guard let elements = try list(name, &reader) else { return nil }
        var numbers: [Int] = []
        for (value, path) in elements {
            guard let number = value.wholeNumber, (1...3_600).contains(number), !numbers.contains(Int(number)) else {
                throw RequestProblem(
                    .invalidValue,
                    field: path,
                    "`\(path)` is \(RequestProblem.shown(value)); it must be a whole number from 1 to 3600 that is not there yet."
                )
            }
            numbers.append(Int(number))
        }
        return numbers
    }
}
