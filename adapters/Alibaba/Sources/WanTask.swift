import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// What the operation of a task holds besides its id.
struct WanTicket: Sendable, Hashable, Codable {
    /// The provider's model.
    var model: String
    /// The resolution that was asked for, as the wire writes it.
    var resolution: String
    /// When the task was submitted, by our clock, in milliseconds since 1970.
    var submittedAt: Int64

    /// As an operation holds it.
    var payload: String {
        JSONValue.object([
            "model": .string(model), "resolution": .string(resolution), "submitted_at": .integer(submittedAt),
        ]).canonicalText
    }

    init(model: String, resolution: String, submittedAt: Int64) {
        self.model = model
        self.resolution = resolution
        self.submittedAt = submittedAt
    }

    /// Reads an operation's payload; nil for one that is none of ours.
    init?(payload: String) {
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: Data(payload.utf8)),
            let model = json["model"]?.stringValue, let resolution = json["resolution"]?.stringValue,
            let submittedAt = json["submitted_at"]?.integerValue
        else { return nil }
        self.init(model: model, resolution: resolution, submittedAt: submittedAt)
    }
}

/// A task as `GET /tasks/{id}` answers: with status 200 in every state.
///
/// Source: Model Studio, asynchronous task management (12 October 2026) and the API references of Wan.
struct WanTask: Sendable {
    /// For how long a task can be asked for, in milliseconds.
    static let keptMilliseconds: Int64 = 24 * 3_600_000

    let json: JSONValue

    init(_ json: JSONValue) { self.json = json }

    var id: String? { json["output"]?["task_id"]?.stringValue }
    var status: String? { json["output"]?["task_status"]?.stringValue }
    /// The prompt as it was sent: only of a task that has succeeded.
    var prompt: String? { json["output"]?["orig_prompt"]?.stringValue }
    /// The seconds of the video alone.
    var outputSeconds: Double? { Self.number(json["usage"]?["output_video_duration"]) }
    /// The shape of the video: Wan 2.7 and later.
    var ratio: String? { json["usage"]?["ratio"]?.stringValue }
    /// The size of the video, `1280*720`: Wan 2.6.
    var size: String? { json["usage"]?["size"]?.stringValue }
    /// The resolution that is billed: 720 for `720P`.
    var resolution: String? {
        switch json["usage"]?["SR"] {
        case .integer(let lines)?: "\(lines)P"
        case .string(let text)?: text.hasSuffix("P") ? text : text + "P"
        case .null?, .bool?, .number?, .array?, .object?, nil: nil
        }
    }

    /// How the task stands.
    ///
    /// - Parameters:
    ///   - ticket: What the operation holds, if it is one of ours.
    ///   - now: Our time, in milliseconds since 1970.
    /// - Returns: The standing; a word that nobody knows is pending.
    /// - Throws: `notFound` for a task that the provider does not know, or knows no more.
    func standing(_ ticket: WanTicket?, now: Int64) throws(ProviderFailure) -> OperationStatus {
        switch status {
        case "PENDING", "SUSPENDED": return .pending(progress: nil, isQueued: true)
        case "SUCCEEDED":
            // Without a video, what was made was withheld.
            let url = json["output"]?["video_url"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
            return .completed(url.map { [ProviderOutput(.url($0), mediaType: "video/mp4")] } ?? [], usage(ticket))
        case "FAILED":
            return .failed(failure(of: "video"))
        // Only what succeeds is billed (price page).
        case "CANCELED", "CANCELLED": return .cancelled(chargedNanoUSD: 0)
        case "UNKNOWN":
            let isOld = ticket.map { now - $0.submittedAt >= Self.keptMilliseconds } ?? false
            throw ProviderFailure(
                .notFound,
                retry: .never,
                billing: .unknown,
                requestReachedProvider: .yes,
                message: isOld
                    ? "The provider keeps a generation for 24 hours, and these are over."
                    : "The provider does not know this generation.",
                providerCode: status,
                details: "task_status UNKNOWN"
            )
        case nil: throw .unreadable("a task without task_status")
        // RUNNING, and words of a later day: bounded by the job's deadline.
        case _: return .pending(progress: nil)
        }
    }

    /// Why a task has failed.
    func failure(of what: String) -> ProviderFailure {
        .generation(
            code: json["output"]?["code"]?.stringValue ?? json["code"]?.stringValue,
            message: json["output"]?["message"]?.stringValue ?? json["message"]?.stringValue,
            of: what
        )
    }

    /// What is billed: the seconds of `usage.duration`, which count input videos too.
    ///
    /// Not believed when the resolution is another one than was asked for: then the video is measured.
    private func usage(_ ticket: WanTicket?) -> ReportedUsage {
        if let resolution, let ticket, resolution != ticket.resolution { return ReportedUsage() }
        guard let seconds = Self.number(json["usage"]?["duration"]), seconds > 0, seconds <= 3_600 else {
            return ReportedUsage()
        }
        return ReportedUsage(milliseconds: Int64((seconds * 1_000).rounded()))
    }

    /// Whether this is what a request asked for, as far as a finished task tells.
    func shows(_ request: WanRequest) -> Bool {
        let blanks = CharacterSet.whitespacesAndNewlines
        guard status == "SUCCEEDED",
            prompt?.trimmingCharacters(in: blanks) == request.video.prompt.trimmingCharacters(in: blanks),
            resolution ?? request.resolution == request.resolution
        else { return false }
        if let duration = request.video.duration, duration != VideoParameters.automatic, let outputSeconds,
            abs(outputSeconds - Double(duration)) >= 1
        {
            return false
        }
        switch request.family {
        case .media:
            guard let asked = request.video.aspectRatio, let ratio else { return true }
            return asked == ratio
        case .size:
            guard let asked = request.video.size, let size else { return true }
            return size == "\(asked.width)*\(asked.height)"
        // An adaptive ratio comes back as what it became.
        case .unified: return true
        }
    }

    private static func number(_ value: JSONValue?) -> Double? {
        switch value {
        case .integer(let whole)?: Double(whole)
        case .number(let number)?: number.isFinite ? number : nil
        case .null?, .bool?, .string?, .array?, .object?, nil: nil
        }
    }
}

/// One line of `GET /tasks/`, the list of an account's tasks of the last 24 hours.
///
/// Source: Model Studio, asynchronous task management: times are milliseconds since 1970 here, and no prompt is shown.
struct WanListing: Sendable {
    let id: String
    let status: String
    let model: String
    /// When the provider took the task, by its clock, in milliseconds since 1970.
    let createdAt: Int64?

    init?(_ json: JSONValue) {
        guard let id = json["task_id"]?.stringValue, let status = json["status"]?.stringValue else { return nil }
        self.id = id
        self.status = status
        model = json["model_name"]?.stringValue ?? ""
        createdAt = json["gmt_create"]?.wholeNumber
    }

    /// The lines of an answer; nil when it is none.
    static func lines(_ json: JSONValue?) -> [WanListing]? {
        guard case .array(let lines)? = json?["data"] else { return nil }
        return lines.compactMap(WanListing.init)
    }
}
