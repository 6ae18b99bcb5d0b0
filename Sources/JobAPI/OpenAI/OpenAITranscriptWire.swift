import Generation
import HTTPTypes
import JobCore
import JobEngine

/// Writes a transcript in the form that was asked for.
struct OpenAITranscriptWire: Sendable {
    let reading: OpenAITranscriptionReader.Reading
    let transcripts: TranscriptFiles

    /// The form of the answer.
    var form: SynchronousForm {
        if reading.isStream {
            return SynchronousForm(
                filler: .comments,
                contentType: { _, _ in "text/event-stream" },
                completed: { ending in
                    [
                        .bytes(
                            try await transcripts.answer(of: ending.completed.artifacts.first) {
                                events(of: $0, ending)
                            }
                        )
                    ]
                },
                failed: { OpenAIEvents.event(of: $0) }
            )
        }
        switch reading.responseFormat {
        // The job has made it in that very form.
        case .text, .srt, .vtt:
            return SynchronousForm(
                filler: .nothing,
                contentType: { _, _ in "text/plain; charset=utf-8" },
                completed: { ending in ending.completed.artifacts.prefix(1).map { AnswerPart.file($0) } }
            )
        case .json, .verboseJSON, .diarizedJSON:
            return SynchronousForm(
                filler: .spaces,
                contentType: { _, _ in "application/json" },
                completed: { ending in
                    [
                        .bytes(
                            try await transcripts.answer(of: ending.completed.artifacts.first) { body(of: $0, ending) }
                        )
                    ]
                },
                failed: { $0.openAIBody }
            )
        }
    }

    // MARK: JSON

    private func body(of transcript: JSONValue, _ ending: SynchronousForm.Ending) -> [UInt8] {
        var json = JSONWriter(capacity: 1_024)
        json.beginObject()
        switch reading.responseFormat {
        case .json, .text, .srt, .vtt: break
        case .verboseJSON, .diarizedJSON: writeDetails(of: transcript, to: &json)
        }
        writeEnd(of: transcript, ending, to: &json)
        if !ending.job.adjustments.isEmpty {
            json.key("adjustments")
            JobWire.write(ending.job.adjustments, to: &json)
        }
        json.endObject()
        return json.bytes
    }

    private func writeEnd(
        of transcript: JSONValue,
        _ ending: SynchronousForm.Ending,
        to json: inout JSONWriter
    ) {
        json.key("text")
        json.string(transcript["text"]?.stringValue ?? "")
        json.key("usage")
        OpenAIUsage(ending.completed.bill).writeTranscription(of: Self.length(of: ending, transcript), to: &json)
    }

    /// Of the times those that were asked for: of segments, when nothing was said.
    private func writeDetails(of transcript: JSONValue, to json: inout JSONWriter) {
        json.key("task")
        json.word("transcribe")
        json.key("language")
        json.value(transcript["language"] ?? .null)
        json.key("duration")
        json.value(transcript["duration"] ?? .null)
        let isDiarized = reading.responseFormat == .diarizedJSON
        if reading.granularities.isEmpty || reading.granularities.contains(.segment) {
            json.key("segments")
            json.beginArray()
            for (index, segment) in Self.elements("segments", of: transcript).enumerated() {
                json.value(isDiarized ? Self.diarized(segment, index) : segment)
            }
            json.endArray()
        }
        if reading.granularities.contains(.word) {
            json.key("words")
            json.value(.array(Self.elements("words", of: transcript)))
        }
    }

    private static func diarized(_ segment: JSONValue, _ index: Int) -> JSONValue {
        guard case .object(var members) = segment else { return segment }
        members["type"] = "transcript.text.segment"
        members["id"] = .string("seg_\(index)")
        return .object(members)
    }

    // MARK: Events

    /// The text in the pieces that it was heard in, then the whole.
    private func events(of transcript: JSONValue, _ ending: SynchronousForm.Ending) -> [UInt8] {
        let text = transcript["text"]?.stringValue ?? ""
        var events = OpenAIEvents.event("transcript.text.delta") { json in
            json.key("delta")
            json.string(text)
        }
        if reading.responseFormat == .diarizedJSON {
            for (index, segment) in Self.elements("segments", of: transcript).enumerated() {
                guard case .object(var members) = Self.diarized(segment, index) else { continue }
                members["type"] = nil
                events += OpenAIEvents.event("transcript.text.segment") { json in
                    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                        json.key(escaping: name)
                        json.value(value)
                    }
                }
            }
        }
        events += OpenAIEvents.event("transcript.text.done") { json in
            writeEnd(of: transcript, ending, to: &json)
        }
        return events
    }

    // MARK: Reading

    private static func length(of ending: SynchronousForm.Ending, _ transcript: JSONValue) -> Int64? {
        if case .transcription(let request) = ending.job.admitted.request.content,
            case .stored(let sound) = request.inputAudio, let milliseconds = sound.milliseconds
        {
            return milliseconds
        }
        switch transcript["duration"] {
        case .integer(let seconds)?: return seconds * 1_000
        case .number(let seconds)?: return Int64(min(max(seconds, 0), 1e9) * 1_000)
        case .null?, .bool?, .string?, .array?, .object?, nil: return nil
        }
    }

    private static func elements(_ name: String, of transcript: JSONValue) -> [JSONValue] {
        guard case .array(let elements)? = transcript[name] else { return [] }
        return elements
    }
}
