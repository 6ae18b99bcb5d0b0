public import Generation

/// What the URL of a reference gave when it was fetched for a job.
///
/// A job that names media by URL is admitted with the URL. The bytes are fetched once, before its first attempt is
/// recorded; from then on this is what the URL means for the job, whatever its server gives to others.
public struct FetchedReference: Sendable, Hashable {
    /// The URL as the client wrote it.
    public let url: String
    /// The bytes as they are kept.
    public let stored: StoredInput

    /// Describes a fetched reference.
    public init(url: String, stored: StoredInput) {
        self.url = url
        self.stored = stored
    }
}

extension GenerationRequest {
    /// The request with each URL that was fetched replaced by what it gave: what an adapter is handed.
    public func replacing(_ references: [FetchedReference]) -> GenerationRequest {
        let stored = Dictionary(references.map { ($0.url, $0.stored) }) { first, _ in first }
        return replacingInputs { input in
            guard case .url(let url) = input, let known = stored[url] else { return input }
            return .stored(known)
        }
    }

    /// The URLs among the references that are to be fetched, each once, with the first field that names it.
    ///
    /// Of a job as admitted: media that came in the request itself are stored by then.
    public var referenceURLs: [(path: String, url: String)] {
        var seen: Set<String> = []
        return inputs.compactMap { path, input in
            guard case .url(let url) = input, seen.insert(url).inserted else { return nil }
            return (path, url)
        }
    }
}
