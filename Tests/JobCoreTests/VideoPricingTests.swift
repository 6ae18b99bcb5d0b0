import Generation
import JobCore
import Ledger
import Testing

/// Goal: a video is held for the most it can cost and billed for what it was, whatever a provider reports.
@Suite struct VideoPricingTests {
    private static let pixels = ["480p": 428_544, "720p": 1_029_000, "1080p": 2_086_876]

    /// The price list of the vendor's model whose figures were measured.
    private static let seedance = ModelCapabilities.video(
        [
            ListPrice(unit: "token", usd: "0.000007"),
            ListPrice(unit: "token", usd: "0.0000043", conditions: ["input": "video"]),
        ],
        meter: {
            var meter = VideoTokenMeter(pixelsMax: pixels, secondsMax: 15)
            (meter.inputSecondsMax, meter.inputThirdsMin) = (15, 5)
            return meter
        }()
    )

    private static func request(
        _ seconds: Int,
        _ size: PixelSize? = PixelSize(width: 1_280, height: 720),
        references: [MediaInput] = [],
        clips: Int = 0,
        frames: [FrameImage] = [],
        audio: Bool = true
    ) -> GenerationRequest {
        var video = VideoRequest(prompt: "a boat")
        (video.duration, video.resolution, video.size) = (seconds, "720p", size)
        (video.inputReferences, video.frameImages, video.generateAudio) = (references, frames, audio)
        video.mediaReferences = (0..<clips).map { index in
            MediaReference(kind: .video, url: "https://clips.example/\(index).mp4", position: references.count + index)
        }
        return GenerationRequest(model: "maker/model", content: .video(video))
    }

    private static func artifact(_ milliseconds: Int64?, _ width: Int? = 1_280, _ height: Int? = 720) -> Artifact {
        Artifact(
            index: 0,
            mediaType: "video/mp4",
            bytes: 1,
            sha256: "ab",
            key: .input(sha256: "ab"),
            width: width,
            height: height,
            durationMilliseconds: milliseconds
        )
    }

    private static func stored(_ mediaType: String) -> MediaInput {
        .stored(StoredInput(sha256: "cd", mediaType: mediaType, bytes: 1))
    }

    private func hold(_ request: GenerationRequest, _ prices: PriceSheet) throws -> Credits {
        try prices.bill(prices.worstCase(of: request), rounding: .up).total
    }

    @Test func fiveSecondsInHighDefinitionAreHeldToTheToken() throws {
        let prices = try #require(PriceSheet(Self.seedance))
        let bill = try prices.bill(prices.worstCase(of: Self.request(5)), rounding: .up)
        #expect(bill.lines.map(\.unit) == [.token])
        #expect(bill.lines.map(\.quantity) == [ExactDecimal(108_900)])
        #expect(bill.total.nanoUSD == 762_300_000)
    }

    @Test func aLengthOfTheModelsChoiceIsHeldAtTheLongest() throws {
        let prices = try #require(PriceSheet(Self.seedance))
        #expect(try hold(Self.request(-1), prices).nanoUSD == 324_900 * 7_000)
        let used = try prices.settlement(of: Self.request(-1), artifacts: [Self.artifact(6_042)], reported: [:])
        #expect(used.bill.total.nanoUSD == 900 * 145 * 7_000)
        let perSecond = try #require(PriceSheet(.video([ListPrice(unit: "second", usd: "0.1")])))
        #expect(try hold(Self.request(-1), perSecond).nanoUSD == 1_200_000_000)
    }

    @Test func aSizeThatFollowsThePictureIsHeldAtTheLargest() throws {
        let prices = try #require(PriceSheet(Self.seedance))
        let frame = FrameImage(role: .first, image: Self.stored("image/png"))
        let held = prices.worstCase(of: Self.request(5, nil, frames: [frame]))
        // 1,470 by 700 pixels, 121 frames, in blocks of 1,024.
        #expect(held.quantities[.token] == ExactDecimal(121_591))
        #expect(held.attributes["input"] == "image")
    }

    @Test func videoInputsCountWithTheirMinimum() throws {
        let prices = try #require(PriceSheet(Self.seedance))
        let request = Self.request(4, references: [Self.stored("image/png")], clips: 1)
        let held = prices.worstCase(of: request)
        #expect(held.attributes["input"] == "video")
        #expect(held.quantities[.token] == ExactDecimal(900 * (24 * 19 + 1)))
        #expect(held.quantities[.referenceImage] == ExactDecimal(1))
        let bill = try prices.bill(held, rounding: .up)
        #expect(bill.lines.map(\.price.description) == ["0.0000043"])
        // What the vendor's table gives as the least for four seconds fits.
        let reported = try prices.settlement(
            of: request,
            artifacts: [Self.artifact(4_042)],
            reported: [.token: ExactDecimal(151_200)]
        )
        #expect(reported.bill.total.nanoUSD == 151_200 * 4_300)
        #expect(reported.cut == [])
    }

    @Test func theProvidersReportIsBilled() throws {
        let prices = try #require(PriceSheet(Self.seedance))
        let bill = try prices.settlement(
            of: Self.request(5),
            artifacts: [Self.artifact(5_042)],
            reported: [.token: ExactDecimal(108_000)]
        ).bill
        #expect(bill.total.nanoUSD == 756_000_000)
        #expect(bill.lines.map(\.why) == [""])
    }

    @Test func aReportAboveTheHoldIsCutAndSaid() throws {
        let prices = try #require(PriceSheet(Self.seedance))
        for tokens in [108_901, 999_999_999, .max] as [Int64] {
            let settlement = try prices.settlement(
                of: Self.request(5),
                artifacts: [Self.artifact(5_042)],
                reported: [.token: ExactDecimal(tokens)]
            )
            #expect(settlement.bill.total.nanoUSD == 762_300_000)
            #expect(settlement.cut == [.token])
            #expect(settlement.bill.lines.first?.why == "the provider reported \(tokens), above the hold")
        }
    }

    @Test(arguments: [0, -5] as [Int64])
    func aReportOfNothingIsNoReport(_ tokens: Int64) throws {
        let prices = try #require(PriceSheet(Self.seedance))
        let bill = try prices.settlement(
            of: Self.request(5),
            artifacts: [Self.artifact(5_000)],
            reported: [.token: ExactDecimal(tokens)]
        ).bill
        #expect(bill.total.nanoUSD == 762_300_000)
    }

    @Test func reportedMillisecondsComeBeforeMeasuredOnes() throws {
        let prices = try #require(PriceSheet(.video([ListPrice(unit: "second", usd: "0.1")])))
        func bill(_ reported: Int64?) throws -> Settlement {
            try prices.settlement(
                of: Self.request(5),
                artifacts: [Self.artifact(4_960)],
                reported: reported.map { [.second: .thousandths($0)] } ?? [:]
            )
        }
        #expect(try bill(nil).bill.total.nanoUSD == 496_000_000)
        #expect(try bill(4_000).bill.total.nanoUSD == 400_000_000)
        #expect(try bill(5_000).bill.total.nanoUSD == 500_000_000)
        #expect(try bill(5_000).cut == [])
        #expect(try bill(8_000).bill.total.nanoUSD == 500_000_000)
        #expect(try bill(8_000).cut == [.second])
    }

    /// A file is often a frame longer than was asked for: that is worth no word, and costs nothing.
    @Test func aFrameMoreThanAskedForIsNotBilled() throws {
        let prices = try #require(PriceSheet(.video([ListPrice(unit: "second", usd: "0.1")])))
        let settlement = try prices.settlement(of: Self.request(5), artifacts: [Self.artifact(5_042)], reported: [:])
        #expect(settlement.bill.total.nanoUSD == 500_000_000)
        #expect(settlement.bill.lines.map(\.why) == [""])
        #expect(settlement.cut == [])
    }

    @Test func referencePicturesAndTheMinimumAreHeldAndBilled() throws {
        let prices = try #require(
            PriceSheet(
                .video([
                    ListPrice(unit: "second", usd: "0.05"), ListPrice(unit: "reference_image", usd: "0.02"),
                    ListPrice(unit: "minimum", usd: "0.4"),
                ])
            )
        )
        let pictures = [Self.stored("image/png"), .url("https://pictures.example/a.png")]
        #expect(try hold(Self.request(5, references: pictures), prices).nanoUSD == 400_000_000)
        let long = Self.request(8, references: pictures)
        #expect(try hold(long, prices).nanoUSD == 440_000_000)
        let settled = try prices.settlement(of: long, artifacts: [Self.artifact(6_000)], reported: [:]).bill
        #expect(settled.total.nanoUSD == 400_000_000)
        #expect(settled.lines.map(\.unit) == [.second, .referenceImage, .minimum])
        #expect(settled.lines.map(\.amount.nanoUSD) == [300_000_000, 40_000_000, 60_000_000])
    }

    @Test func theLineOfTheInputIsTaken() throws {
        let kinds = ["text": "0.1", "image": "0.2", "reference": "0.3"]
        let prices = try #require(
            PriceSheet(.video(kinds.map { ListPrice(unit: "second", usd: $1, conditions: ["input": $0]) }))
        )
        let picture = Self.stored("image/png")
        let frame = FrameImage(role: .first, image: picture)
        #expect(try hold(Self.request(1), prices).nanoUSD == 100_000_000)
        #expect(try hold(Self.request(1, frames: [frame]), prices).nanoUSD == 200_000_000)
        #expect(try hold(Self.request(1, references: [picture]), prices).nanoUSD == 300_000_000)
        #expect(try hold(Self.request(1, references: [picture], frames: [frame]), prices).nanoUSD == 300_000_000)
    }

    @Test func noReportAndNoFileCanCostMoreThanTheHold() throws {
        var random = SeededNumbers(seed: 0x5EED_A9CE)
        let lists: [[ListPrice]] = [
            Self.seedance.prices, [ListPrice(unit: "second", usd: "0.0333333333")],
            [ListPrice(unit: "token", usd: "0.000000000123"), ListPrice(unit: "minimum", usd: "0.0000000005")],
            [
                ListPrice(unit: "second", usd: "0.1"), ListPrice(unit: "token", usd: "0.0000024"),
                ListPrice(unit: "request", usd: "0.01"),
            ],
        ]
        for _ in 0..<2_000 {
            let prices = try #require(
                PriceSheet(.video(lists[random.number(below: lists.count)], meter: Self.seedance.videoTokens))
            )
            let side = { Int(random.number(below: 4_000)) + 1 }
            let size = random.number(below: 4) == 0 ? nil : PixelSize(width: side(), height: side())
            let clips = random.number(below: 3) == 0 ? 1 : 0
            let request = Self.request(random.number(below: 17) - 1, size, clips: clips)
            let artifact = Self.artifact(Int64(random.number(below: 60_000)), side(), side())
            var reported: [PriceUnit: ExactDecimal] = [:]
            if random.number(below: 2) == 0 {
                reported[.token] = ExactDecimal(Int64(random.number(below: 2_000_000)) - 9)
            }
            if random.number(below: 2) == 0 {
                reported[.second] = .thousandths(Int64(random.number(below: 90_000)) - 9)
            }
            let held = try hold(request, prices)
            let bill = try prices.settlement(of: request, artifacts: [artifact], reported: reported).bill
            #expect(bill.total <= held)
            #expect(bill.total >= .zero)
            #expect(bill.lines.reduce(0) { $0 + $1.amount.nanoUSD } == bill.total.nanoUSD)
        }
    }
}

/// Numbers that are the same in every run.
private struct SeededNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func number(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }
}

extension ModelCapabilities {
    /// A video model with some prices.
    static func video(_ prices: [ListPrice], meter: VideoTokenMeter? = nil) -> ModelCapabilities {
        var model = ModelCapabilities(
            slug: "maker/model",
            name: "Model",
            summary: "Made for tests.",
            parameters: .video(VideoParameters(durations: [4, 12], defaultDuration: 4, sizes: [])),
            promptCharactersMax: 10,
            prices: prices,
            limits: EndpointLimits(slots: 1),
            timing: EndpointTiming(
                typicalSeconds: 1,
                deadlineSeconds: 10,
                sendTimeoutSeconds: 1,
                pollIntervalSeconds: 1
            ),
            source: "made up, 2026-11-21"
        )
        model.videoTokens = meter
        return model
    }
}
