import Generation
import JobCore
import JobEngine

/// Reads a form for a transcription: what the same request would be as JSON, and where the sound is.
enum TranscriptionForm {
    private static let types = MultipartForm.Types(
        numbers: ["temperature"],
        flags: ["diarize"],
        lists: ["timestamp_granularities", "keyterms"]
    )
    private static let address = "source_url"

    /// The fields besides the sound.
    ///
    /// - Throws: `RequestProblem` for what is no such form.
    static func fields(of form: MultipartForm) throws(RequestProblem) -> JSONValue {
        var form = form
        // OpenRouter's SDK writes lists as `name[][]`.
        form.fields = form.fields.filter { $0.name != address }.map { field in
            guard field.name.hasSuffix("[][]") else { return field }
            return MultipartForm.Field(name: String(field.name.dropLast(2)), value: field.value)
        }
        let fields = try form.object(types)
        guard case .object(var members) = fields else { return fields }
        for name in ["provider", "trace"] {
            guard case .string(let text)? = members[name] else { continue }
            guard let value = try? JSONReader.read(Array(text.utf8)) else {
                throw RequestProblem(.invalidValue, field: name, "`\(name)` must be an object, written as JSON.")
            }
            members[name] = value
        }
        return .object(members)
    }

    /// The sound: a file of the form, or named by its address.
    ///
    /// - Throws: `RequestProblem` for a form that has neither, or both.
    static func sound(
        of form: MultipartForm
    ) throws(RequestProblem) -> (input: MediaInput, uploads: [JobSubmission.Upload]) {
        let file = form.files(of: "file").first
        if let other = form.files.first, file == nil {
            throw RequestProblem(
                .unknownField,
                field: other.name,
                "`\(RequestProblem.shortened(other.name))` is a file; the sound goes into `file`."
            )
        }
        let urls = form.fields.filter { $0.name == address }.map(\.value)
        switch (file, urls.first) {
        case (let file?, nil): return (.upload(file.place), form.uploads)
        case (nil, let url?):
            guard urls.count == 1, url.hasPrefix("http://") || url.hasPrefix("https://") else {
                throw RequestProblem(
                    .invalidValue,
                    field: address,
                    "`\(address)` must be one http or https URL; a file goes into `file`."
                )
            }
            return (.url(url), [])
        case (nil, nil):
            throw RequestProblem(.missingField, field: "file", "Either `file` or `\(address)` is required.")
        case (.some, .some):
            throw RequestProblem(.contradiction, field: address, "Send `file` or `\(address)`, not both.")
        }
    }
}
