import JobCore
import JobEngine

/// The routes that clients written for OpenAI know, under the prefix that they know: `/v1`.
///
/// The words, statuses and forms are theirs; the jobs behind them are the same as everywhere, and are listed with all
/// others under `/api/v1/jobs`.
struct OpenAIRoutes: Sendable {
    let service: JobService
    let authenticator: Authenticator
    let bodies: BodyReader
    let artifacts: any ArtifactStore
    let files: ArtifactRoutes
    let links: SignedLinks
    let answers: SynchronousAnswers
    let address: PublicAddress
    let now: @Sendable () -> Timestamp

    func add(to routes: inout RouteTable) {
        let directory = DailyDirectory(service)
        let submitter = Submitter(service: service, refusal: { $0.response(in: .openAI) })
        let bodies = DialectBodies(
            json: bodies,
            multipart: MultipartReader(bodies: bodies, artifacts: artifacts, requireRoom: service.requireRoom)
        )
        OpenAIModelRoutes(directory: directory, authenticator: authenticator).add(to: &routes)
        OpenAIVideoRoutes(
            service: service,
            submitter: submitter,
            authenticator: authenticator,
            bodies: bodies,
            requests: OpenAIVideoReader(directory: directory),
            files: files
        ).add(to: &routes)
        let answers = answers.with(refusal: { $0.response(in: .openAI) })
        OpenAIImageRoutes(
            answers: answers,
            authenticator: authenticator,
            bodies: bodies,
            requests: OpenAIImageReader(directory: directory),
            links: links,
            address: address,
            now: now
        ).add(to: &routes)
        OpenAIAudioRoutes(
            answers: answers,
            authenticator: authenticator,
            bodies: bodies,
            speech: OpenAISpeechReader(directory: directory),
            transcriptions: OpenAITranscriptionReader(directory: directory)
        ).add(to: &routes)
    }
}
