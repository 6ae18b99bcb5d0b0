import Generation
import HTTPTypes
import Hummingbird
import JobCore
import JobEngine

/// The routes that speak and that listen.
struct AudioRoutes: Sendable {
    /// The longest file in a form, in bytes.
    private static let fileBytesMax: Int64 = 25 * 1_048_576

    let answers: SynchronousAnswers
    let authenticator: Authenticator
    let bodies: BodyReader
    let speech: SpeechRequestReader
    let transcriptions: TranscriptionRequestReader

    private var forms: MultipartReader {
        MultipartReader(
            bodies: bodies,
            artifacts: answers.writer.artifacts,
            requireRoom: answers.submitter.service.requireRoom
        )
    }
    private var transcripts: TranscriptionWire { TranscriptionWire(transcripts: answers.writer.transcripts) }

    func add(to routes: inout RouteTable) {
        routes.post("api/v1/audio/speech", .createSpeech) { request, context in try await speak(request, context) }
        routes.post("api/v1/audio/transcriptions", .createTranscription) { request, context in
            try await transcribe(request, context)
        }
    }

    // MARK: Speech

    private func speak(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        let submission = try speech.read(
            try await bodies.json(of: request),
            session: request.headers[.sessionID],
            key: key,
            idempotencyKey: try SubmissionReader.idempotencyKey(request.headers)
        )
        return try await answers.answer(submission, context, as: .sound)
    }

    // MARK: Transcription

    private func transcribe(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try await authenticator.key(of: request)
        let idempotencyKey = try SubmissionReader.idempotencyKey(request.headers)
        let session = request.headers[.sessionID]
        guard MultipartReader.isMultipart(request.headers) else {
            let submission = try transcriptions.read(
                try await bodies.json(of: request),
                session: session,
                key: key,
                idempotencyKey: idempotencyKey
            )
            return try await answers.answer(submission, context, as: transcripts.form)
        }
        let limits = MultipartLimits(fileBytesMax: Self.fileBytesMax, filesMax: 1)
        return try await forms.withForm(of: request, limits) { form in
            let submission = try transcriptions.read(
                try TranscriptionForm.fields(of: form),
                sound: try TranscriptionForm.sound(of: form),
                session: session,
                key: key,
                idempotencyKey: idempotencyKey
            )
            return try await answers.answer(submission, context, as: transcripts.form)
        }
    }
}
