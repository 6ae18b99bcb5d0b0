import JobCore

/// The store has failed, and does not tell whether the job is admitted.
struct UnknownAdmission: Error {
    let job: JobID
    let cause: any Error
}

/// Requests without an idempotency key, whose repeats find their jobs by their connections (``PendingAnswers``).
extension JobService {
    /// Takes over the job that the request repeats; admits a new one when it repeats none.
    ///
    /// - Throws: What `submit` throws.
    func repeatOrAdmit(
        _ submission: JobSubmission,
        _ fingerprint: String,
        _ connection: ClientConnection,
        _ answer: (Job) throws -> String
    ) async throws -> SubmissionResult {
        let scope = PendingAnswers.Scope(keyHash: submission.key.hash, fingerprint: fingerprint)
        let former = submission.formerFingerprint.map {
            PendingAnswers.Scope(keyHash: submission.key.hash, fingerprint: $0)
        }
        while case .takesOver(let id) = await answers.claim(scope, former, over: connection, at: environment.now()) {
            if let view = try await takenOver(id, connection, submission.key) {
                // As after an admission: the job is there, and its client has no answer.
                await environment.pausing(.admitted)
                return .takenOver(view)
            }
        }
        do {
            let result = try await admit(submission, fingerprint, connection, answer)
            switch result {
            case .accepted(let job): answers.admitted(job.id, for: connection.request, in: scope)
            case .replayed, .takenOver: answers.refused(connection.request, in: scope)
            }
            return result
        } catch let unknown as UnknownAdmission {
            // The repeat looks again whether the job is there.
            answers.admitted(unknown.job, for: connection.request, in: scope)
            answers.withdrawn(connection.request)
            throw unknown.cause
        } catch {
            answers.refused(connection.request, in: scope)
            throw error
        }
    }

    /// The job that a repeat has taken over; nil when it is not there any more, or never was.
    private func takenOver(_ id: JobID, _ connection: ClientConnection, _ key: APIKey) async throws -> JobView? {
        do {
            if let view = try await job(id, workspace: key.workspace) { return view }
            answers.forget(connection.request)
            return nil
        } catch {
            answers.withdrawn(connection.request)
            throw error
        }
    }

    /// Hands an admission to the store, and looks what became of it when the store fails: the transaction may have been
    /// committed all the same, and its client is then told so.
    ///
    /// - Throws: What the store throws; `UnknownAdmission` when it cannot be asked either, and a repeat could find out.
    func admit(_ admission: Admission) async throws -> AdmissionOutcome {
        do {
            return try await store.admit(admission)
        } catch {
            let found: Job?
            do {
                found = try await store.job(admission.job.id)
            } catch _ {
                guard admission.awaitsAnswer else { throw error }
                throw UnknownAdmission(job: admission.job.id, cause: error)
            }
            guard let found else { throw error }
            return .admitted(found)
        }
    }
}
