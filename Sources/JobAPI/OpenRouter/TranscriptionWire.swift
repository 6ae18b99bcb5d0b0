import Generation
import HTTPTypes
import JobCore
import JobEngine

/// Writes a transcript in OpenRouter's words.
struct TranscriptionWire: Sendable {
    let transcripts: TranscriptFiles

    var form: SynchronousForm {
        SynchronousForm(
            filler: .spaces,
            contentType: { _, _ in "application/json" },
            completed: { ending in [.bytes(try await body(of: ending))] },
            failed: { $0.body }
        )
    }

    private func body(of ending: SynchronousForm.Ending) async throws -> [UInt8] {
        guard case .transcription(let request) = ending.job.admitted.request.content,
            let artifact = ending.completed.artifacts.first
        else { throw APIError.unexpected }
        return try await transcripts.answer(of: artifact) { transcript in
            var json = JSONWriter(capacity: Int(artifact.bytes) + 256)
            json.beginObject()
            json.key("text")
            json.string(transcript["text"]?.stringValue ?? "")
            if request.responseFormat == TranscriptionRequestReader.Format.verboseJSON.rawValue {
                Self.writeDetails(of: transcript, request, to: &json)
            }
            json.key("usage")
            BilledUsage(ending.completed.bill, of: ending.job.admitted).writeTranscription(
                of: Self.length(of: request),
                to: &json
            )
            if !ending.job.adjustments.isEmpty {
                json.key("adjustments")
                JobWire.write(ending.job.adjustments, to: &json)
            }
            json.endObject()
            return json.bytes
        }
    }

    private static func length(of request: TranscriptionRequest) -> Int64? {
        guard case .stored(let sound) = request.inputAudio else { return nil }
        return sound.milliseconds
    }

    // MARK: Details

    private static func writeDetails(
        of transcript: JSONValue,
        _ request: TranscriptionRequest,
        to json: inout JSONWriter
    ) {
        json.key("task")
        json.word("transcribe")
        for (name, key) in [("language", "language"), ("duration", "duration")] as [(String, StaticString)] {
            guard let value = transcript[name] else { continue }
            json.key(key)
            json.value(value)
        }
        var speakers = Speakers()
        json.key("segments")
        json.beginArray()
        for segment in elements("segments", of: transcript) { json.value(speakers.numbered(segment)) }
        json.endArray()
        let words = elements("words", of: transcript)
        guard request.timestampGranularities.contains(.word), !words.isEmpty else { return }
        json.key("words")
        json.beginArray()
        for word in words { json.value(speakers.numbered(word)) }
        json.endArray()
    }

    private static func elements(_ name: String, of transcript: JSONValue) -> [JSONValue] {
        guard case .array(let elements)? = transcript[name] else { return [] }
        return elements
    }
}

/// Speakers by numbers, as this dialect has them, in the order in which they first speak; their names are labels.
private struct Speakers {
    private var numbers: [String: Int64] = [:]

    mutating func numbered(_ part: JSONValue) -> JSONValue {
        guard case .object(var members) = part, let name = members["speaker"]?.stringValue else { return part }
        let number = numbers[name] ?? Int64(numbers.count)
        numbers[name] = number
        members["speaker"] = .integer(number)
        members["speaker_label"] = .string(name)
        return .object(members)
    }
}
