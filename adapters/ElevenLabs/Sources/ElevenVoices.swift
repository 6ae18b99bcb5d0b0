import Generation

/// The vendor's default voices, by the names that clients use.
///
/// Names: the voices that OpenRouter lists for `elevenlabs/eleven-v4-turbo` (openrouter.ai/elevenlabs/eleven-v4-turbo, in
/// this order). Ids: those of the same names among the default voices, as many public projects have them; the first one is
/// the one of the vendor's own examples. Both read on 2026-11-21. Any other voice of the operator's account is asked for by
/// its id.
enum ElevenVoices {
    /// Name and id, the default first.
    private static let listed: [(name: String, id: String)] = [
        ("george", "JBFqnCBsd6RMkjVDRZzb"), ("sarah", "EXAVITQu4vr4xnSDxMaL"), ("adam", "pNInz6obpgDQGcFmaJgB"),
        ("alice", "Xb7hH8MSUJpSbSDYk0k2"), ("bella", "hpp4J3VqNfWAUOO0d1Us"), ("bill", "pqHfZKP75CvOlQylNhV4"),
        ("brian", "nPczCjzI2devNBz1zQrb"), ("callum", "N2lVS1w4EtoT3dr4eOWO"), ("charlie", "IKne3meq5aSn9XLyUdCD"),
        ("chris", "iP95p4xoKVk53GoZ742B"), ("daniel", "onwK4e9ZLuTAKqWW03F9"), ("eric", "cjVigY5qzO86Huf0OWal"),
        ("harry", "SOYHLrjzK2X1ezoPC6cr"), ("jessica", "cgSgspJ2msm6clMCkdW9"), ("laura", "FGY2WhTYpPnrIDTdsKH5"),
        ("liam", "TX3LPaxmHKxFdv7VOQHJ"), ("lily", "pFZP5JQG7iQjIQuC4Bku"), ("matilda", "XrExE9yKIg1WjnnlVkGX"),
        ("river", "SAz9YHcvj6GT2YYXdXww"), ("roger", "CwhRBWXzGAHq8TQ4Fs17"), ("will", "bIHbv24MWmeRgasZH58o"),
    ]

    /// The names, the default first.
    static let names = listed.map(\.name)

    private static let ids = Dictionary(uniqueKeysWithValues: listed.map { ($0.name, $0.id) })

    /// The id of a voice; nil for what is neither a name nor an id.
    static func id(of voice: String) -> String? { ids[voice] ?? (isID(voice) ? voice : nil) }

    /// Whether a text can be a voice's id: twenty letters and digits, in all that are known; perhaps a few more one day.
    private static func isID(_ text: String) -> Bool {
        (20...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                case _: false
                }
            }
    }

    /// Refuses a voice that is neither.
    ///
    /// - Throws: `RequestProblem` with the names.
    static func check(_ voice: String?, field: String, _ model: String) throws(RequestProblem) {
        guard let voice, id(of: voice) == nil else { return }
        throw RequestProblem(
            .unsupportedValue,
            field: field,
            "`\(field)` is \(RequestProblem.shown(.string(voice))); `\(model)` has \(RequestProblem.list(names)), and any voice of the operator's account by its id, which is 20 letters and digits."
        )
    }
}
