import Generation
import HTTPTransport
import ProviderKit

/// Seedream images: one call, whose answer comes when everything is made.
///
/// There is no task, and so nothing to ask for, to stop or to find again: an answer that is lost is lost. The wire can send
/// the images of a set one by one as they are finished (`stream`); that is not used, since it has no previews.
extension ArkAdapter {
    private static let images = "/images/generations"

    /// Sends an image request, and reads what was made.
    func images(
        _ request: GenerationRequest,
        _ image: ImageRequest,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        let body = try await SeedreamBody.bytes(of: request, image, model(of: request), context)
        let response = try await context.send(
            HTTPRequest(
                .post,
                http.url(Self.images),
                headers: headers + [
                    (name: "Content-Type", value: "application/json"),
                    (name: "X-Client-Request-Id", value: context.reference.externalID),
                ],
                body: body
            )
        )
        let answer = try await ProviderAnswer(response)
        guard answer.isSuccess else { throw ProviderFailure(refusal: answer, hiding: [context.reference.token]) }
        return try SeedreamAnswer.submission(answer, format: image.outputFormat)
    }
}
