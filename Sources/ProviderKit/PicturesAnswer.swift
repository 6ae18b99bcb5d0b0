public import Generation
public import HTTPTransport

/// Pictures that the answer to a submit carries: `{"data": [{"b64_json"} or {"url"}], "output_format"}`, as many servers
/// and hosts answer.
public struct PicturesAnswer: Sendable {
    /// What a picture is called that comes as base64.
    public static let mediaKey = "b64_json"

    /// The pictures, in order.
    public let outputs: [ProviderOutput]
    /// The answer, without the media.
    public let json: JSONValue

    /// Reads an answer to its end; nothing is left of one that cannot be read.
    ///
    /// - Parameters:
    ///   - body: The answer's body.
    ///   - context: Keeps the pictures.
    ///   - address: The whole URL of what the answer names; by default it is one.
    /// - Throws: What leaves the outcome unknown: a break, no JSON, no pictures where they must be; and a full disk.
    public init(
        _ body: HTTPBody,
        _ context: AttemptContext,
        address: (String) -> String = { $0 }
    ) async throws(ProviderFailure) {
        let answer = try await Self.reader(context).read(body)
        do throws(ProviderFailure) {
            guard case .array(let entries)? = answer.json["data"] else { throw .unreadable("an answer without data") }
            let type = Self.mediaType(answer.json)
            var outputs: [ProviderOutput] = []
            for entry in entries {
                if let medium = Self.medium(of: entry, in: answer) {
                    outputs.append(try context.seal(medium.path, mediaType: type))
                } else if let url = entry["url"]?.stringValue, !url.isEmpty {
                    outputs.append(ProviderOutput(.url(address(url)), mediaType: type))
                }
            }
            self.outputs = outputs
            json = answer.json
        } catch {
            answer.discard()
            throw error
        }
    }

    /// What reads an answer or an event of this form.
    public static func reader(_ context: AttemptContext) -> InlineMediaReader {
        InlineMediaReader(keys: [mediaKey], folder: context.outputFolder)
    }

    /// The picture that an entry carries; nil when it carries none.
    public static func medium(of entry: JSONValue, in answer: InlineAnswer) -> InlineAnswer.Medium? {
        guard let marker = entry[mediaKey]?.stringValue else { return nil }
        return answer.media.first { $0.marker == marker && $0.bytes > 0 }
    }

    /// What the answer says that its pictures are; nil when it does not.
    public static func mediaType(_ json: JSONValue) -> String? {
        guard let format = json["output_format"]?.stringValue, ["png", "jpeg", "webp"].contains(format) else {
            return nil
        }
        return "image/\(format)"
    }
}
