import Generation
import ProviderKit

/// One of Kling's two wires: where things are asked for, and in which form.
///
/// What both have in common is in `KlingAdapter`: the envelope of every answer, the error codes, the recovery.
protocol KlingWire: Sendable {
    /// The provider's slug.
    var slug: String { get }
    /// The largest picture, in bytes.
    var pictureBytesMax: Int64 { get }
    /// How many tasks one question can be about.
    var operationsPerCall: Int { get }

    /// The path that a generation starts on.
    func submitPath(_ order: KlingOrder) -> String
    /// The body that starts it.
    func body(_ order: KlingOrder) -> JSONValue
    /// Where a task is asked for by the provider's id.
    func url(ofTask id: String, _ family: KlingModels.Family, _ http: ProviderHTTP) -> String
    /// Where a task is asked for by our own id.
    func url(ofOwn externalID: String, _ family: KlingModels.Family, _ http: ProviderHTTP) -> String
    /// Where several tasks are asked for; more than one address when they were started on several paths.
    func urls(ofTasks tasks: [(id: String, family: KlingModels.Family)], _ http: ProviderHTTP) -> [String]
    /// The question for one page of the account's tasks since a time, the newest first; nil for a page it never named.
    func question(since milliseconds: Int64, page: String?, _ http: ProviderHTTP) -> KlingListQuestion?
    /// Reads one task: of an answer about one, of a list, or of a callback.
    func task(_ value: JSONValue) -> KlingTask?
}

/// How one page of a list is asked for.
struct KlingListQuestion {
    /// Where.
    let url: String
    /// With which body; nil for a plain question.
    var body: JSONValue?
    /// Which page comes next, after one that is full or says where it goes on; nil when there is none.
    let next: (_ data: JSONValue, _ isPast: Bool) -> String?
    /// Its tasks.
    let tasks: (_ data: JSONValue) -> [JSONValue]?
}

/// A request as a wire puts it into a body.
struct KlingOrder {
    /// The model.
    let model: ModelCapabilities
    /// On which kind of path it starts.
    let family: KlingModels.Family
    /// What is asked for.
    let video: VideoRequest
    /// Kling's own options.
    let options: KlingOptions
    /// The first frame, in base64 without any prefix.
    var firstFrame: String?
    /// The last frame.
    var lastFrame: String?
    /// The reference pictures.
    var references: [String] = []
    /// Where Kling may call back to.
    var callbackURL: String?
    /// Our id of the attempt: unique in the account, and what it is looked up by.
    let externalID: String
}

/// A task as Kling tells of it.
struct KlingTask {
    /// How it stands; a word that nobody knows is `running`.
    enum Standing {
        case queued
        case running
        case done
        case failed
    }

    /// Kling's id.
    let id: String
    /// Our id, where it is told.
    let externalID: String?
    /// How it stands.
    let standing: Standing
    /// Why it failed, in Kling's words.
    let message: String
    /// Where its videos are.
    let videos: [String]
    /// What it cost the operator, in nano US dollars, if that can be known.
    let costNanoUSD: Int64?
    /// When Kling took it, in milliseconds since 1970, where it is told.
    var createdAt: Int64?

    /// What a status word means; the signed wire says `succeed`, API 2.0 `succeeded`.
    static func standing(_ word: String?) -> Standing {
        switch word {
        case "submitted": .queued
        case "succeed", "succeeded": .done
        case "failed": .failed
        case _: .running
        }
    }
}

/// Money in Kling's answers: decimal strings, in dollars or in units.
enum KlingMoney {
    /// What one unit of a resource pack is worth at list price: 0.14 US dollars (pricing/base/video, 2026-09-16).
    static let nanoUSDPerUnit: Int64 = 140_000_000

    /// A decimal string as billionths; nil for anything else, and for amounts that nobody pays for a video.
    static func nano(_ value: JSONValue?) -> Int64? {
        let text =
            switch value {
            case .string(let text): text
            case .integer(let number): String(number)
            case .number(let number): String(number)
            case .null, .bool, .array, .object, nil: ""
            }
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, whole.utf8.count <= 6,
            parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }), let dollars = Int64(whole)
        else { return nil }
        let fraction = parts.count == 2 ? String(parts[1].prefix(9)) : ""
        let padded = fraction + String(repeating: "0", count: 9 - fraction.utf8.count)
        return Int64(padded).map { dollars * 1_000_000_000 + $0 }
    }

    /// What units are worth.
    static func nanoUSD(units value: JSONValue?) -> Int64? {
        // Billionths of units times 0.14, in thousandths so that nothing overflows.
        nano(value).map { $0 / 1_000 * nanoUSDPerUnit / 1_000_000 }
    }
}
