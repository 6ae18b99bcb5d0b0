import Generation
import ProviderKit

/// Studio's own options, `provider.options.studio`: a spoken track for a video.
///
/// `narration` is the text, spoken over the video's own sound from its start; what does not fit into the video's length
/// is cut. `voice` and `language` are those of `studio/voice`. A field of its own, since a prompt says what is to be
/// seen, and `generate_audio` only whether there is to be sound.
struct StudioOptions {
    /// A spoken track.
    struct Narration {
        let text: String
        let voice: String
        let language: String
    }

    /// The options' names.
    static let names = ["narration", "voice", "language"]
    private static let charactersMax = 2_000

    /// The spoken track; nil when none is wished for.
    let narration: Narration?

    /// Reads a request's options.
    ///
    /// - Throws: `RequestProblem`, naming the option, for one that is unknown, wrong, or cannot be met.
    init(_ request: GenerationRequest, slug: String, speaks: Bool) throws(RequestProblem) {
        guard let options = request.providerOptions[slug] else {
            narration = nil
            return
        }
        var reader = try FieldReader(options, path: "provider.options.\(slug)")
        guard case .video(let video) = request.content else {
            narration = nil
            guard let name = reader.unread.first else { return }
            let field = reader.path(of: name)
            throw RequestProblem(.unknownField, field: field, "Unknown field `\(field)`; there are none.")
        }
        let text = try reader.string("narration", charactersMax: Self.charactersMax)
        let voice = try Self.choice("voice", &reader, among: StudioVoice.voices.map(\.name))
        let language = try Self.choice("language", &reader, among: StudioVoice.languages.map(\.name))
        try reader.finish()
        guard let text else {
            narration = nil
            return
        }
        let field = reader.path(of: "narration")
        guard speaks else {
            throw RequestProblem(
                .unsupportedValue,
                field: field,
                "`\(field)` needs espeak-ng, which is not installed."
            )
        }
        guard video.generateAudio != false else {
            throw RequestProblem(
                .invalidValue,
                field: field,
                "`\(field)` is a text to be spoken, and `generate_audio` is false; allowed: one of the two."
            )
        }
        narration = Narration(text: text, voice: voice, language: language)
    }

    /// One of a list, whose first is the default.
    private static func choice(
        _ name: String,
        _ reader: inout FieldReader,
        among allowed: [String]
    ) throws(RequestProblem) -> String {
        let given = try reader.string(name, charactersMax: 40)
        guard let choice = given ?? allowed.first, allowed.contains(choice) else {
            let field = reader.path(of: name)
            throw RequestProblem(
                .unsupportedValue,
                field: field,
                "`\(field)` is \"\(given ?? "")\"; allowed: \(allowed.joined(separator: ", "))."
            )
        }
        return choice
    }
}
