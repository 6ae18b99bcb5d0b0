import Foundation
import Generation
import MediaInspection
import ProviderKit

/// The body of an image request.
///
/// Source: `resources/images/images.py` of byteplus-python-sdk-v2 3.0.63 and the image API samples of ModelArk (revision
/// 265, 2026-10-08); written 2026-11-21. The SDK sends fields that are not set as null; here they are left out, which
/// means the same. What costs money when nobody says it is always said: the watermark's absence, and that there is one
/// image or how many there may be.
enum SeedreamBody {
    /// The vendor's limit on a body is 64 MB; whichever megabyte is meant, this many bytes are within it.
    private static let bytesMax = 64_000_000

    /// What a request says beside its pictures.
    ///
    /// - Throws: `RequestProblem` for what the vendor would refuse for its form alone.
    static func fields(
        of request: GenerationRequest,
        _ image: ImageRequest,
        _ model: ModelCapabilities?
    ) throws(RequestProblem) -> [String: JSONValue] {
        let family = SeedreamFamily(of: model)
        var fields = try SeedreamOptions(of: request, family).fields
        fields["model"] = .string(model?.providerModel ?? request.model)
        fields["prompt"] = .string(image.prompt)
        // A tier's name alone leaves the shape to the model.
        fields["size"] = (image.size?.description ?? image.resolution).map(JSONValue.string)
        fields["response_format"] = "url"
        fields["watermark"] = fields["watermark"] ?? false
        if family.formats.count > 1 { fields["output_format"] = image.outputFormat.map(JSONValue.string) }
        guard let most = family.setMax else { return fields }
        let count = image.n ?? 1
        guard count == 1 || count + image.inputReferences.count <= most else {
            throw RequestProblem(
                .contradiction,
                field: "n",
                "`n` is \(count) and `input_references` has \(image.inputReferences.count) elements; `\(request.model)` takes and makes \(most) images together at most."
            )
        }
        fields["sequential_image_generation"] = count > 1 ? "auto" : "disabled"
        if count > 1 { fields["sequential_image_generation_options"] = ["max_images": .integer(Int64(count))] }
        return fields
    }

    /// The whole body, byte for byte the same for the same request.
    ///
    /// - Throws: Unsent failures for pictures that the vendor would refuse.
    static func bytes(
        of request: GenerationRequest,
        _ image: ImageRequest,
        _ model: ModelCapabilities?,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> [UInt8] {
        var fields: [String: JSONValue]
        do {
            fields = try self.fields(of: request, image, model)
        } catch {
            throw .notSent(.invalidRequest, error.message)
        }
        guard !image.inputReferences.isEmpty else { return Array(JSONValue.object(fields).canonicalText.utf8) }
        // Filled in below: pictures are megabytes of base64, which no JSON writer needs to look at.
        fields["image"] = ""
        let frame = JSONValue.object(fields).canonicalText.utf8
        let place = Array("\"image\":".utf8)
        guard let range = frame.firstRange(of: place + Array("\"\"".utf8)) else {
            preconditionFailure("the field was just written, and inside of texts quotation marks are escaped")
        }
        var pictures: [UInt8] = Array("[".utf8)
        for (index, reference) in image.inputReferences.enumerated() {
            if index > 0 { pictures.append(UInt8(ascii: ",")) }
            pictures += try await picture(reference, number: index + 1, context)
        }
        pictures.append(UInt8(ascii: "]"))
        let bytes = Array(frame[..<range.lowerBound]) + place + pictures + Array(frame[range.upperBound...])
        guard bytes.count <= bytesMax else {
            throw .notSent(
                .invalidRequest,
                "The pictures are too large together: the provider takes 64 MB in all, as base64, which is a third more than the files have."
            )
        }
        return bytes
    }

    /// A picture as a data URL, its media type in lower-case letters: others are refused.
    private static func picture(
        _ input: MediaInput,
        number: Int,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> [UInt8] {
        guard case .stored(let stored) = input, let type = MediaType(mime: stored.mediaType) else {
            throw .notSent(
                .invalidRequest,
                "A picture of the request was not stored before it was sent.",
                details: "an input in its posted form reached the adapter"
            )
        }
        let bytes = try await context.bytes(of: stored)
        try SeedreamPicture.check(bytes, number: number)
        return Array("\"data:\(type.rawValue);base64,".utf8) + Array(Data(bytes).base64EncodedData())
            + Array("\"".utf8)
    }
}

/// What the vendor takes as a picture: sides above 14 pixels, at most 36 megapixels, a shape of 1:16 to 16:1, 10 MB.
///
/// Source: the image API's page (docs.byteplus.com ModelArk 1541523) in copies of 2026; read on 2026-11-21. Checked here,
/// since a refusal of the vendor names neither the picture nor the limit.
enum SeedreamPicture {
    private static let bytesMax = 10_000_000
    private static let pixelsMax = 36_000_000
    private static let sideMin = 15

    static func check(_ bytes: [UInt8], number: Int) throws(ProviderFailure) {
        // That it is whole was seen when it was admitted.
        guard let size = try? MediaInspector.imageDimensions(bytes, pixelLimit: .max) else {
            throw .notSent(.invalidRequest, "Picture \(number) is none that can be read.")
        }
        let (width, height) = (size.width, size.height)
        let (short, long) = (min(width, height), max(width, height))
        guard short >= sideMin, long <= 16 * short, width * height <= pixelsMax else {
            throw .notSent(
                .invalidRequest,
                "Picture \(number) is \(width)x\(height); the provider takes sides above 14 pixels, at most 36 megapixels, and no side of more than 16 times the other."
            )
        }
        guard bytes.count <= bytesMax else {
            throw .notSent(
                .invalidRequest,
                "Picture \(number) has \(bytes.count) bytes; the provider takes at most 10 MB."
            )
        }
    }
}
