import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// Music of Lyria by `generateContent`.
///
/// Source: ai.google.dev/gemini-api/docs/music-generation (several copies of 2026); google-genai 3.4.0. The words that the
/// model sings come beside the music, and are not kept.
enum GeminiMusic {
    private static let mediaBytesMax: Int64 = 256 << 20

    /// The body that asks for music: there are no members for what it is to be, all of that stands in the text.
    static func body(_ music: MusicRequest) -> [UInt8] {
        var text = music.prompt
        if music.instrumental == true { text += "\n\nInstrumental only, no vocals." }
        if let lyrics = music.lyrics { text += "\n\nLyrics:\n\(lyrics)" }
        let body: JSONValue = [
            "contents": [["role": "user", "parts": [["text": .string(text)]]]],
            "generationConfig": ["responseModalities": ["AUDIO", "TEXT"]],
        ]
        return Array(body.canonicalText.utf8)
    }

    /// Words to be sung contradict that nobody sings.
    static func check(_ music: MusicRequest) throws(RequestProblem) {
        guard music.instrumental == true, music.lyrics != nil else { return }
        throw RequestProblem(
            .contradiction,
            field: "lyrics",
            "`lyrics` are there, but `instrumental` is true; leave one out."
        )
    }

    /// Reads the answer to a submit: the music goes into a file while it arrives.
    ///
    /// - Throws: The filter's refusal; that nothing was made; or that the answer cannot be read, which leaves the outcome
    ///   unknown.
    static func submission(
        _ response: HTTPResponse,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        var reader = InlineMediaReader(keys: ["data"], folder: context.outputFolder)
        reader.mediaBytesMax = mediaBytesMax
        let answer = try await reader.read(response.body)
        let part = GeminiContent.parts(answer.json).first { part in
            part["thought"] != true
                && answer.media.contains { $0.bytes > 0 && $0.marker == part["inlineData"]?["data"]?.stringValue }
        }
        guard let inline = part?["inlineData"],
            let chosen = answer.media.first(where: { $0.marker == inline["data"]?.stringValue })
        else {
            answer.discard()
            if let failure = try GeminiVerdict.failure(answer.json) { throw failure }
            return .completed([], ReportedUsage())
        }
        for medium in answer.media where medium.path != chosen.path { unlink(medium.path) }
        // It is paid by the piece: what it took in tokens is nobody's matter.
        let output = try context.seal(chosen.path, mediaType: inline["mimeType"]?.stringValue)
        return .completed([output], ReportedUsage())
    }
}
