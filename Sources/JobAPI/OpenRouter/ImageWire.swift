import Generation
import JobCore
import JobEngine

/// Writes a job's images in OpenRouter's words: always in base64, read from the store while they are written.
struct ImageWire: Sendable {
    /// The buffered answer.
    static let buffered = SynchronousForm(
        filler: .spaces,
        contentType: { _, _ in "application/json" },
        completed: { ending in parts(of: ending) },
        failed: { $0.body }
    )

    /// The stream of events: previews as they come, then each image, then the end.
    static let streamed: SynchronousForm = {
        var form = SynchronousForm(
            filler: .comments,
            contentType: { _, _ in "text/event-stream" },
            completed: { ending in events(of: ending) },
            failed: { error in event(of: error) }
        )
        form.preview = { preview in event(of: preview) }
        return form
    }()

    // MARK: JSON

    private static func parts(of ending: SynchronousForm.Ending) -> [AnswerPart] {
        var parts: [AnswerPart] = []
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        json.key("created")
        json.integer(ending.second)
        json.key("data")
        parts.append(.text(json.text + "["))
        for (index, artifact) in ending.completed.artifacts.enumerated() {
            parts.append(.text(index == 0 ? "{\"b64_json\":\"" : ",{\"b64_json\":\""))
            parts.append(.base64(artifact))
            parts.append(.text("\",\"media_type\":\(JSONValue.quoted(artifact.mediaType))}"))
        }
        var rest = JSONWriter(capacity: 256)
        rest.beginObject()
        rest.key("usage")
        BilledUsage(ending.completed.bill, of: ending.job.admitted).writeImages(to: &rest)
        if !ending.job.adjustments.isEmpty {
            rest.key("adjustments")
            JobWire.write(ending.job.adjustments, to: &rest)
        }
        rest.endObject()
        // The members follow those before them: a comma takes the place of the brace.
        parts.append(.text("]," + rest.text.dropFirst()))
        return parts
    }

    // MARK: Events

    private static func events(of ending: SynchronousForm.Ending) -> [AnswerPart] {
        var parts: [AnswerPart] = []
        for (index, artifact) in ending.completed.artifacts.enumerated() {
            parts.append(.text("data: {\"type\":\"image_generation.completed\",\"b64_json\":\""))
            parts.append(.base64(artifact))
            var rest = JSONWriter(capacity: 256)
            rest.beginObject()
            rest.key("created")
            rest.integer(ending.second)
            rest.key("media_type")
            rest.string(artifact.mediaType)
            if index == ending.completed.artifacts.count - 1 {
                rest.key("usage")
                BilledUsage(ending.completed.bill, of: ending.job.admitted).writeImages(to: &rest)
            }
            rest.endObject()
            parts.append(.text("\"," + rest.text.dropFirst() + "\n\n"))
        }
        parts.append(.text("data: [DONE]\n\n"))
        return parts
    }

    private static func event(of preview: SynchronousForm.Preview) -> [UInt8] {
        var json = JSONWriter(capacity: 128)
        json.beginObject()
        json.key("type")
        json.word("image_generation.partial_image")
        json.key("partial_image_index")
        json.integer(preview.index)
        json.key("media_type")
        json.string(preview.mediaType)
        json.key("b64_json")
        var event = Array("data: ".utf8) + json.bytes
        event.append(UInt8(ascii: "\""))
        event += Base64Encoder.text(preview.bytes)
        event += Array("\"}\n\n".utf8)
        return event
    }

    /// In a stream the codes of errors are words.
    private static func event(of error: APIError) -> [UInt8] {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        json.key("type")
        json.word("error")
        json.key("error")
        json.beginObject()
        json.key("message")
        json.string(error.message)
        json.key("code")
        json.string(error.reason)
        json.key("type")
        json.string(error.type.rawValue)
        json.key("param")
        json.string(error.param)
        json.endObject()
        json.endObject()
        return Array("data: ".utf8) + json.bytes + Array("\n\ndata: [DONE]\n\n".utf8)
    }
}
