import Generation

/// Voices of the vendor that every account has, by their ids.
///
/// Those of the reference's own examples and of litellm 1.109.1 (`VOICE_MAPPINGS`); there are some three hundred, and those
/// of the account's own: any is asked for by its id. Read on 2026-11-22.
enum MiniMaxVoices {
    /// The ids, the default first.
    static let names = [
        "English_Graceful_Lady", "English_expressive_narrator", "male-qn-qingse", "male-qn-jingying", "male-qn-badao",
        "female-shaonv", "female-yujie", "female-tianmei",
    ]

    private static let lengthMax = 256

    /// Refuses what can be no id: they have letters of any script, digits, spaces, brackets, hyphens and underscores.
    ///
    /// - Throws: `RequestProblem` with some that there are.
    static func check(_ voice: String?, field: String, _ model: String) throws(RequestProblem) {
        guard let voice else { return }
        let isPlain = voice.unicodeScalars.allSatisfy { scalar in
            scalar.properties.isAlphabetic || ("0"..."9").contains(Character(scalar))
                || " ()-_.&'".unicodeScalars.contains(scalar)
        }
        guard isPlain, !voice.isEmpty, voice.utf8.count <= lengthMax else {
            throw RequestProblem(
                .unsupportedValue,
                field: field,
                "`\(field)` is \(RequestProblem.shown(.string(voice))), which is no voice's id; `\(model)` has \(RequestProblem.list(names)), and many more."
            )
        }
    }
}

/// The languages that a text can be said to be in: codes, and the vendor's words for them.
enum MiniMaxLanguages {
    /// The word for a language that the model finds out.
    static let automatic = "auto"

    private static let listed: [(code: String, word: String)] = [
        ("en", "English"), ("zh", "Chinese"), ("yue", "Chinese,Yue"), ("ar", "Arabic"), ("ru", "Russian"),
        ("es", "Spanish"), ("fr", "French"), ("pt", "Portuguese"), ("de", "German"), ("tr", "Turkish"), ("nl", "Dutch"),
        ("uk", "Ukrainian"), ("vi", "Vietnamese"), ("id", "Indonesian"), ("ja", "Japanese"), ("it", "Italian"),
        ("ko", "Korean"), ("th", "Thai"), ("pl", "Polish"), ("ro", "Romanian"), ("el", "Greek"), ("cs", "Czech"),
        ("fi", "Finnish"), ("hi", "Hindi"),
    ]

    /// The codes, the default first.
    static let codes = [automatic] + listed.map(\.code)

    /// The vendor's word for a code; the code itself where there is none.
    static func word(of code: String) -> String { listed.first { $0.code == code }?.word ?? code }
}
