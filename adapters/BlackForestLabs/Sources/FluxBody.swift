import Foundation
import Generation
import ProviderKit

/// The body of a request.
///
/// Source: the OpenAPI pages of each path on docs.bfl.ai; read on 2026-11-21. Sizes, ratios and formats are written out
/// wherever the request has them: the vendor's own defaults differ from path to path.
struct FluxBody {
    let request: GenerationRequest
    let image: ImageRequest
    let model: ModelCapabilities
    let pictures: PictureScaler

    /// What the vendor takes of one picture: 20 MB, 20 megapixels (`types/inputs/generic.py` of `blackforest` 0.1.3).
    private static let pictureBytesMax: Int64 = 20_000_000
    private static let picturePixelsMax = 20_000_000

    /// Refuses pictures that do not go together with the model.
    ///
    /// - Throws: `RequestProblem`, with the field and what is allowed.
    static func check(_ image: ImageRequest, _ family: FluxFamily, _ slug: String) throws(RequestProblem) {
        guard family == .fill else { return }
        guard !image.inputReferences.isEmpty else {
            throw RequestProblem(
                .missingField,
                field: "input_references",
                "`input_references` is required: `\(slug)` repaints a part of one picture."
            )
        }
        guard image.mask != nil else {
            throw RequestProblem(
                .missingField,
                field: "mask",
                "`mask` is required: a picture of the same size, transparent where `\(slug)` is to repaint."
            )
        }
    }

    /// The whole body, byte for byte the same for the same attempt.
    ///
    /// - Throws: Unsent failures for options and pictures that the vendor would refuse.
    func bytes(_ context: AttemptContext, secret: String) async throws(ProviderFailure) -> [UInt8] {
        let family = FluxFamily(of: model)
        var fields: [String: JSONValue]
        do {
            fields = try FluxOptions(of: request, image, family).fields
            try Self.check(image, family, request.model)
        } catch {
            throw .notSent(.invalidRequest, error.message)
        }
        fields["prompt"] = .string(image.prompt)
        fields["seed"] = image.seed.map(JSONValue.integer)
        fields["output_format"] = image.outputFormat.map(JSONValue.string)
        switch family.sizeForm {
        case .exact:
            fields["width"] = image.size.map { .integer(Int64($0.width)) }
            fields["height"] = image.size.map { .integer(Int64($0.height)) }
        case .ratio:
            fields["aspect_ratio"] = image.aspectRatio.flatMap { $0 == FluxSizes.free ? nil : .string($0) }
        case .none: break
        }
        if let callbackURL = context.callbackURL {
            fields["webhook_url"] = .string(callbackURL)
            fields["webhook_secret"] = .string(secret)
        }
        var members = fields.map { (name: $0.key, value: Array($0.value.canonicalText.utf8)) }
        for (index, input) in image.inputReferences.enumerated() {
            members.append((family.pictureField(index), Self.text(try await read(input, context).bytes)))
        }
        if let mask = image.mask {
            // Ours are transparent where something is to change, the vendor's are white.
            let own = try await read(mask, context)
            let white = try await pictures.mask(own.bytes, mediaType: own.mediaType, as: .whiteIsEdit)
            members.append(("mask", Self.text(white.bytes)))
        }
        return Self.object(members)
    }

    /// A JSON object, its members in the order of their names.
    ///
    /// Pictures are megabytes of base64, which no JSON writer needs to look at.
    private static func object(_ members: [(name: String, value: [UInt8])]) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        bytes.reserveCapacity(members.reduce(2) { $0 + $1.name.utf8.count + $1.value.count + 4 })
        for (index, member) in members.sorted(by: { $0.name < $1.name }).enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += Array("\"\(member.name)\":".utf8)
            bytes += member.value
        }
        return bytes + [UInt8(ascii: "}")]
    }

    /// A picture as a JSON string: plain base64, which the vendor wants without the head of a `data:` URL.
    private static func text(_ picture: [UInt8]) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        return [quote] + Array(Data(picture).base64EncodedData()) + [quote]
    }

    private func read(
        _ input: MediaInput,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> (bytes: [UInt8], mediaType: String) {
        guard case .stored(let stored) = input else {
            throw .notSent(
                .invalidRequest,
                "A picture of the request was not stored before it was sent.",
                details: "an input in its posted form reached the adapter"
            )
        }
        guard stored.bytes <= Self.pictureBytesMax else {
            throw .notSent(
                .invalidRequest,
                "A picture has \(stored.bytes) bytes; the provider takes at most 20 MB."
            )
        }
        if let width = stored.width, let height = stored.height, width * height > Self.picturePixelsMax {
            throw .notSent(
                .invalidRequest,
                "A picture is \(width)x\(height); the provider takes at most 20 megapixels."
            )
        }
        return (try await context.bytes(of: stored), stored.mediaType)
    }
}
