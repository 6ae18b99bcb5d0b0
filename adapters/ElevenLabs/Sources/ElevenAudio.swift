import Generation
import HTTPTransport
import ProviderKit

/// Sound that comes as the body of an answer.
enum ElevenAudio {
    /// The longest file that is taken: an hour and a half of samples at 24 kHz is a fifth of it.
    private static let bytesMax = 1_500_000_000

    /// Writes a body to its end; who listens hears it while it comes.
    ///
    /// A body that breaks off leaves nothing behind, and the outcome unknown: the vendor bills what it made.
    ///
    /// - Parameters:
    ///   - body: The body of an answer that is a success.
    ///   - format: What was asked for.
    ///   - context: The attempt.
    /// - Returns: The file.
    /// - Throws: What a broken connection means; an unreadable answer when it is not in that format, or empty.
    static func keep(
        _ body: HTTPBody,
        as format: ElevenFormat,
        in context: AttemptContext
    ) async throws(ProviderFailure) -> ProviderOutput {
        var head: [UInt8] = []
        while head.count < ElevenFormat.headBytes, let chunk = try await next(body) { head += chunk }
        guard head.count >= ElevenFormat.headBytes, format.canBegin(with: head) else {
            throw .unreadable("\(head.count) bytes that are no \(format.rawValue)")
        }
        let writer = try context.openOutput(mediaType: format.mediaType)
        do throws(ProviderFailure) {
            try writer.append(head)
            var count = head.count
            while let chunk = try await next(body) {
                count += chunk.count
                guard count <= bytesMax else { throw .unreadable("more than \(bytesMax) bytes of sound") }
                try writer.append(chunk)
            }
            return try writer.finish()
        } catch {
            writer.discard()
            throw error
        }
    }

    private static func next(_ body: HTTPBody) async throws(ProviderFailure) -> [UInt8]? {
        do {
            return try await body.next()
        } catch {
            throw ProviderFailure(error)
        }
    }
}
