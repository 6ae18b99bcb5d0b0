import Generation
import Testing

/// Transcripts in the forms that clients ask for.
@Suite struct TranscriptTests {
    private static let spoken = Transcript(
        text: "Hello there. <Bye> & thanks.",
        language: "en",
        milliseconds: 3_723_456,
        segments: [
            .init(start: 0, end: 1_500, text: " Hello there.\n\n", speaker: "A"),
            .init(start: 3_600_000, end: 3_723_456, text: "<Bye> & thanks."),
        ],
        words: [.init(start: 0, end: 400, word: "Hello", speaker: "A")]
    )

    @Test func subtitlesHaveTimesAndNoEmptyLineWithin() {
        #expect(
            Self.spoken.rendered(as: .srt)
                == "1\n00:00:00,000 --> 00:00:01,500\nHello there.\n\n2\n01:00:00,000 --> 01:02:03,456\n<Bye> & thanks.\n\n"
        )
        #expect(
            Self.spoken.rendered(as: .vtt)
                == "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHello there.\n\n01:00:00.000 --> 01:02:03.456\n&lt;Bye&gt; &amp; thanks.\n\n"
        )
    }

    @Test func textIsTheTextAlone() { #expect(Self.spoken.rendered(as: .text) == Self.spoken.text) }

    @Test func jsonTellsAll() {
        #expect(Self.spoken.rendered(as: .json) == Self.spoken.rendered(as: .verboseJSON))
        let json = Self.spoken.json
        #expect(json["language"] == "en")
        #expect(json["duration"] == .number(3_723.456))
        #expect(json["segments"]?[1]?["start"] == .number(3_600))
        #expect(json["segments"]?[0]?["speaker"] == "A")
        #expect(json["words"]?[0]?["word"] == "Hello")
    }

    @Test func withoutTimesTheWholeIsOneCaption() {
        let bare = Transcript(text: "Hm.", milliseconds: 900)
        #expect(bare.rendered(as: .srt) == "1\n00:00:00,000 --> 00:00:00,900\nHm.\n\n")
        #expect(Transcript(text: "").rendered(as: .srt).isEmpty)
        #expect(Transcript(text: "").rendered(as: .vtt) == "WEBVTT\n\n")
    }
}
