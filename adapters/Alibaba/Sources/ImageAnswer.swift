import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// What the operation of an image task holds besides its id.
struct ImageTicket: Sendable, Hashable {
    /// The word by which it is told from the ticket of a video.
    private static let kind = "image"

    /// The provider's model.
    var model: String
    /// When the task was submitted, by our clock, in milliseconds since 1970.
    var submittedAt: Int64

    /// As an operation holds it.
    var payload: String {
        JSONValue.object([
            "kind": .string(Self.kind), "model": .string(model), "submitted_at": .integer(submittedAt),
        ]).canonicalText
    }

    init(model: String, submittedAt: Int64) {
        self.model = model
        self.submittedAt = submittedAt
    }

    /// Reads an operation's payload; nil for one that is none of an image.
    init?(payload: String) {
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: Data(payload.utf8)),
            json["kind"]?.stringValue == Self.kind, let model = json["model"]?.stringValue,
            let submittedAt = json["submitted_at"]?.integerValue
        else { return nil }
        self.init(model: model, submittedAt: submittedAt)
    }
}

/// The images of an answer: of a call that answers when they are made, and of a task that has succeeded.
///
/// Two forms are in use (API references, 2026): `output.choices[].message.content[].image`, and of the older models
/// `output.results[]`, where an image that was filtered has a code in place of its address.
struct ImageAnswer {
    /// The outputs; their addresses hold for 24 hours.
    let outputs: [ProviderOutput]
    /// Why there are none, if the provider says so.
    let failure: ProviderFailure?
    /// How many images are billed, of those that were handed over.
    let usage: ReportedUsage

    /// Reads an answer; nil when it has neither form.
    init?(_ json: JSONValue) {
        var urls: [String] = []
        var failure: ProviderFailure?
        let output = json["output"]
        if case .array(let choices)? = output?["choices"] {
            for choice in choices {
                guard case .array(let parts)? = choice["message"]?["content"] else { continue }
                urls += parts.compactMap { $0["image"]?.stringValue }
            }
        } else if case .array(let results)? = output?["results"] {
            urls = results.compactMap { $0["url"]?.stringValue }
            failure = results.first { $0["code"]?.stringValue != nil }.map { result in
                .generation(code: result["code"]?.stringValue, message: result["message"]?.stringValue, of: "image")
            }
        } else {
            return nil
        }
        outputs = urls.filter { !$0.isEmpty }.map { ProviderOutput(.url($0), mediaType: "image/png") }
        self.failure = outputs.isEmpty ? failure : nil
        let count = Int64(outputs.count)
        usage = Self.usage(images: min(json["usage"]?["image_count"]?.wholeNumber ?? count, count))
    }

    static func usage(images: Int64) -> ReportedUsage {
        var usage = ReportedUsage()
        usage.images = images
        return usage
    }

    /// A refusal that comes with status 200: then nothing was made, and nothing is billed.
    static func refusal(_ json: JSONValue) -> ProviderFailure? {
        guard let code = json["code"]?.stringValue, !code.isEmpty else { return nil }
        return .generation(code: code, message: json["message"]?.stringValue, of: "image")
    }

    /// What a call that answers when all is made has made.
    ///
    /// - Throws: Why there is nothing; an unknown outcome when the answer cannot be read.
    static func submission(_ answer: ProviderAnswer) throws(ProviderFailure) -> Submission {
        guard let json = answer.json else {
            throw .unreadable("status \(answer.status), no JSON in \(answer.body.count) bytes")
        }
        if let refusal = refusal(json) { throw refusal }
        guard let images = ImageAnswer(json) else {
            throw .unreadable("status \(answer.status), no images in \(answer.body.count) bytes")
        }
        if let failure = images.failure { throw failure }
        return .completed(images.outputs, images.usage)
    }
}

extension WanTask {
    /// How an image task stands.
    ///
    /// - Parameters:
    ///   - ticket: What the operation holds.
    ///   - now: Our time, in milliseconds since 1970.
    /// - Returns: The standing; a word that nobody knows is pending.
    /// - Throws: `notFound` for a task that the provider does not know, or knows no more.
    func standing(_ ticket: ImageTicket, now: Int64) throws(ProviderFailure) -> OperationStatus {
        switch status {
        case "SUCCEEDED":
            // Without images, what was made was withheld.
            guard let images = ImageAnswer(json) else { return .completed([], ImageAnswer.usage(images: 0)) }
            return images.failure.map { .failed($0) } ?? .completed(images.outputs, images.usage)
        case "FAILED": return .failed(failure(of: "image"))
        case _:
            let plain = WanTicket(model: ticket.model, resolution: "", submittedAt: ticket.submittedAt)
            return try standing(plain, now: now)
        }
    }
}
