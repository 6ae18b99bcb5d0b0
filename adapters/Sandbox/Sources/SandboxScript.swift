package import Generation
import HTTPTransport
package import ProviderKit

/// What the provider of a test is to do with one request.
///
/// Written as `provider.options["fake-provider"]`, or as `[[key:value]]` marks in the prompt for clients that cannot
/// send options; of a key in both, the option counts. It travels with the request and inside the operation, so any
/// process can play it, after any crash.
package struct SandboxScript: Sendable, Hashable, Codable {
    /// A way to fail.
    package enum Failure: String, Sendable, Codable, CaseIterable {
        /// The provider finds the request wrong: 400.
        case invalidRequest = "invalid_request"
        /// The provider's filter refuses: 400.
        case contentPolicy = "content_policy"
        /// Too many requests: 429, ask again in a second.
        case rateLimited = "rate_limited"
        /// Down, and documented not to bill: 503.
        case unavailable
        /// Accepted, and then given up by the provider.
        case timeout
        /// Accepted and done, without any media: a filter's doing.
        case noMedia = "no_media"
    }

    /// When a failure shows.
    ///
    /// `timeout` and `no_media` always show at the status.
    package enum Moment: String, Sendable, Codable, CaseIterable {
        case submit
        case status
    }

    /// How an output is damaged on its way.
    package enum Truncation: String, Sendable, Codable {
        /// The connection ends at 60 % of the declared length.
        case loud
        /// 60 % of the bytes, with a length that says so: only the container's structure tells.
        case silent
    }

    /// What `truncate` may say besides true and false.
    private enum TruncationWord: String, CaseIterable {
        case silent
    }

    /// A recovery class, by its letter.
    package enum Recovery: String, Sendable, Codable, CaseIterable {
        case resend = "A"
        case lookUpThenResend = "A'"
        case lookUp = "B"
        case unrecoverable = "C"
    }

    /// How long the generation takes: `delay_ms`.
    ///
    /// Defaults to 200.
    package var delayMilliseconds: Int64 = SandboxModels.usualDelayMilliseconds
    /// In how many steps progress is reported: `progress_steps`.
    ///
    /// Defaults to none, which reports no progress.
    package var progressSteps: Int64 = 0
    /// How it fails: `fail`.
    ///
    /// Defaults to not at all.
    package var failure: Failure?
    /// Of how many first attempts `fail` and `lost_answer` hold: `fail_times`.
    ///
    /// Defaults to all.
    package var failTimes: Int64?
    /// When the failure shows: `fail_at`.
    ///
    /// Defaults to the submit.
    package var failAt: Moment = .submit
    /// Whether the answer to an attempt's first send is lost after the provider accepted: `lost_answer`.
    package var lostAnswer = false
    /// How outputs are cut: `truncate`, `true` or `"silent"`.
    ///
    /// Defaults to not at all.
    package var truncation: Truncation?
    /// Whether outputs are a page under a media type: `wrong_type`.
    package var wrongType = false
    /// How a lost answer can be resolved: `recovery`.
    ///
    /// Defaults to `A`.
    package var recovery: Recovery = .resend
    /// Whether the provider stops when asked to: `cancellable`.
    ///
    /// Defaults to true.
    package var cancellable = true
    /// Whether the provider answers the submit with the finished media: `sync`.
    package var sync = false
    /// How long the provider keeps an attempt's first send waiting after it has accepted: `hang_ms`.
    package var hangMilliseconds: Int64 = 0
    /// The pause between two pieces of a streamed answer: `stream_ms`.
    ///
    /// Speech, music and sounds stream when it is set, images also when previews are asked for. Nil when it is not set,
    /// as in scripts that an earlier version stored.
    package var streamMilliseconds: Int64?
    /// In how many pieces a streamed answer comes: `stream_pieces`.
    ///
    /// Defaults to 8.
    package var streamPieces: Int64?
    /// What a transcription is to have heard: `transcript`.
    ///
    /// Defaults to a sentence that tells the sound's length.
    package var transcript: String?

    /// A script in which all goes well.
    package init() {}

    /// Reads a request's script.
    ///
    /// - Throws: `invalidRequest`, naming the key, for an unknown key or a wrong value. Nothing was sent.
    package init(of request: GenerationRequest) throws(ProviderFailure) {
        do {
            try self.init(checking: request)
        } catch {
            throw ProviderFailure(
                .invalidRequest,
                retry: .never,
                billing: .notCharged,
                requestReachedProvider: .no,
                message: error.message,
                details: "script: \(error.field)"
            )
        }
    }

    /// Reads a request's script before its job is accepted.
    ///
    /// - Throws: `RequestProblem`, naming the key, for an unknown key or a wrong value.
    init(checking request: GenerationRequest) throws(RequestProblem) {
        var members = Self.marks(in: Self.text(of: request))
        if case .object(let options)? = request.providerOptions[SandboxAdapter.slug] {
            members.merge(options) { _, option in option }
        }
        try self.init(members)
    }

    private init(_ members: [String: JSONValue]) throws(RequestProblem) {
        let hour: Int64 = 3_600_000
        var reader = try FieldReader(.object(members), path: "provider.options.\(SandboxAdapter.slug)")
        delayMilliseconds = try reader.integer("delay_ms", in: 0...hour) ?? delayMilliseconds
        progressSteps = try reader.integer("progress_steps", in: 0...1_000) ?? progressSteps
        failure = try reader.word("fail", as: Failure.self)
        failTimes = try reader.integer("fail_times", in: 0...100)
        failAt = try reader.word("fail_at", as: Moment.self) ?? failAt
        lostAnswer = try reader.bool("lost_answer") ?? lostAnswer
        if case .string? = members["truncate"] {
            truncation = try reader.word("truncate", as: TruncationWord.self).map { _ in .silent }
        } else if try reader.bool("truncate") ?? false {
            truncation = .loud
        }
        wrongType = try reader.bool("wrong_type") ?? wrongType
        recovery = try reader.word("recovery", as: Recovery.self) ?? recovery
        cancellable = try reader.bool("cancellable") ?? cancellable
        sync = try reader.bool("sync") ?? sync
        hangMilliseconds = try reader.integer("hang_ms", in: 0...hour) ?? hangMilliseconds
        streamMilliseconds = try reader.integer("stream_ms", in: 0...60_000)
        streamPieces = try reader.integer("stream_pieces", in: 1...1_000)
        transcript = try reader.string("transcript", charactersMax: 1_000)
        try reader.finish()
    }

    /// The script as it holds for one attempt: past `fail_times`, all goes well.
    package func forAttempt(_ number: Int) -> SandboxScript {
        guard let failTimes, number > failTimes else { return self }
        var script = self
        script.failure = nil
        script.lostAnswer = false
        return script
    }

    /// The failure that the submit is answered with, if any.
    package var refusal: Failure? {
        switch failure {
        case .invalidRequest, .contentPolicy, .rateLimited, .unavailable: failAt == .submit ? failure : nil
        case .timeout, .noMedia, nil: nil
        }
    }

    /// Every key that a script may have.
    static let keys = [
        "delay_ms", "progress_steps", "fail", "fail_times", "fail_at", "lost_answer", "truncate", "wrong_type",
        "recovery", "cancellable", "sync", "hang_ms", "stream_ms", "stream_pieces", "transcript",
    ]

    /// The text that may have marks: of a transcription, the one that stands before what is heard.
    private static func text(of request: GenerationRequest) -> String {
        guard case .transcription(let transcription) = request.content else { return request.prompt }
        return transcription.prompt ?? ""
    }

    /// The longest `key:value` of a mark, in bytes.
    private static let markBytesMax = 200

    /// The `[[key:value]]` marks of a text; of a repeated key the last counts.
    ///
    /// Other brackets are plain text. Bytes are looked at, each a bounded number of times: client text may be long, and
    /// made to be slow to compare.
    private static func marks(in text: String) -> [String: JSONValue] {
        let bytes = Array(text.utf8)
        func hasPair(_ bracket: UInt8, at index: Int) -> Bool {
            index + 1 < bytes.count && bytes[index] == bracket && bytes[index + 1] == bracket
        }
        var marks: [String: JSONValue] = [:]
        var index = 0
        while index < bytes.count {
            guard hasPair(UInt8(ascii: "["), at: index) else {
                index += 1
                continue
            }
            index += 2
            let ends = index...min(index + markBytesMax, bytes.count)
            guard let end = ends.first(where: { hasPair(UInt8(ascii: "]"), at: $0) }),
                let (key, value) = mark(bytes[index..<end])
            else { continue }
            marks[key] = value
            index = end + 2
        }
        return marks
    }

    private static func mark(_ bytes: ArraySlice<UInt8>) -> (key: String, value: JSONValue)? {
        let key = bytes.prefix { $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
        let rest = bytes.dropFirst(key.count)
        guard !key.isEmpty, rest.first == UInt8(ascii: ":"), rest.count > 1 else { return nil }
        return (String(decoding: key, as: UTF8.self), value(String(decoding: rest.dropFirst(), as: UTF8.self)))
    }

    private static func value(_ text: String) -> JSONValue {
        switch text {
        case "true": .bool(true)
        case "false": .bool(false)
        default: Int64(text).map { .integer($0) } ?? .string(text)
        }
    }
}
