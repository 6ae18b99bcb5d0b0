import Generation
import Testing

/// An edit keeps the shape of its picture unless another one is asked for.
@Suite struct EditSizeTests {
    private static let square = SizeOption(
        resolution: "1K",
        aspectRatio: "1:1",
        size: PixelSize(width: 1_024, height: 1_024)
    )
    private static let following = {
        var option = SizeOption(
            resolution: "auto",
            aspectRatio: "auto",
            size: PixelSize(width: 2_048, height: 2_048)
        )
        option.followsInput = true
        return option
    }()
    private static let picture = MediaInput.stored(StoredInput(sha256: "ab", mediaType: "image/png", bytes: 1))

    private func resolved(
        _ sizes: [SizeOption],
        _ change: (inout ImageRequest) -> Void = { _ in }
    ) throws -> ImageRequest {
        var parameters = ImageParameters(sizes: sizes, formats: ["png"])
        parameters.referencesMax = 1
        let model = ModelCapabilities(
            slug: "a/b",
            name: "B",
            summary: "Makes images.",
            parameters: .image(parameters),
            promptCharactersMax: 100,
            prices: [ListPrice(unit: "image", usd: "1")],
            limits: EndpointLimits(slots: 1),
            timing: EndpointTiming(
                typicalSeconds: 1,
                deadlineSeconds: 10,
                sendTimeoutSeconds: 10,
                pollIntervalSeconds: 1
            ),
            source: "none"
        )
        var image = ImageRequest(prompt: "p")
        change(&image)
        let request = GenerationRequest(model: "a/b", content: .image(image))
        guard case .image(let out) = try request.resolved(against: model, strict: true).request.content else {
            throw RequestProblem(.invalidValue, field: "type", "It is no image.")
        }
        return out
    }

    @Test func aPictureGivesItsShape() throws {
        let edit = try resolved([Self.square, Self.following]) { $0.inputReferences = [Self.picture] }
        #expect(edit.size == nil)
        #expect(edit.aspectRatio == "auto")
        #expect(edit.resolution == "auto")
    }

    @Test func withoutAPictureTheFirstSizeIsTheDefault() throws {
        #expect(try resolved([Self.square, Self.following]).size == Self.square.size)
    }

    @Test func whatIsAskedForIsMade() throws {
        let sizes = [Self.square, Self.following]
        let ratio = try resolved(sizes) { ($0.inputReferences, $0.aspectRatio) = ([Self.picture], "1:1") }
        #expect(ratio.size == Self.square.size)
        let tier = try resolved(sizes) { ($0.inputReferences, $0.resolution) = ([Self.picture], "1K") }
        #expect(tier.size == Self.square.size)
        let size = try resolved(sizes) { ($0.inputReferences, $0.size) = ([Self.picture], Self.square.size) }
        #expect(size.size == Self.square.size)
    }

    @Test func aModelThatCannotFollowKeepsItsDefault() throws {
        #expect(try resolved([Self.square]) { $0.inputReferences = [Self.picture] }.size == Self.square.size)
    }
}
