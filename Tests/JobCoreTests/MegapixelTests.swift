import Generation
import JobCore
import Ledger
import Testing

/// Megapixels of a vendor that counts each picture by itself, and what has begun as a whole.
@Suite struct MegapixelTests {
    private static func model(_ meter: MegapixelMeter?) -> ModelCapabilities {
        let sizes = [SizeOption(resolution: "1K", aspectRatio: "1:1", size: PixelSize(width: 1_024, height: 1_024))]
        var image = ImageParameters(sizes: sizes, formats: ["png"])
        image.referencesMax = 8
        var model = ModelCapabilities(
            slug: "a/b",
            name: "B",
            summary: "Makes images.",
            parameters: .image(image),
            promptCharactersMax: 100,
            prices: [
                ListPrice(unit: "image", usd: "0.015"), ListPrice(unit: "megapixel", usd: "0.015"),
                ListPrice(unit: "input_megapixel", usd: "0.015"),
            ],
            limits: EndpointLimits(slots: 1),
            timing: EndpointTiming(
                typicalSeconds: 1,
                deadlineSeconds: 10,
                sendTimeoutSeconds: 10,
                pollIntervalSeconds: 1
            ),
            source: "none"
        )
        model.megapixels = meter
        return model
    }

    private static func request(_ size: PixelSize?, pictures: [PixelSize?] = []) -> GenerationRequest {
        var image = ImageRequest(prompt: "p")
        image.size = size
        image.inputReferences = pictures.map { size in
            var stored = StoredInput(sha256: "ab", mediaType: "image/png", bytes: 1)
            (stored.width, stored.height) = (size?.width, size?.height)
            return .stored(stored)
        }
        return GenerationRequest(model: "a/b", content: .image(image))
    }

    private static func artifact(_ width: Int, _ height: Int) -> Artifact {
        Artifact(
            index: 0,
            mediaType: "image/png",
            bytes: 1,
            sha256: "ab",
            key: .input(sha256: "ab"),
            width: width,
            height: height,
            durationMilliseconds: nil
        )
    }

    private let whole = MegapixelMeter(pixels: 1_048_576, inputMax: 4)

    @Test func whatHasBegunCountsWhole() throws {
        let prices = try #require(PriceSheet(Self.model(whole)))
        func total(_ width: Int, _ height: Int, pictures: [PixelSize?] = []) throws -> String {
            let usage = prices.worstCase(of: Self.request(PixelSize(width: width, height: height), pictures: pictures))
            return try prices.bill(usage, rounding: .up).total.description
        }
        let one = PixelSize(width: 1_024, height: 1_024)
        #expect(try total(1_024, 1_024) == "0.030000000")
        #expect(try total(512, 512) == "0.030000000")
        #expect(try total(1_920, 1_088) == "0.045000000")
        #expect(try total(1_040, 1_024) == "0.045000000")
        #expect(try total(2_048, 2_048) == "0.075000000")
        #expect(try total(1_024, 1_024, pictures: [one]) == "0.045000000")
        // Each by itself; a large one counts four, as does one that nobody has measured.
        let small = PixelSize(width: 100, height: 100)
        #expect(try total(1_024, 1_024, pictures: [small, small]) == "0.060000000")
        #expect(try total(1_024, 1_024, pictures: [PixelSize(width: 5_000, height: 4_000)]) == "0.090000000")
        #expect(try total(1_024, 1_024, pictures: [nil]) == "0.090000000")
    }

    @Test func theBillIsOfWhatCameOut() throws {
        let prices = try #require(PriceSheet(Self.model(whole)))
        let request = Self.request(PixelSize(width: 2_048, height: 2_048))
        let settled = try prices.settlement(of: request, artifacts: [Self.artifact(1_040, 1_024)], reported: [:])
        #expect(settled.bill.total.description == "0.045000000")
        let larger = try prices.settlement(of: request, artifacts: [Self.artifact(4_096, 4_096)], reported: [:])
        #expect(larger.bill.total.description == "0.075000000")
    }

    @Test func withoutARuleEveryPixelCounts() throws {
        let prices = try #require(PriceSheet(Self.model(nil)))
        let usage = prices.worstCase(of: Self.request(PixelSize(width: 1_000, height: 500)))
        #expect(usage.quantities[.megapixel]?.description == "0.500000")
        #expect(usage.quantities[.inputMegapixel]?.mantissa == 0)
    }

    /// An image whose size follows its picture is held at the largest that the model makes.
    @Test func whatFollowsThePictureIsHeldAtTheLargest() throws {
        let prices = try #require(PriceSheet(Self.model(whole)))
        let usage = prices.worstCase(of: Self.request(nil))
        #expect(usage.quantities[.megapixel] == ExactDecimal(1))
    }
}
