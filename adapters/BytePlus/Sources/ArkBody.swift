import Foundation
import Generation
import MediaInspection
import ProviderKit

/// The body of a create request.
///
/// Source: `resources/content_generation/tasks.py` and `types/content_generation/create_task_content_param.py` of the
/// official byteplus-python-sdk-v2 3.0.63, and the parameter page (docs.byteplus.com ModelArk 1520757); read on
/// 2026-11-21. The SDK sends fields that are not set as null; here they are left out, which means the same.
enum ArkBody {
    /// The vendor's limit on a body is 64 MB; whichever megabyte is meant, this many bytes are within it.
    private static let bytesMax = 64_000_000

    /// The whole body, byte for byte the same for the same attempt.
    ///
    /// - Throws: Unsent failures for pictures that the vendor would refuse.
    static func bytes(
        of request: GenerationRequest,
        _ video: VideoRequest,
        _ model: ModelCapabilities?,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> [UInt8] {
        let family = ArkFamily(of: model)
        let options: ArkOptions
        do {
            options = try ArkOptions(of: request, family)
        } catch {
            throw .notSent(.invalidRequest, error.message)
        }
        var fields = options.fields
        fields["model"] = .string(model?.providerModel ?? request.model)
        // Filled in below: pictures are megabytes of base64, which no JSON writer needs to look at.
        fields["content"] = ""
        fields["resolution"] = video.resolution.map(JSONValue.string)
        fields["ratio"] = ratio(of: video, family).map(JSONValue.string)
        fields["duration"] = video.duration.map { .integer(Int64($0)) }
        if family.takesAudio { fields["generate_audio"] = video.generateAudio.map(JSONValue.bool) }
        fields["callback_url"] = context.callbackURL.map(JSONValue.string)
        let token = ArkToken(of: context.reference, video, options, family)
        fields["safety_identifier"] = .string(token.safetyIdentifier)
        fields["seed"] = token.seed.map(JSONValue.integer)
        let frame = JSONValue.object(fields).canonicalText.utf8
        let place = Array("\"content\":".utf8)
        guard let range = frame.firstRange(of: place + Array("\"\"".utf8)) else {
            preconditionFailure("the field was just written, and inside of texts quotation marks are escaped")
        }
        let content = try await content(of: video, context)
        let bytes = Array(frame[..<range.lowerBound]) + place + content + Array(frame[range.upperBound...])
        guard bytes.count <= bytesMax else {
            throw .notSent(
                .invalidRequest,
                "The pictures are too large together: the provider takes 64 MB in all, as base64, which is a third more than the files have."
            )
        }
        return bytes
    }

    /// The ratio as it is asked for.
    ///
    /// Where none can be chosen the 1.0 series wants the word for it, and 2.5 refuses every word.
    private static func ratio(of video: VideoRequest, _ family: ArkFamily) -> String? {
        if let ratio = video.aspectRatio { return ratio }
        return family == .v10 ? ArkSizes.adaptive : nil
    }

    /// The array of `content`, its members in the order of their names like all others.
    private static func content(
        of video: VideoRequest,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> [UInt8] {
        let text: JSONValue = ["type": "text", "text": .string(video.prompt)]
        var bytes = Array("[\(text.canonicalText)".utf8)
        for frame in video.frameImages.sorted(by: { $0.role < $1.role }) {
            bytes += try await picture(frame.image, role: frame.role.rawValue, context)
        }
        for reference in video.inputReferences {
            bytes += try await picture(reference, role: "reference_image", context)
        }
        // By URL alone: the vendor refuses base64 for videos, and fetches both itself.
        for reference in video.mediaReferences {
            let role =
                switch reference.kind {
                case .video: "reference_video"
                case .audio: "reference_audio"
                }
            let item: JSONValue = .object([
                "type": .string(reference.kind.rawValue), "role": .string(role),
                reference.kind.rawValue: ["url": .string(reference.url)],
            ])
            bytes += Array(",\(item.canonicalText)".utf8)
        }
        return bytes + Array("]".utf8)
    }

    /// A picture as a data URL; the vendor's words for roles are the house's own, but for references.
    private static func picture(
        _ input: MediaInput,
        role: String,
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
        try ArkPicture.check(bytes, role: role)
        return Array(",{\"image_url\":{\"url\":\"data:\(type.rawValue);base64,".utf8)
            + Array(Data(bytes).base64EncodedData()) + Array("\"},\"role\":\"\(role)\",\"type\":\"image_url\"}".utf8)
    }
}

/// What the vendor takes as a picture: sides of 300 to 6,000 pixels, a shape of 0.4 to 2.5, less than 30 MB.
///
/// Source: the parameter page, `content.image_url.url`; read on 2026-11-21. Checked here, since a refusal of the vendor
/// names neither the picture nor the limit.
enum ArkPicture {
    private static let sides = 300...6_000
    private static let bytesMax = 30_000_000

    static func check(_ bytes: [UInt8], role: String) throws(ProviderFailure) {
        // That it is whole was seen when it was admitted.
        guard let size = try? MediaInspector.imageDimensions(bytes, pixelLimit: .max) else {
            throw .notSent(.invalidRequest, "A picture (\(role)) is none that can be read.")
        }
        let (width, height) = (size.width, size.height)
        // 0.4 to 2.5, without fractions.
        let isInShape = width * 5 >= height * 2 && width * 2 <= height * 5
        guard sides.contains(width), sides.contains(height), isInShape else {
            throw .notSent(
                .invalidRequest,
                "A picture (\(role)) is \(width)x\(height); the provider takes sides of 300 to 6000 pixels and a width of 0.4 to 2.5 times the height."
            )
        }
        guard bytes.count < bytesMax else {
            throw .notSent(
                .invalidRequest,
                "A picture (\(role)) has \(bytes.count) bytes; the provider takes less than 30 MB."
            )
        }
    }
}
