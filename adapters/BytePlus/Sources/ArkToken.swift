import Cryptography
import Generation
import ProviderKit

/// By what a task is known as an attempt's own when the answer to its create was lost.
///
/// The vendor takes no idempotency key, but repeats what it was given in every task object: `safety_identifier`, and of
/// models that take one the seed (`types/content_generation/content_generation_task.py`, byteplus-python-sdk-v2 3.0.63,
/// 2026-11-21; the answer to a create and every item of the list are of that type or repeat it). So each attempt is given
/// an identifier of its own, unless the client names its end user by it; and where the client chose no seed, one of its
/// own as well.
struct ArkToken {
    /// What is sent as `safety_identifier`.
    let safetyIdentifier: String
    /// What is sent as `seed`; nil for none.
    let seed: Int64?

    private let isOwnIdentifier: Bool
    private let isOwnSeed: Bool

    init(of attempt: AttemptReference, _ video: VideoRequest, _ options: ArkOptions, _ family: ArkFamily) {
        isOwnIdentifier = options.safetyIdentifier == nil
        safetyIdentifier = options.safetyIdentifier ?? attempt.externalID
        isOwnSeed = family.takesSeed && video.seed == nil
        seed = isOwnSeed ? Self.seed(of: attempt) : video.seed
    }

    /// Whether there is anything by which the task can be told from all others.
    var isUnique: Bool { isOwnIdentifier || isOwnSeed }

    /// Whether a task is the attempt's.
    ///
    /// The identifier decides wherever it is repeated; a task that shows none is known by the seed, if that is ours.
    func isOf(_ task: JSONValue) -> Bool {
        if isOwnIdentifier, let shown = task["safety_identifier"]?.stringValue, !shown.isEmpty {
            return shown == safetyIdentifier
        }
        guard isOwnSeed, let seed else { return false }
        return task["seed"]?.wholeNumber == seed
    }

    /// 32 bits of the attempt's id: the same whenever the body is built again.
    private static func seed(of attempt: AttemptReference) -> Int64 {
        SHA256.hash(Array(attempt.externalID.utf8)).bytes.prefix(4).reduce(0) { $0 << 8 | Int64($1) }
    }
}
