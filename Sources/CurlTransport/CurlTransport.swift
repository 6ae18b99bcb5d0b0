import CCurl

/// HTTP over libcurl.
public struct CurlTransport: Sendable {
    /// The version of libcurl in use.
    public static var libraryVersion: String { curl_version().map { String(cString: $0) } ?? "" }
}
