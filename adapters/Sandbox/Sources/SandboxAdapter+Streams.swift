import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// Reading what the provider streams.
extension SandboxAdapter {
    /// What a streamed answer brought; nil for an answer that is no stream.
    ///
    /// - Throws: What a broken connection means: the outcome is unknown, and what had come is thrown away.
    static func streamed(
        _ response: HTTPResponse,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> Submission? {
        guard response.status == 200, let mediaType = response.header("Content-Type") else {
            return nil
        }
        if mediaType == "text/event-stream" {
            return .completed(try await images(response, context), ReportedUsage())
        }
        guard mediaType.hasPrefix("audio/") else { return nil }
        let characters = response.header(Wire.charactersHeader).flatMap { Int64($0) }
        let output = try await sound(response, mediaType, context)
        return .completed(output.map { [$0] } ?? [], ReportedUsage(characters: characters))
    }

    /// A sound, whose bytes are handed on as they come.
    private static func sound(
        _ response: HTTPResponse,
        _ mediaType: String,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> ProviderOutput? {
        var writer: OutputWriter?
        do throws(ProviderFailure) {
            while let chunk = try await next(of: response) {
                if writer == nil { writer = try context.openOutput(mediaType: mediaType) }
                try writer?.append(chunk)
            }
            return try writer?.finish()
        } catch {
            writer?.discard()
            throw error
        }
    }

    /// Images, each of which comes whole, with previews before them.
    private static func images(
        _ response: HTTPResponse,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> [ProviderOutput] {
        var reader = ServerSentEvents()
        var outputs: [ProviderOutput] = []
        while let chunk = try await next(of: response) {
            for event in try reader.take(chunk) {
                if event.event == Wire.lastEvent { return outputs }
                guard let image = try? Wire.decode(Wire.Event.self, event.data),
                    let data = Data(base64Encoded: image.data)
                else { throw .unreadable("an event that is no image") }
                let output = try context.seal(Array(data), mediaType: "image/png")
                switch (event.event, output.location) {
                case (Wire.previewEvent, .file(let path)):
                    context.preview(path, index: image.index, mediaType: "image/png")
                case (Wire.imageEvent, _): outputs.append(output)
                case _: break
                }
            }
        }
        throw .unreadable("a stream of images without its end")
    }

    private static func next(of response: HTTPResponse) async throws(ProviderFailure) -> [UInt8]? {
        do {
            return try await response.body.next()
        } catch {
            throw ProviderFailure(error)
        }
    }
}
