import Generation
import ProviderKit

/// The bodies of `POST /images/generations` and `POST /images/edits`.
///
/// Sources: openai 3.54.0 on PyPI, `types/image_generate_params.py` and `image_edit_params.py`, read on 2026-11-21.
struct OpenAIImageBody {
    /// A file of an edit.
    struct File {
        let name: String
        let mediaType: String
        let bytes: [UInt8]
    }

    /// The files that are taken: the documents' png, webp and jpg.
    static let mediaTypes = ["image/png", "image/jpeg", "image/webp"]
    /// The formats that can be compressed.
    private static let lossyFormats = ["jpeg", "webp"]

    /// Everything but the files, in order.
    let fields: [(name: String, value: JSONValue)]
    /// Whether previews are asked for, and with them a stream.
    let isStream: Bool

    /// What is asked for, in the wire's own terms.
    ///
    /// The number, the size, the quality and the format decide the bill, and are always said: the vendor's own defaults
    /// are `auto`. With several images no stream is asked for, since its events do not say which image they belong to:
    /// fewer previews than were asked for may come in any case.
    init(_ image: ImageRequest, model: ModelCapabilities, options: OpenAIOptions) {
        let count = image.n ?? 1
        var fields: [(name: String, value: JSONValue)] = [
            ("model", .string(model.providerModel)), ("prompt", .string(image.prompt)), ("n", .integer(Int64(count))),
        ]
        if let size = image.size { fields.append(("size", .string(size.description))) }
        if let quality = image.quality { fields.append(("quality", .string(quality))) }
        if let background = image.background, background != "auto" {
            fields.append(("background", .string(background)))
        }
        let format = image.outputFormat ?? "png"
        fields.append(("output_format", .string(format)))
        if let compression = image.outputCompression, Self.lossyFormats.contains(format) {
            fields.append(("output_compression", .integer(Int64(compression))))
        }
        fields += options.fields
        isStream = count == 1 && image.partialImages ?? 0 > 0
        if isStream {
            fields.append(("stream", .bool(true)))
            fields.append(("partial_images", .integer(Int64(image.partialImages ?? 0))))
        }
        self.fields = fields
    }

    /// The body without files.
    var json: [String: JSONValue] { Dictionary(fields.map { ($0.name, $0.value) }) { $1 } }

    /// The body with files, in the form that the official SDK sends: one picture is `image`, several are `image[]`.
    ///
    /// Each part has a type of its own: without one it is refused.
    func form(_ pictures: [File], mask: File?, boundary: String) -> MultipartBody {
        var form = MultipartBody(boundary: boundary)
        for field in fields { form.add(field.name, field.value.stringValue ?? field.value.canonicalText) }
        for picture in pictures {
            form.add(
                pictures.count == 1 ? "image" : "image[]",
                fileName: picture.name,
                mediaType: picture.mediaType,
                picture.bytes
            )
        }
        if let mask { form.add("mask", fileName: mask.name, mediaType: mask.mediaType, mask.bytes) }
        return form
    }
}
