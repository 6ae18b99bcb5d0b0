import ArgumentParser
import Foundation
import Generation
import JobEngine

/// What commands do when a job is over: save what it has made, say how it went, and end accordingly.
struct JobEnding {
    let client: APIClient
    let environment: EngineEnvironment
    /// Whether the job itself is printed, as JSON, instead of words about it.
    let json: Bool

    /// Follows a job to its end.
    ///
    /// - Parameters:
    ///   - job: The job as it was last seen.
    ///   - since: When it began, on the clock of `bootSeconds`.
    ///   - destination: Where its artifacts go; nil: nowhere.
    ///   - screen: Where its progress is shown.
    /// - Returns: What the command ends with.
    /// - Throws: `ClientFailure`.
    func wait(
        for job: JSONValue,
        since: Double,
        saving destination: Destination?,
        on screen: JobScreen
    ) async throws -> ExitCode {
        let follower = JobFollower(client: client, environment: environment)
        let job = try await follower.follow(job, since: since, on: screen)
        let code = Self.code(of: job)
        var saved: [ArtifactDownload.Saved] = []
        if code == .success, let destination {
            let download = ArtifactDownload(client: client, environment: environment)
            saved = try await download.save(job, to: destination) { screen.note($0) }
        }
        if json {
            print(job.canonicalText)
        } else if code == .success {
            for file in saved { print("\(file.path)  \(file.facts)") }
            print(Self.summary(of: job))
        }
        if code != .success { FileHandle.standardError.write(Data("Error: \(Self.summary(of: job))\n".utf8)) }
        return code
    }

    /// How a job went, in one line.
    static func summary(of job: JSONValue) -> String {
        let standing = JobStanding(job)
        let reason = job["error"]?["message"]?.stringValue.map { ": \($0)" } ?? ""
        let cost = job["usage"]?["cost"]?.stringValue.map { ", cost \(Output.money($0)) USD" } ?? ""
        return Output.plain("\(standing.id) \(standing.status)\(reason)\(cost)")
    }

    /// What a command ends with when a job ends so.
    static func code(of job: JSONValue) -> ExitCode {
        switch JobStanding(job).status {
        case "completed": .success
        case "cancelled": ExitCode(2)
        case "expired": ExitCode(3)
        case _: .failure
        }
    }

    /// Ends a command: as its job did, or after Ctrl-C with what becomes of the job.
    ///
    /// - Parameters:
    ///   - end: What the work came to; nil when it was interrupted.
    ///   - id: The job, if it was accepted by then.
    ///   - idempotencyKey: What it was submitted under, if the command did that.
    /// - Throws: The code, unless all went well.
    static func exit(_ end: ExitCode?, _ id: String?, idempotencyKey: String? = nil) throws {
        guard let end else {
            let words =
                id.map {
                    "\($0) goes on. See it with `mediary jobs watch \($0)`, stop it with `mediary jobs cancel \($0)`."
                }
                ?? "Interrupted before the service has answered; `mediary jobs list` shows whether it has the job."
                + (idempotencyKey.map { " The same command with --idempotency-key \($0) makes no second job." } ?? "")
            FileHandle.standardError.write(Data("\n\(words)\n".utf8))
            throw ExitCode(130)
        }
        guard end == .success else { throw end }
    }
}
