import Foundation
import Generation
import MediaInspection
import ProviderKit

/// The body of a request for a video.
///
/// Sources: the create pages of both interfaces (platform.minimax.io, api-reference video-generation-t2v, -i2v and
/// video-generation-v2-create, through litellm 1.109.1 `llms/minimax/videos` and docs.comfy.org); read on 2026-11-22.
enum MiniMaxBody {
    /// The longest body; no limit is published, and this many bytes are what one request may carry here at all.
    private static let bytesMax = 66_000_000

    /// The whole body, byte for byte the same for the same request.
    ///
    /// - Throws: Unsent failures for pictures that the vendor would refuse.
    static func bytes(
        of request: GenerationRequest,
        _ video: VideoRequest,
        _ model: ModelCapabilities?,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> [UInt8] {
        let family = MiniMaxFamily(of: model)
        var fields: [String: JSONValue]
        do {
            fields = try MiniMaxOptions(of: request, family).fields
        } catch {
            throw .notSent(.invalidRequest, error.message)
        }
        fields["model"] = .string(model?.providerModel ?? request.model)
        fields["resolution"] = video.resolution.map { .string($0.uppercased()) }
        fields["duration"] = video.duration.map { .integer(Int64($0)) }
        switch family {
        case .hailuo:
            fields["prompt"] = .string(video.prompt)
            for frame in video.frameImages {
                let name =
                    switch frame.role {
                    case .first: "first_frame_image"
                    case .last: "last_frame_image"
                    }
                fields[name] = .string(try await dataURL(frame.image, name, family, context))
            }
        case .h3:
            // With frames the vendor takes no other word, and without pictures not this one.
            fields["ratio"] = .string(video.aspectRatio ?? MiniMaxSizes.adaptive)
            fields["content"] = .array(try await content(of: video, context))
        }
        let bytes = Array(JSONValue.object(fields).canonicalText.utf8)
        guard bytes.count <= bytesMax else {
            throw .notSent(
                .invalidRequest,
                "The pictures are too large together: at most 48 MB are sent in one request."
            )
        }
        return bytes
    }

    /// The items of `content`: the text, then frames or references in their order.
    private static func content(
        of video: VideoRequest,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> [JSONValue] {
        var items: [JSONValue] = [["type": "text", "text": .string(video.prompt)]]
        for frame in video.frameImages.sorted(by: { $0.role < $1.role }) {
            items.append(try await picture(frame.image, role: frame.role.rawValue, context))
        }
        for reference in video.inputReferences {
            items.append(try await picture(reference, role: "reference_image", context))
        }
        // By URL: the vendor fetches both itself.
        for reference in video.mediaReferences {
            let role =
                switch reference.kind {
                case .video: "reference_video"
                case .audio: "reference_audio"
                }
            items.append(
                .object([
                    "type": .string(reference.kind.rawValue), "role": .string(role),
                    reference.kind.rawValue: ["url": .string(reference.url)],
                ])
            )
        }
        return items
    }

    private static func picture(
        _ input: MediaInput,
        role: String,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> JSONValue {
        [
            "type": "image_url", "role": .string(role),
            "image_url": ["url": .string(try await dataURL(input, role, .h3, context))],
        ]
    }

    /// A picture as a data URL.
    private static func dataURL(
        _ input: MediaInput,
        _ role: String,
        _ family: MiniMaxFamily,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> String {
        guard case .stored(let stored) = input, let type = MediaType(mime: stored.mediaType) else {
            throw .notSent(
                .invalidRequest,
                "A picture of the request was not stored before it was sent.",
                details: "an input in its posted form reached the adapter"
            )
        }
        guard [.png, .jpeg, .webp].contains(type) else {
            throw .notSent(.invalidRequest, "A picture (\(role)) is \(stored.mediaType); JPEG, PNG and WebP are taken.")
        }
        let bytes = try await context.bytes(of: stored)
        try check(bytes, role, family)
        return "data:\(type.rawValue);base64,\(Data(bytes).base64EncodedString())"
    }

    /// Checked here, since a refusal of the vendor names neither the picture nor the limit.
    private static func check(
        _ bytes: [UInt8],
        _ role: String,
        _ family: MiniMaxFamily
    ) throws(ProviderFailure) {
        guard let size = try? MediaInspector.imageDimensions(bytes, pixelLimit: .max) else {
            throw .notSent(.invalidRequest, "A picture (\(role)) is none that can be read.")
        }
        let (width, height) = (size.width, size.height)
        let isInShape = width * 5 >= height * 2 && width * 2 <= height * 5
        guard min(width, height) >= family.shortestSide, isInShape else {
            throw .notSent(
                .invalidRequest,
                "A picture (\(role)) is \(width)x\(height); the provider takes sides of at least \(family.shortestSide) pixels and a width of 0.4 to 2.5 times the height."
            )
        }
        guard bytes.count < MiniMaxFamily.pictureBytesMax else {
            throw .notSent(
                .invalidRequest,
                "A picture (\(role)) has \(bytes.count) bytes; the provider takes less than 20 MB."
            )
        }
    }
}
