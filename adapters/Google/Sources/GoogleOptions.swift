import Generation
import ProviderKit

/// The options of Google's own that a request may carry, and where they go.
///
/// Written flat, or inside of `parameters`, as OpenRouter's documentation does.
struct GoogleOptions {
    /// What an option may be.
    enum Form {
        case word([String])
        case flag
        case text(charactersMax: Int)
    }

    /// The members to be sent, by name.
    private(set) var members: [String: JSONValue] = [:]

    /// Reads the options of a request.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - provider: The instance whose options count.
    ///   - forms: What there is, by name.
    /// - Throws: `RequestProblem` for an option that there is not, or a wrong value.
    init(_ request: GenerationRequest, for provider: ProviderID, _ forms: [String: Form]) throws(RequestProblem) {
        guard let options = request.providerOptions[provider.slug] else { return }
        var reader = try FieldReader(options, path: "provider.options.\(provider.slug)")
        var inner = try reader.object("parameters")
        for (name, form) in forms.sorted(by: { $0.key < $1.key }) {
            let outside = try Self.read(name, form, &reader)
            var inside: JSONValue?
            if var nested = inner {
                inside = try Self.read(name, form, &nested)
                inner = nested
            }
            members[name] = outside ?? inside
        }
        try reader.finish()
        try inner?.finish()
    }

    private static func read(
        _ name: String,
        _ form: Form,
        _ reader: inout FieldReader
    ) throws(RequestProblem) -> JSONValue? {
        switch form {
        case .flag: return try reader.bool(name).map { .bool($0) }
        case .text(let max): return try reader.string(name, charactersMax: max).map { .string($0) }
        case .word(let words):
            guard let word = try reader.string(name, charactersMax: 64) else { return nil }
            guard words.contains(word) else {
                throw RequestProblem(
                    .unsupportedValue,
                    field: reader.path(of: name),
                    "`\(reader.path(of: name))` is \(RequestProblem.shown(.string(word))); allowed here: \(RequestProblem.list(words))."
                )
            }
            return .string(word)
        }
    }
}

extension ProviderFailure {
    /// A request that the catalog does not lead here.
    static let notOffered = notSent(.invalidRequest, "This provider makes media of its own models only.")
}

extension RequestProblem {
    /// The same before a send: the request can only have got there past the check at admission.
    var asFailure: ProviderFailure { .notSent(.invalidRequest, message, details: "field: \(field)") }
}

/// The pictures that Google's models take.
enum GooglePictures {
    /// Source: ai.google.dev/gemini-api/docs/video; docs.cloud.google.com Veo API reference (2026).
    static let types = ["image/png", "image/jpeg", "image/webp"]

    /// Refuses a picture of a type that is not taken.
    static func check(_ request: GenerationRequest) throws(RequestProblem) {
        for (path, input) in request.inputs {
            guard case .stored(let stored) = input, !types.contains(stored.mediaType) else { continue }
            throw RequestProblem(
                .unsupportedValue,
                field: path,
                "`\(path)` is \(stored.mediaType), which `\(request.model)` does not take; allowed: \(RequestProblem.list(types))."
            )
        }
    }

    /// Refuses pictures that are too large for one request together, as far as they are known.
    static func check(_ request: GenerationRequest, bytesMax: Int64) throws(RequestProblem) {
        var bytes: Int64 = 0
        for (path, input) in request.inputs {
            guard case .stored(let stored) = input else { continue }
            bytes += stored.bytes
            guard bytes > bytesMax else { continue }
            throw RequestProblem(
                .unsupportedValue,
                field: path,
                "The pictures up to `\(path)` have \(bytes) bytes together; `\(request.model)` takes at most \(bytesMax)."
            )
        }
    }

    /// The bytes of an input, and their type.
    static func read(
        _ input: MediaInput,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> (bytes: [UInt8], type: String) {
        guard case .stored(let stored) = input else {
            throw .notSent(
                .invalidRequest,
                "A picture of the request was not stored before it was sent.",
                details: "an input in its posted form reached the adapter"
            )
        }
        return (try await context.bytes(of: stored), stored.mediaType)
    }
}
