import Generation
import JobCore
import Ledger
import Testing

@Suite struct PricingTests {
    private func artifact(_ index: Int, width: Int? = nil, height: Int? = nil, milliseconds: Int64? = nil) -> Artifact {
        Artifact(
            index: index,
            mediaType: "application/octet-stream",
            bytes: 1,
            sha256: "ab",
            key: .input(sha256: "ab"),
            width: width,
            height: height,
            durationMilliseconds: milliseconds
        )
    }

    @Test func aVideoIsHeldByItsSecondsAndBilledByThoseMeasured() throws {
        var video = VideoRequest(prompt: "p")
        video.duration = 4
        video.resolution = "720p"
        video.generateAudio = true
        let request = GenerationRequest(model: "m", content: .video(video))
        let held = MeteredUsage.worstCase(of: request)
        #expect(held.quantities[.second] == ExactDecimal(4))
        #expect(held.quantities[.request] == ExactDecimal(1))
        #expect(held.attributes == ["resolution": "720p", "audio": "true", "input": "text"])
        let used = MeteredUsage.measured(request, artifacts: [artifact(0, milliseconds: 3_960)])
        #expect(used.quantities[.second]?.description == "3.960")
        #expect(used.attributes == held.attributes)
    }

    @Test func imagesAreHeldAndBilledByCountAndPixels() throws {
        var image = ImageRequest(prompt: "p")
        image.n = 3
        image.size = PixelSize(width: 1_000, height: 500)
        image.quality = "high"
        let request = GenerationRequest(model: "m", content: .image(image))
        let held = MeteredUsage.worstCase(of: request)
        #expect(held.quantities[.image] == ExactDecimal(3))
        #expect(held.quantities[.megapixel]?.description == "1.500000")
        #expect(held.attributes == ["quality": "high", "input": "text", "size": "1000x500"])
        let artifacts = (0..<2).map { artifact($0, width: 1_000, height: 500) }
        let used = MeteredUsage.measured(request, artifacts: artifacts)
        #expect(used.quantities[.image] == ExactDecimal(2))
        #expect(used.quantities[.megapixel]?.description == "1.000000")
    }

    @Test func speechIsBilledByScalars() {
        let request = GenerationRequest(model: "m", content: .speech(SpeechRequest(input: "e\u{301}🎬")))
        #expect(MeteredUsage.worstCase(of: request).quantities[.character] == ExactDecimal(3))
        let used = MeteredUsage.measured(request, artifacts: [artifact(0, milliseconds: 900)])
        #expect(used.quantities[.character] == ExactDecimal(3))
        #expect(used.quantities[.audioSecond] == .thousandths(900))
        #expect(used.quantities[.audioMinute]?.description == "0.015000000")
    }

    @Test func aPriceListIsReadWholeOrNotAtAll() throws {
        let sheet = try #require(
            PriceSheet(
                .video([
                    ListPrice(unit: "second", usd: "0.0125", conditions: ["resolution": "720p"]),
                    ListPrice(unit: "audio_minute", usd: "1"),
                ])
            )
        )
        #expect(sheet.lines.map(\.unit) == [.second, .audioMinute])
        #expect(sheet.lines.first?.conditions == ["resolution": "720p"])
        #expect(PriceSheet(.video([ListPrice(unit: "hour", usd: "1")])) == nil)
        #expect(PriceSheet(.video([ListPrice(unit: "second", usd: "1e-3")])) == nil)
        #expect(PriceSheet(.video([ListPrice(unit: "second", usd: "-1")])) == nil)
    }
}
