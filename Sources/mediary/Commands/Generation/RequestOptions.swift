import ArgumentParser
import Foundation
import Generation

/// The whole request on the command line: shared by `generate` and `quote`, so that both mean the same.
struct RequestOptions<Typed: TypedOptions>: ParsableArguments, Sendable {
    /// The longest text that is read from standard input.
    private static var textBytesMax: Int { 400_000 }

    @Argument(help: Typed.subjectHelp)
    var text: String?

    @Option(name: [.customShort("m"), .long], help: "The model; without it, the only one there is, or a Studio one.")
    var model: String?

    @OptionGroup var typed: Typed

    @Option(
        help: ArgumentHelp(
            "An option for one provider, handed on as it is; the value is JSON if it reads as JSON, otherwise text.",
            valueName: "slug.key=value"
        )
    )
    var providerOption: [NamedValue] = []

    @Option(help: ArgumentHelp("The most the job may cost; a dearer one is refused.", valueName: "usd"))
    var maxCost: String?

    @Option(name: .customLong("callback-url"), help: ArgumentHelp("Told when the job is over.", valueName: "url"))
    var callbackURL: String?

    @Option(help: ArgumentHelp("Kept with the job; may be given several times.", valueName: "name=value"))
    var metadata: [NamedValue] = []

    @Option(help: ArgumentHelp("Any other field of the native API, as JSON.", valueName: "name=json"))
    var field: [NamedValue] = []

    /// Everything but the model: reads the text and the files, and so may wait for standard input.
    ///
    /// - Throws: `ClientFailure` for a value that cannot be sent. What the model takes is the service's to say.
    func fields() throws -> NativeFields {
        var fields = NativeFields()
        try fields.set("type", Typed.type.rawValue)
        try fields.set(Typed.textField, try Typed.subject(text))
        try typed.write(to: &fields)
        try fields.set("max_cost", maxCost)
        try fields.set("callback_url", callbackURL)
        try fields.set("metadata", Self.object(metadata, option: "--metadata") { .string($0.value) })
        try fields.set("provider", try providerOptions())
        for field in field {
            guard let value = field.json else {
                throw ClientFailure(
                    "--field \(field.name): \"\(field.value)\" is no JSON; text needs quotes of its own: --field '\(field.name)=\"...\"'."
                )
            }
            try fields.set(field.name, value)
        }
        return fields
    }

    /// The body of the request.
    ///
    /// - Parameters:
    ///   - fields: What `fields` has read.
    ///   - defaultModel: The model, when the options name none.
    /// - Returns: The body.
    /// - Throws: `ClientFailure` when the model is among the fields already.
    func body(_ fields: NativeFields, model defaultModel: String) throws -> JSONValue {
        var fields = fields
        try fields.set("model", model ?? defaultModel)
        return .object(fields.all)
    }

    /// The text of an argument, or of standard input.
    ///
    /// - Throws: `ClientFailure` when there is none.
    static func readText(_ text: String?) throws -> String {
        switch text {
        case nil:
            throw ClientFailure(
                "Say what to \(Typed.type == .speech ? "speak" : "make"), or give - to read it from standard input."
            )
        case "-"?:
            let bytes = (try? FileHandle.standardInput.read(upToCount: textBytesMax + 1)) ?? Data()
            guard bytes.count <= textBytesMax, let text = String(validating: bytes, as: UTF8.self) else {
                throw ClientFailure("Standard input holds no UTF-8 text of at most \(textBytesMax) bytes.")
            }
            return text.hasSuffix("\n") ? String(text.dropLast()) : text
        case .some(let text): return text
        }
    }

    private func providerOptions() throws -> JSONValue? {
        var providers: [String: [NamedValue]] = [:]
        for option in providerOption {
            let parts = option.name.split(separator: ".", maxSplits: 1)
            guard parts.count == 2, let name = NamedValue(argument: "\(parts[1])=\(option.value)") else {
                throw ClientFailure(
                    "--provider-option is \"\(option.name)=...\"; the form is slug.key=value, such as fake-provider.delay_ms=500."
                )
            }
            providers[String(parts[0]), default: []].append(name)
        }
        guard !providers.isEmpty else { return nil }
        let options = try providers.mapValues { options in
            try Self.object(options, option: "--provider-option") { $0.json ?? .string($0.value) } ?? [:]
        }
        return ["options": .object(options)]
    }

    private static func object(
        _ pairs: [NamedValue],
        option: String,
        _ value: (NamedValue) -> JSONValue
    ) throws -> JSONValue? {
        guard !pairs.isEmpty else { return nil }
        var members: [String: JSONValue] = [:]
        for pair in pairs {
            guard members.updateValue(value(pair), forKey: pair.name) == nil else {
                throw ClientFailure("\(option) gives `\(pair.name)` twice.")
            }
        }
        return .object(members)
    }
}
