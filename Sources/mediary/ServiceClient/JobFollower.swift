import Foundation
import Generation
import HTTPTransport
import JobCore
import JobEngine

/// Follows a job to its end, whatever happens to the connection meanwhile.
///
/// Each question waits at the service for the job's end, so that is seen at once, and in between the screen gets a
/// fresh picture. A service that does not answer is asked again: it may be restarting, and its jobs outlive that.
struct JobFollower {
    /// How long the service may be silent, in seconds.
    static let silenceMax = 300.0
    /// Questions come no faster than this, in seconds, even if the service does not wait.
    private static let pauseMin = 0.2

    let client: APIClient
    let environment: EngineEnvironment

    /// Follows a job.
    ///
    /// - Parameters:
    ///   - first: The job as it was last seen.
    ///   - since: When it began, on the clock of `bootSeconds`.
    ///   - screen: Where it is shown.
    /// - Returns: The job at its end.
    /// - Throws: `ClientFailure` when the service refuses, or is silent for too long.
    func follow(_ first: JSONValue, since: Double, on screen: JobScreen) async throws -> JSONValue {
        var job = first
        var silentSince: Double?
        while true {
            let standing = JobStanding(job)
            // Every answer is looked at: the id becomes a part of paths, of files' names and of what a terminal shows.
            guard JobID(standing.id) != nil, standing.id == JobStanding(first).id else {
                throw ClientFailure("The service's answer names no job.")
            }
            guard !standing.isOver else {
                screen.clear()
                return job
            }
            let now = environment.bootSeconds()
            screen.show(standing, seconds: now - since, isSilent: silentSince != nil)
            do {
                let wait = now - since < 10 ? "0.25" : "1"
                job = try await client.json(.get, "/api/v1/jobs/\(standing.id)?wait=\(wait)")
                silentSince = nil
                let took = environment.bootSeconds() - now
                if took < Self.pauseMin, !JobStanding(job).isOver { try await environment.sleep(Self.pauseMin - took) }
            } catch let failure as ClientFailure {
                screen.clear()
                guard failure.mayPass else { throw failure }
                silentSince = silentSince ?? now
                guard now - (silentSince ?? now) < Self.silenceMax else {
                    throw ClientFailure(
                        "\(failure) The job goes on by itself; look again with `mediary jobs watch \(standing.id)`."
                    )
                }
                try await environment.sleep(1)
            }
        }
    }
}
