import Generation
import JobCore
import JobEngine

/// How a dialect answers one kind of request that waits for its job.
///
/// The answer is that of the job's end, with the status that belongs to it. Where a job's media can be had before that,
/// `sound` and `preview` say what a client gets of them; the answer then begins with the first of them, and what the
/// job's end adds to it follows.
///
/// ```swift
/// let form = SynchronousForm(
///     filler: .spaces,
///     contentType: { _, _ in "application/json" },
///     completed: { ending in [.text("{\"image\":\""), .base64(ending.completed.artifacts[0]), .text("\"}")] },
///     failed: { error in error.body }
/// )
/// return try await answers.answer(submission, context, as: form)
/// ```
struct SynchronousForm: Sendable {
    /// What shows life in a body that has begun and has no news.
    enum Filler: Sendable {
        /// A space: for JSON whose first byte is not written.
        case spaces
        /// A comment: for server-sent events.
        case comments
        /// Nothing can: for sound and text.
        case nothing
    }

    /// A job that is completed.
    struct Ending: Sendable {
        /// The job.
        let job: Job
        /// What it made and cost.
        let completed: JobState.Completed
        /// Whether its sound was written already, to the end.
        let hasFlowed: Bool

        /// When it was completed, in seconds since 1970.
        var second: Int64 { (job.finishedAt ?? job.admitted.createdAt).milliseconds / 1_000 }
    }

    /// A picture on the way to an image.
    struct Preview: Sendable {
        /// Which one it is, from 0.
        let index: Int
        /// What it is.
        let mediaType: String
        let bytes: [UInt8]
    }

    /// What shows life once the head is written.
    let filler: Filler
    /// The answer's type: of what was made, if that is known, for the request as it was accepted.
    let contentType: @Sendable (_ made: String?, _ request: GenerationRequest) -> String
    /// What is written for the next bytes of the first sound that comes while the job runs; nil: nothing is.
    var sound: (@Sendable ([UInt8]) -> [UInt8])?
    /// What is written for a preview; nil: nothing is.
    var preview: (@Sendable (Preview) -> [UInt8])?
    /// What is written when the job is completed: all of it, or what follows upon its sound.
    let completed: @Sendable (Ending) async throws -> [AnswerPart]
    /// What is written of an error when the head is out; nil: the connection is cut, so that nobody takes what there is
    /// for the whole.
    var failed: (@Sendable (APIError) -> [UInt8])?

    /// Whether anything of a job can be seen before its end.
    var isLive: Bool { sound != nil || preview != nil }
}

extension SynchronousForm {
    /// The sound of a job as it is: flowing while it is made, else from the store.
    static let sound = SynchronousForm(
        filler: .nothing,
        contentType: { made, request in made ?? Self.mediaType(of: request) },
        sound: { $0 },
        completed: { ending in
            ending.hasFlowed ? [] : ending.completed.artifacts.prefix(1).map { AnswerPart.file($0) }
        }
    )

    /// What speech in the format of a request is, before there is any.
    private static func mediaType(of request: GenerationRequest) -> String {
        guard case .speech(let speech) = request.content else { return "application/octet-stream" }
        return switch speech.responseFormat {
        case "mp3": "audio/mpeg"
        case "opus": "audio/ogg"
        case let format?: "audio/\(format)"
        case nil: "audio/mpeg"
        }
    }
}
