import Generation
import HTTPTransport
import ProviderKit

/// The answer to an image request: the pictures themselves, as base64 in JSON.
enum TogetherImages {
    private static let mediaKey = "b64_json"

    /// Writes the pictures of an answer to files.
    ///
    /// - Throws: An unknown outcome when the answer cannot be read; what a broken connection means.
    static func submission(
        _ response: HTTPResponse,
        _ image: ImageRequest,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        let reader = InlineMediaReader(keys: [mediaKey], folder: context.outputFolder)
        let answer = try await reader.read(response.body)
        do throws(ProviderFailure) {
            guard case .array(let items)? = answer.json["data"] else { throw .unreadable("an answer without data") }
            var outputs: [ProviderOutput] = []
            for item in items {
                if let marker = item[mediaKey]?.stringValue,
                    let medium = answer.media.first(where: { $0.marker == marker && $0.bytes > 0 })
                {
                    outputs.append(try context.seal(medium.path, mediaType: nil))
                } else if let url = item["url"]?.stringValue, !url.isEmpty {
                    // Asked for or not, some hosted models are answered so.
                    outputs.append(ProviderOutput(.url(url), mediaType: nil))
                }
            }
            return .completed(outputs, ReportedUsage())
        } catch {
            answer.discard()
            throw error
        }
    }
}
