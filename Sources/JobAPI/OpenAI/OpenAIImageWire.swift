import Generation
import JobCore
import JobEngine
import MediaInspection

/// Writes a job's images as OpenAI's clients read them, from the store while they are written.
struct OpenAIImageWire: Sendable {
    /// What was asked for.
    let reading: OpenAIImageReader.Reading
    /// What links to images are made with.
    let links: SignedLinks
    let address: PublicAddress
    let now: @Sendable () -> Timestamp

    /// The form of the answer.
    var form: SynchronousForm { reading.isStream ? streamed : buffered }

    private var buffered: SynchronousForm {
        SynchronousForm(
            filler: .spaces,
            contentType: { _, _ in "application/json" },
            completed: { ending in parts(of: ending) },
            failed: { $0.openAIBody }
        )
    }

    private var streamed: SynchronousForm {
        var form = SynchronousForm(
            filler: .comments,
            contentType: { _, _ in "text/event-stream" },
            completed: { ending in events(of: ending) },
            failed: { OpenAIEvents.event(of: $0) }
        )
        form.preview = { preview in event(of: preview) }
        return form
    }

    // MARK: JSON

    private func parts(of ending: SynchronousForm.Ending) -> [AnswerPart] {
        var parts: [AnswerPart] = []
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        json.key("created")
        json.integer(ending.second)
        write(traits(of: ending), to: &json)
        if OpenAIUsage(ending.completed.bill).isByTokens {
            json.key("usage")
            OpenAIUsage(ending.completed.bill).writeImages(to: &json)
        }
        if !ending.job.adjustments.isEmpty {
            json.key("adjustments")
            JobWire.write(ending.job.adjustments, to: &json)
        }
        json.key("data")
        parts.append(.text(json.text + "["))
        for (index, artifact) in ending.completed.artifacts.enumerated() {
            if index > 0 { parts.append(.text(",")) }
            switch reading.responseFormat {
            case .base64: parts += [.text("{\"b64_json\":\""), .base64(artifact), .text("\"}")]
            case .url:
                let url = links.url(of: artifact.index, of: ending.job.id, address.wire)
                parts.append(.text("{\"url\":\(JSONValue.quoted(url))}"))
            }
        }
        parts.append(.text("]}"))
        return parts
    }

    // MARK: Events

    private var kind: String { reading.isEdit ? "image_edit" : "image_generation" }

    private func events(of ending: SynchronousForm.Ending) -> [AnswerPart] {
        var parts: [AnswerPart] = []
        for (index, artifact) in ending.completed.artifacts.enumerated() {
            var json = JSONWriter(capacity: 256)
            json.beginObject()
            json.key("type")
            json.string("\(kind).completed")
            json.key("created_at")
            json.integer(ending.second)
            write(traits(of: ending), to: &json)
            // Of the whole job, so it stands once.
            if index == ending.completed.artifacts.count - 1, OpenAIUsage(ending.completed.bill).isByTokens {
                json.key("usage")
                OpenAIUsage(ending.completed.bill).writeImages(to: &json)
            }
            json.key("b64_json")
            parts.append(.text("event: \(kind).completed\ndata: \(json.text)\""))
            parts += [.base64(artifact), .text("\"}\n\n")]
        }
        return parts
    }

    private func event(of preview: SynchronousForm.Preview) -> [UInt8] {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        json.key("type")
        json.string("\(kind).partial_image")
        json.key("partial_image_index")
        json.integer(preview.index)
        json.key("created_at")
        json.integer(now().milliseconds / 1_000)
        guard case .image(let image) = reading.submission.request.content else { return [] }
        write(Traits(image, mediaType: preview.mediaType), to: &json)
        json.key("b64_json")
        return Array("event: \(kind).partial_image\ndata: \(json.text)\"".utf8) + Base64Encoder.text(preview.bytes)
            + Array("\"}\n\n".utf8)
    }

    // MARK: Traits

    /// What is told of images besides themselves.
    private struct Traits {
        let background: String
        let format: String
        let quality: String
        let size: String

        init(_ image: ImageRequest, mediaType: String?, width: Int? = nil, height: Int? = nil) {
            background = image.background ?? "auto"
            let made = mediaType.flatMap { MediaType(rawValue: $0) }.map { $0 == .jpeg ? "jpeg" : $0.fileExtension }
            format = made ?? image.outputFormat ?? "png"
            quality = image.quality ?? "auto"
            let measured = width.flatMap { width in height.map { PixelSize(width: width, height: $0) } }
            size = (measured ?? image.size)?.description ?? "auto"
        }
    }

    /// What the images turned out to be.
    private func traits(of ending: SynchronousForm.Ending) -> Traits? {
        guard case .image(let image) = ending.job.admitted.request.content else { return nil }
        let first = ending.completed.artifacts.first
        return Traits(image, mediaType: first?.mediaType, width: first?.width, height: first?.height)
    }

    private func write(_ traits: Traits?, to json: inout JSONWriter) {
        guard let traits else { return }
        json.key("background")
        json.string(traits.background)
        json.key("output_format")
        json.string(traits.format)
        json.key("quality")
        json.string(traits.quality)
        json.key("size")
        json.string(traits.size)
    }
}

/// What the streams of this dialect share.
enum OpenAIEvents {
    /// One event whose data is an object; its name is the object's `type`.
    static func event(_ type: StaticString, _ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        json.key("type")
        json.word(type)
        write(&json)
        json.endObject()
        return Array("event: \(type)\ndata: ".utf8) + json.bytes + Array("\n\n".utf8)
    }

    /// An error in a stream that has begun: the SDK raises it.
    static func event(of error: APIError) -> [UInt8] {
        event("error") { json in
            json.key("error")
            error.writeOpenAI(to: &json)
        }
    }
}
