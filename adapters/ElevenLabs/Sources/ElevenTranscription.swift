import Generation
import ProviderKit

/// What is sent to be transcribed: `POST /v1/speech-to-text`, a form.
///
/// Source: `speech_to_text/raw_client.py` of the official SDK elevenlabs 2.78.0, read on 2026-11-21. A list is a field that
/// comes several times.
enum ElevenTranscription {
    private static let termCharactersMax = 50
    private static let termWordsMax = 5
    private static let termsForbidden: Set<Unicode.Scalar> = ["<", ">", "{", "}", "[", "]", "\\"]

    /// Refuses terms that the vendor refuses, and options that contradict the rest.
    ///
    /// - Throws: `RequestProblem` with the field.
    static func check(_ request: TranscriptionRequest, _ options: ElevenOptions) throws(RequestProblem) {
        for (index, term) in request.keyterms.enumerated() {
            let field = "keyterms[\(index)]"
            let isLong = term.unicodeScalars.count > termCharactersMax
            let words = term.split(whereSeparator: \.isWhitespace).count
            guard !isLong, (1...termWordsMax).contains(words) else {
                throw RequestProblem(
                    .invalidValue,
                    field: field,
                    "`\(field)` must have 1 to \(termWordsMax) words and at most \(termCharactersMax) characters."
                )
            }
            guard !term.unicodeScalars.contains(where: termsForbidden.contains) else {
                throw RequestProblem(
                    .invalidValue,
                    field: field,
                    "`\(field)` has one of the characters < > { } [ ] \\, which the provider takes in no term."
                )
            }
        }
        let path = "provider.options.\(ElevenAdapter.provider.slug).diarization_threshold"
        guard options.fields["diarization_threshold"] != nil else { return }
        guard request.diarize == true, options.fields["num_speakers"] == nil else {
            throw RequestProblem(
                .contradiction,
                field: path,
                "`\(path)` goes with `diarize` true, and without `num_speakers`."
            )
        }
    }

    /// The form, byte for byte the same for the same attempt.
    ///
    /// - Throws: What reading the sound throws.
    static func form(
        _ request: TranscriptionRequest,
        _ modelID: String,
        _ options: ElevenOptions,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> MultipartBody {
        guard case .stored(let sound) = request.inputAudio else {
            throw .notSent(.invalidRequest, "The sound was not fetched.")
        }
        var form = MultipartBody(boundary: context.reference.externalID)
        form.add("model_id", modelID)
        // Words' times cost nothing, and from them come those of the sentences.
        form.add("timestamps_granularity", "word")
        form.add("diarize", (request.diarize ?? false).description)
        if let language = request.language { form.add("language_code", language) }
        if let temperature = request.temperature {
            form.add("temperature", JSONValue.number(temperature).canonicalText)
        }
        for term in request.keyterms { form.add("keyterms", term) }
        for (name, value) in options.fields.sorted(by: { $0.key < $1.key }) { form.add(name, value.canonicalText) }
        if sound.mediaType == "audio/pcm" { form.add("file_format", "pcm_s16le_16") }
        form.add(
            "file",
            fileName: "sound.\(fileExtensions[sound.mediaType] ?? "bin")",
            mediaType: sound.mediaType == "audio/pcm" ? "application/octet-stream" : sound.mediaType,
            try await context.bytes(of: sound)
        )
        return form
    }

    private static let fileExtensions = [
        "audio/mpeg": "mp3", "audio/wav": "wav", "audio/flac": "flac", "audio/ogg": "ogg", "audio/mp4": "m4a",
        "audio/webm": "webm", "audio/pcm": "pcm", "video/mp4": "mp4", "video/webm": "webm",
    ]
}
