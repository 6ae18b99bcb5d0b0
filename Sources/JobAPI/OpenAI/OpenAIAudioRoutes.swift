import HTTPTypes
import Hummingbird
import JobCore
import JobEngine

/// The routes that speak and that listen.
struct OpenAIAudioRoutes: Sendable {
    let answers: SynchronousAnswers
    let authenticator: Authenticator
    let bodies: DialectBodies
    let speech: OpenAISpeechReader
    let transcriptions: OpenAITranscriptionReader

    func add(to routes: inout RouteTable) {
        routes.post("v1/audio/speech", .createOpenAISpeech) { request, context in try await speak(request, context) }
        routes.post("v1/audio/transcriptions", .createOpenAITranscription) { request, context in
            try await transcribe(request, context)
        }
    }

    private func speak(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        let reading = try speech.read(
            try await bodies.json.json(of: request),
            key: key,
            idempotencyKey: try SubmissionReader.idempotencyKey(request.headers)
        )
        let form = reading.streamFormat == .audio ? SynchronousForm.sound : OpenAISpeechWire.events
        return try await answers.answer(reading.submission, context, as: form)
    }

    private func transcribe(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        let idempotencyKey = try SubmissionReader.idempotencyKey(request.headers)
        let form = OpenAITranscriptionReader.form
        return try await bodies.multipart.withForm(of: request, form.limits) { sent in
            let reading = try transcriptions.read(
                try sent.object(form.types),
                sent,
                key: key,
                idempotencyKey: idempotencyKey
            )
            let wire = OpenAITranscriptWire(reading: reading, transcripts: answers.writer.transcripts)
            return try await OpenAITranscriptionReader.names.speaking {
                try await answers.answer(reading.submission, context, as: wire.form)
            }
        }
    }
}

/// Writes speech as events: sound in base64 as it comes, then the end.
enum OpenAISpeechWire {
    static let events: SynchronousForm = {
        var form = SynchronousForm(
            filler: .comments,
            contentType: { _, _ in "text/event-stream" },
            completed: { ending in
                let end = done(ending)
                guard !ending.hasFlowed, let sound = ending.completed.artifacts.first else { return [end] }
                return [.chunks(sound, delta), end]
            },
            failed: { OpenAIEvents.event(of: $0) }
        )
        form.sound = { delta($0) }
        return form
    }()

    private static func delta(_ bytes: [UInt8]) -> [UInt8] {
        // Base64 needs no escaping.
        Array("event: speech.audio.delta\ndata: {\"type\":\"speech.audio.delta\",\"audio\":\"".utf8)
            + Base64Encoder.text(bytes) + Array("\"}\n\n".utf8)
    }

    private static func done(_ ending: SynchronousForm.Ending) -> AnswerPart {
        .bytes(
            OpenAIEvents.event("speech.audio.done") { json in
                json.key("usage")
                OpenAIUsage(ending.completed.bill).writeSpeech(to: &json)
            }
        )
    }
}
