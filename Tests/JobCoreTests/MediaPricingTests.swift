import Generation
import JobCore
import Ledger
import Testing

/// What images and sounds are held and billed for.
@Suite struct MediaPricingTests {
    private static func sheet(
        _ parameters: ModelParameters,
        _ prices: [(String, String)],
        _ tokens: TokenMeter? = nil
    ) throws -> PriceSheet {
        var model = ModelCapabilities(
            slug: "vendor/model",
            name: "M",
            summary: "S",
            parameters: parameters,
            promptCharactersMax: 1_000,
            prices: prices.map { ListPrice(unit: $0.0, usd: $0.1) },
            limits: EndpointLimits(slots: 1),
            timing: EndpointTiming(
                typicalSeconds: 1,
                deadlineSeconds: 10,
                sendTimeoutSeconds: 5,
                pollIntervalSeconds: 1
            ),
            source: "test"
        )
        model.tokens = tokens
        return try #require(PriceSheet(model))
    }

    @Test func anImageByTokensIsHeldAtTheWorstAndBilledAsReported() throws {
        var meter = TokenMeter()
        meter.promptOverhead = 10
        meter.perReference = 1_000
        meter.perImage = ["high/1024x1024": 4_000, "high": 6_000, "": 9_000]
        let sheet = try Self.sheet(
            .image(ImageParameters(sizes: [], formats: ["png"])),
            [("input_text_token", "0.000005"), ("input_image_token", "0.000008"), ("output_image_token", "0.00003")],
            meter
        )
        var image = ImageRequest(prompt: "0123456789")
        (image.n, image.quality) = (2, "high")
        image.size = PixelSize(width: 1_024, height: 1_024)
        image.inputReferences = [.stored(StoredInput(sha256: "0", mediaType: "image/png", bytes: 1))]
        let request = GenerationRequest(model: "vendor/model", content: .image(image))
        let held = try sheet.bill(sheet.worstCase(of: request), rounding: .up)
        // 20 x 5 + 1,000 x 8 + 8,000 x 30 millionths.
        #expect(held.total == Credits(usd: "0.2481"))
        let settlement = try sheet.settlement(
            of: request,
            artifacts: [],
            reported: [
                .inputTextToken: ExactDecimal(12), .inputImageToken: ExactDecimal(0),
                .outputImageToken: ExactDecimal(9_000),
            ]
        )
        // None of the picture's tokens were counted, and no more than was held for the image.
        #expect(settlement.bill.total == Credits(usd: "0.24006"))
        #expect(settlement.cut == [.outputImageToken])
    }

    @Test func aReportThatCannotBeIsNone() throws {
        var meter = TokenMeter()
        meter.perImage = ["": 1_000]
        let sheet = try Self.sheet(
            .image(ImageParameters(sizes: [], formats: ["png"])),
            [("input_text_token", "0.000005"), ("output_image_token", "0.00003")],
            meter
        )
        let request = GenerationRequest(model: "vendor/model", content: .image(ImageRequest(prompt: "0123456789")))
        for reported in [ExactDecimal(0), ExactDecimal(-5_000)] {
            // An image was made: its tokens are not none, and nobody is paid for it.
            let settlement = try sheet.settlement(
                of: request,
                artifacts: [],
                reported: [.outputImageToken: reported, .inputTextToken: reported]
            )
            let text = reported.mantissa == 0 ? "0.03" : "0.03005"
            #expect(settlement.bill.total == Credits(usd: text))
        }
    }

    @Test func aShortTextIsHeldForTheSilenceAroundIt() throws {
        var meter = TokenMeter()
        (meter.outputAudioPerThousandCharacters, meter.outputAudioMin) = (12_000, 250)
        let sheet = try Self.sheet(
            .speech(SpeechParameters(voices: ["a"], formats: ["mp3"])),
            [("output_audio_token", "0.00001")],
            meter
        )
        for (text, tokens) in [("Hi.", 250), (String(repeating: "a", count: 100), 1_200)] {
            let request = GenerationRequest(model: "vendor/model", content: .speech(SpeechRequest(input: text)))
            #expect(sheet.worstCase(of: request).quantities[.outputAudioToken] == ExactDecimal(Int64(tokens)))
        }
    }

    @Test func anImageWithoutPicturesPaysForNone() throws {
        let sheet = try Self.sheet(
            .image(ImageParameters(sizes: [], formats: ["png"])),
            [("image", "0.04"), ("input_megapixel", "0.015"), ("reference_image", "0.01")]
        )
        let request = GenerationRequest(model: "vendor/model", content: .image(ImageRequest(prompt: "p")))
        #expect(try sheet.bill(sheet.worstCase(of: request), rounding: .up).total == Credits(usd: "0.04"))
    }

    @Test func aTranscriptionIsBilledByItsSound() throws {
        let parameters = TranscriptionParameters(
            formats: ["json"],
            mediaTypes: ["audio/wav"],
            bytesMax: 1,
            secondsMax: 600
        )
        let sheet = try Self.sheet(.transcription(parameters), [("audio_minute", "0.006")])
        let unknown = GenerationRequest(
            model: "vendor/model",
            content: .transcription(TranscriptionRequest(inputAudio: .url("https://sounds.example/a.wav")))
        )
        #expect(try sheet.bill(sheet.worstCase(of: unknown), rounding: .up).total == Credits(usd: "0.06"))
        var stored = StoredInput(sha256: "0", mediaType: "audio/wav", bytes: 1)
        stored.milliseconds = 90_000
        let known = unknown.replacingInputs { _ in .stored(stored) }
        #expect(try sheet.bill(sheet.worstCase(of: known), rounding: .up).total == Credits(usd: "0.009"))
        // Held for the longest, since nobody knew; billed for what was fetched.
        let settlement = try sheet.settlement(of: unknown, sent: known, artifacts: [], reported: [:])
        #expect(settlement.bill.total == Credits(usd: "0.009"))
    }

    @Test func termsToListenForHaveAPriceOfTheirOwn() throws {
        let dear = try #require(ExactDecimal("0.012"))
        let plain = try #require(ExactDecimal("0.01"))
        let sheet = PriceSheet(lines: [
            PriceLine(unit: .audioSecond, price: plain, conditions: [:]),
            PriceLine(unit: .audioSecond, price: dear, conditions: ["keyterms": "true"]),
        ])
        var stored = StoredInput(sha256: "0", mediaType: "audio/wav", bytes: 1)
        stored.milliseconds = 10_000
        var asked = TranscriptionRequest(inputAudio: .stored(stored))
        func hold() throws -> Credits {
            let request = GenerationRequest(model: "vendor/model", content: .transcription(asked))
            return try sheet.bill(sheet.worstCase(of: request), rounding: .up).total
        }
        #expect(try hold() == Credits(usd: "0.1"))
        asked.keyterms = ["boat"]
        #expect(try hold() == Credits(usd: "0.12"))
    }

    @Test func minutesAreExactToANanoDollar() {
        #expect(ExactDecimal.minutes(ofMilliseconds: 60_000) == ExactDecimal.minutes(ofMilliseconds: 60_000))
        #expect(ExactDecimal.minutes(ofMilliseconds: 90_000).description == "1.500000000")
        #expect(ExactDecimal.minutes(ofMilliseconds: 1).description == "0.000016667")
        #expect(ExactDecimal.minutes(ofMilliseconds: .max).mantissa > 0)
    }
}
