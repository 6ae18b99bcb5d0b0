import HTTPTransport
import JobEngine

/// The routes that clients written for OpenRouter know, under the prefix that they know: `/api/v1`.
///
/// The words, statuses and forms are theirs; the jobs behind them are the same as everywhere, and are listed with all
/// others under `/api/v1/jobs`.
struct OpenRouterRoutes: Sendable {
    let service: JobService
    let accounts: AccountService
    let authenticator: Authenticator
    let bodies: BodyReader
    let files: ArtifactRoutes
    /// Answers those who wait for their jobs.
    let answers: SynchronousAnswers
    /// Networks besides the public one that a callback may lead to.
    let allowNetworks: [NetworkRange]
    let address: PublicAddress

    func add(to routes: inout RouteTable) {
        let directory = DailyDirectory(service)
        VideoRoutes(
            service: service,
            submitter: Submitter(service: service),
            authenticator: authenticator,
            bodies: bodies,
            requests: VideoRequestReader(directory: directory, allowNetworks: allowNetworks),
            files: files,
            address: address
        ).add(to: &routes)
        ImageRoutes(
            answers: answers,
            authenticator: authenticator,
            bodies: bodies,
            requests: ImageRequestReader(directory: directory)
        ).add(to: &routes)
        AudioRoutes(
            answers: answers,
            authenticator: authenticator,
            bodies: bodies,
            speech: SpeechRequestReader(directory: directory),
            transcriptions: TranscriptionRequestReader(directory: directory)
        ).add(to: &routes)
        ModelRoutes(directory: directory, authenticator: authenticator).add(to: &routes)
        CreditRoutes(accounts: accounts, authenticator: authenticator, freeModels: service.freeModels).add(to: &routes)
        UsageRoutes(service: service, accounts: accounts, authenticator: authenticator).add(to: &routes)
        AnalyticsRoutes(accounts: accounts, authenticator: authenticator, bodies: bodies).add(to: &routes)
    }
}
