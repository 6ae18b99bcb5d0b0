import Generation
import HTTPTransport
import ProviderKit

/// Speech and music: one call each, answered when everything is made.
///
/// Source: api-reference speech-t2a-http and music-generation (platform.minimax.io, copies of 2026); read on 2026-11-22. The
/// sound is asked for as an address, which holds for 24 hours: as hexadecimal text it would come in twice its length.
extension MiniMaxAdapter {
    /// Sends a request for sound, and reads where it is.
    func sound(
        _ request: GenerationRequest,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        let model = model(of: request)
        var fields: [String: JSONValue]
        do {
            fields = try MiniMaxSoundOptions(of: request, model).fields
        } catch {
            throw .notSent(.invalidRequest, error.message)
        }
        let path: String
        let format: MiniMaxFormat
        switch request.content {
        case .speech(let speech):
            (path, format) = ("/v1/t2a_v2", MiniMaxFormat(speech.responseFormat))
            MiniMaxSound.fill(&fields, speech)
        case .music(let music):
            (path, format) = ("/v1/music_generation", MiniMaxFormat(music.responseFormat))
            MiniMaxSound.fill(&fields, music)
        case .video, .image, .transcription, .sound:
            throw .notSent(.invalidRequest, "This provider makes videos, speech and music alone.")
        }
        fields["model"] = .string(model?.providerModel ?? request.model)
        fields["audio_setting"] = format.setting
        fields["output_format"] = "url"
        fields["stream"] = false
        let response = try await context.send(
            HTTPRequest(
                .post,
                http.url(path),
                headers: headers + [(name: "Content-Type", value: "application/json")],
                body: Array(JSONValue.object(fields).canonicalText.utf8)
            )
        )
        let answer = try await ProviderAnswer(response)
        let hidden = [key, context.reference.token]
        guard answer.isSuccess else { throw ProviderFailure(refusal: answer, hiding: hidden) }
        if let failure = ProviderFailure.refused(answer.json?["base_resp"], hiding: hidden) { throw failure }
        return try MiniMaxSound.submission(answer, format)
    }
}

/// What is sent for sound, and what comes back.
enum MiniMaxSound {
    static func fill(_ fields: inout [String: JSONValue], _ speech: SpeechRequest) {
        fields["text"] = .string(speech.input)
        var voice: [String: JSONValue] = [
            "voice_id": .string(speech.turns.first?.voice ?? speech.voice ?? MiniMaxVoices.names[0])
        ]
        voice["speed"] = speech.speed.map(JSONValue.number)
        // These are options of the request, and parts of the voice on the wire.
        for name in ["emotion", "vol", "pitch"] { voice[name] = fields.removeValue(forKey: name) }
        fields["voice_setting"] = .object(voice)
        fields["language_boost"] = speech.language.map { .string(MiniMaxLanguages.word(of: $0)) }
    }

    static func fill(_ fields: inout [String: JSONValue], _ music: MusicRequest) {
        fields["prompt"] = .string(music.prompt)
        fields["lyrics"] = music.lyrics.map(JSONValue.string)
        if music.instrumental == true {
            fields["is_instrumental"] = true
        } else if music.lyrics == nil {
            // Somebody is to sing, and nobody has said what: the model writes it.
            fields["lyrics_optimizer"] = true
        }
    }

    /// Where the sound is, and how many characters it is billed by.
    static func submission(
        _ answer: ProviderAnswer,
        _ format: MiniMaxFormat
    ) throws(ProviderFailure) -> Submission {
        guard let json = answer.json, json["base_resp"]?["status_code"]?.code == "0", let data = json["data"] else {
            throw .unreadable("status \(answer.status), \(answer.body.count) bytes that are no sound")
        }
        let usage = ReportedUsage(
            characters: json["extra_info"]?["usage_characters"]?.wholeNumber.flatMap { $0 > 0 ? $0 : nil }
        )
        guard let audio = data["audio"]?.stringValue, !audio.isEmpty else { return .completed([], usage) }
        guard audio.hasPrefix("https://") || audio.hasPrefix("http://") else {
            throw .unreadable("sound that is no address")
        }
        return .completed([ProviderOutput(.url(audio), mediaType: format.mediaType)], usage)
    }
}

/// A file format, as a client names it, with what the vendor is told besides.
enum MiniMaxFormat: String, CaseIterable {
    case mp3
    case wav
    case flac

    /// The format of that name; the first for none.
    init(_ name: String?) { self = name.flatMap(MiniMaxFormat.init(rawValue:)) ?? .mp3 }

    var mediaType: String {
        switch self {
        case .mp3: "audio/mpeg"
        case .wav: "audio/wav"
        case .flac: "audio/flac"
        }
    }

    /// The vendor's own defaults of rate, said aloud.
    var setting: JSONValue {
        switch self {
        case .mp3: ["format": "mp3", "sample_rate": 32_000, "bitrate": 128_000]
        case .wav, .flac: ["format": .string(rawValue), "sample_rate": 32_000]
        }
    }
}

/// The vendor's own options of speech and music: `provider.options.minimax`.
struct MiniMaxSoundOptions {
    /// What goes into the body.
    private(set) var fields: [String: JSONValue] = [:]

    private enum Emotion: String, CaseIterable {
        case happy, sad, angry, fearful, disgusted, surprised, calm, fluent, whisper
    }

    private static let refused = [
        "stream": "the service chooses it", "output_format": "the service chooses it",
        "audio_setting": "the format is the request's own `response_format`",
        "voice_id": "it is the request's own `voice`", "speed": "it is the request's own `speed`",
        "language_boost": "it is the request's own `language`",
        "subtitle_enable": "a job of speech has no subtitles among its results",
        "text_file_id": "the text is the request's own `input`", "lyrics": "they are the request's own `lyrics`",
        "is_instrumental": "it is the request's own `instrumental`",
    ]

    /// Reads and checks the options.
    ///
    /// - Throws: `RequestProblem` for an option that the model lacks, or a value of the wrong type or range.
    init(of request: GenerationRequest, _ model: ModelCapabilities?) throws(RequestProblem) {
        let path = "provider.options.\(MiniMaxAdapter.provider.slug)"
        guard let value = request.providerOptions[MiniMaxAdapter.provider.slug] else { return }
        var reader = try FieldReader(value, path: path)
        for name in model?.options ?? [] {
            switch name {
            case "emotion": fields[name] = try reader.word(name, as: Emotion.self).map { .string($0.rawValue) }
            case "vol":
                let volume = try reader.number(name, in: 0...10)
                if volume == 0 {
                    throw RequestProblem(.invalidValue, field: "\(path).vol", "`\(path).vol` must be above 0.")
                }
                fields[name] = volume.map(JSONValue.number)
            case "pitch": fields[name] = try reader.integer(name, in: -12...12).map(JSONValue.integer)
            case _: continue
            }
        }
        try MiniMaxOptions.refuse(Self.refused, reader, path)
        try reader.finish()
    }
}
