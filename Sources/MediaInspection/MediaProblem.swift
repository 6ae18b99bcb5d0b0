/// Why a file is not taken for what it should be.
package enum MediaProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// The system refused to open or read the file; says nothing about its content.
    case unreadable(String)
    /// The first bytes belong to no format that is known here.
    case notRecognized
    /// The file ends before it is complete. Fetching it again may help.
    case truncated(String)
    /// The file breaks the rules of its format. Fetching it again will hardly help.
    case malformed(String)
    /// A whole file, but of another format than was asked for.
    case typeMismatch(expected: MediaType, found: MediaType)
    /// More pixels than the caller allows to be decoded.
    case tooLarge(width: Int, height: Int, pixelLimit: Int)

    package var description: String {
        switch self {
        case .unreadable(let detail): "the file cannot be read: \(detail)"
        case .notRecognized: "the bytes belong to no known image, audio or video format"
        case .truncated(let detail): "the file is cut short: \(detail)"
        case .malformed(let detail): "the file is damaged: \(detail)"
        case .typeMismatch(let expected, let found):
            "the file is \(found.rawValue), but \(expected.rawValue) was expected"
        case .tooLarge(let width, let height, let pixelLimit):
            "\(width) x \(height) pixels are more than the limit of \(pixelLimit)"
        }
    }
}
