import Generation
import HTTPTransport
import ProviderKit

/// The folder of the operator's bucket that outputs are written to.
///
/// Source: cloud.google.com/storage/docs/json_api, objects: list and get (2026).
struct VertexStorage: Sendable {
    let http: ProviderHTTP
    private let bucket: String
    /// Empty, or with a slash at its end.
    private let folder: String

    /// Reads `gs://bucket` or `gs://bucket/folder/`; nil for anything else.
    init?(_ uri: String, http: ProviderHTTP) {
        guard let (bucket, folder) = Self.parts(uri), ProviderHTTP.isPlain(bucket) else { return nil }
        self.http = http
        self.bucket = bucket
        self.folder = folder.isEmpty || folder.hasSuffix("/") ? folder : "\(folder)/"
    }

    /// The attempt's own folder: its id is made of letters, digits and underscores.
    private func folder(of attempt: AttemptReference) -> String { "\(folder)\(attempt.externalID)/" }

    /// The attempt's own folder, as the request wants it.
    func uri(of attempt: AttemptReference) -> String { "gs://\(bucket)/\(folder(of: attempt))" }

    /// The request for what the attempt's folder holds.
    func list(_ attempt: AttemptReference, headers: [(name: String, value: String)]) -> HTTPRequest {
        let query = [
            (name: "prefix", value: folder(of: attempt)), (name: "fields", value: "items(name,contentType)"),
        ]
        return HTTPRequest(.get, http.url("/storage/v1/b/\(bucket)/o", query: query), headers: headers)
    }

    /// The operation that stands for the video of a list: `FOLDER/NUMBER/sample_0.mp4`; nil when there is none.
    ///
    /// A list without any object has no `items`.
    func operation(_ list: JSONValue, of attempt: AttemptReference) -> ProviderOperation? {
        guard case .array(let items)? = list["items"] else { return nil }
        let names = items.compactMap { $0["name"]?.stringValue }.sorted()
        for name in names where name.hasPrefix(folder(of: attempt)) && name.hasSuffix(".mp4") {
            let number = name.dropFirst(folder(of: attempt).count).prefix { $0 != "/" }
            guard ProviderHTTP.isPlain(String(number)) else { continue }
            return ProviderOperation(remoteID: String(number), version: Self.version, payload: name)
        }
        return nil
    }

    /// The version of operations that stand for an object: its name is their payload.
    static let version = 2

    /// The output of an operation that stands for an object; nil when the object is not in the operator's folder.
    func output(_ operation: ProviderOperation) -> ProviderOutput? {
        guard operation.payload.hasPrefix(folder), operation.payload.hasSuffix(".mp4") else { return nil }
        return ProviderOutput(.url(url(of: operation.payload)), mediaType: "video/mp4")
    }

    /// Where an object is downloaded; nil for one that is not in the operator's folder.
    func download(_ uri: String) -> String? {
        guard let (bucket, object) = Self.parts(uri), bucket == self.bucket, object.hasPrefix(folder) else {
            return nil
        }
        return url(of: object)
    }

    private func url(of object: String) -> String {
        http.url("/storage/v1/b/\(bucket)/o/\(ProviderHTTP.encoded(object))", query: [(name: "alt", value: "media")])
    }

    private static func parts(_ uri: String) -> (bucket: String, rest: String)? {
        guard uri.hasPrefix("gs://") else { return nil }
        let place = uri.dropFirst("gs://".count)
        let bucket = place.prefix { $0 != "/" }
        return (String(bucket), String(place.dropFirst(bucket.count).drop { $0 == "/" }))
    }
}
