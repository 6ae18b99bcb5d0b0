import Foundation
import Generation
import MediaInspection
import ProviderKit

/// The pictures of a request: megabytes of base64, which no JSON writer needs to look at.
///
/// The body is written with a mark for each, which then makes room for it.
struct RunwayPictures {
    /// The longest `data:` URL of one picture: the vendor's 5 MB.
    private static let bytesMax = 5_000_000
    /// What a mark begins with.
    private static let mark = "picture "

    private var urls: [[UInt8]] = []

    /// Takes pictures to be guided by, and gives what stands for each.
    mutating func add(
        _ inputs: [MediaInput],
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> [JSONValue] {
        var places: [JSONValue] = []
        for (index, input) in inputs.enumerated() {
            places.append(["uri": try await add(input, "reference \(index + 1)", context)])
        }
        return places
    }

    /// Takes a picture, and gives what stands for it.
    ///
    /// - Throws: Unsent failures for what the vendor would refuse.
    mutating func add(
        _ input: MediaInput,
        _ what: String,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> JSONValue {
        guard case .stored(let stored) = input, let type = MediaType(mime: stored.mediaType) else {
            throw .notSent(
                .invalidRequest,
                "A picture of the request was not stored before it was sent.",
                details: "an input in its posted form reached the adapter"
            )
        }
        guard [.png, .jpeg, .webp].contains(type) else {
            throw .notSent(.invalidRequest, "A picture (\(what)) is \(stored.mediaType); JPEG, PNG and WebP are taken.")
        }
        let bytes = try await context.bytes(of: stored)
        let url = Array("data:\(type.rawValue);base64,".utf8) + Array(Data(bytes).base64EncodedData())
        guard url.count <= Self.bytesMax else {
            throw .notSent(
                .invalidRequest,
                "A picture (\(what)) has \(bytes.count) bytes; the provider takes 5 MB as base64, which is a third more than the file has."
            )
        }
        urls.append(url)
        return .string("\(Self.mark)\(urls.count)")
    }

    /// The body with the pictures in their places, which are in the order in which they were taken.
    ///
    /// A place is known by its key: a text of the client cannot look like it, as its quotation marks are escaped.
    func put(into text: String) -> [UInt8] {
        var rest = Array(text.utf8)[...]
        var body: [UInt8] = []
        for (index, url) in urls.enumerated() {
            let key = "\"uri\":\""
            let place = "\(key)\(Self.mark)\(index + 1)\""
            guard let range = rest.firstRange(of: Array(place.utf8)) else {
                preconditionFailure("the mark was just written, once for each picture")
            }
            body += rest[..<range.lowerBound] + Array(key.utf8) + url + [UInt8(ascii: "\"")]
            rest = rest[range.upperBound...]
        }
        return body + rest
    }
}
