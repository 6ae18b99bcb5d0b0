import Generation
import Hummingbird
import JobCore
import JobEngine

/// Reads bodies that come as JSON or as a form, and makes the same fields of both.
struct DialectBodies: Sendable {
    /// How the forms of a route are read.
    struct Form: Sendable {
        /// How much they may hold.
        var limits: MultipartLimits
        /// The fields that are no texts.
        var types = MultipartForm.Types()
    }

    let json: BodyReader
    let multipart: MultipartReader

    /// Reads a body, and hands it to whoever answers it.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - form: How a form is read.
    ///   - answer: Is given the fields, and the form if they came in one; its files are there until it returns.
    /// - Returns: The answer.
    /// - Throws: What is wrong with the body; what `answer` throws.
    func read(
        _ request: Request,
        _ form: Form,
        _ answer: (JSONValue, MultipartForm?) async throws -> Response
    ) async throws -> Response {
        guard MultipartReader.isMultipart(request.headers) else {
            return try await answer(try await json.json(of: request), nil)
        }
        return try await multipart.withForm(of: request, form.limits) { sent in
            try await answer(try sent.object(form.types), sent)
        }
    }
}
