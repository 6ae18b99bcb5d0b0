import Foundation
import MediaInspection

/// Why a reference cannot be used.
enum ReferenceProblem: Error {
    /// It is not what it should be: the rest of a sentence that begins with the field's name.
    case unfit(String)
    /// The file that it was received into cannot be read: no fault of the reference.
    case unreadable(MediaProblem)
}

/// What the bytes of a reference have to be, whichever way they came: a whole picture of a known format, by its bytes and
/// not by what anybody says about them, and not larger than may be decoded.
struct ReferenceCheck: Sendable {
    private static let allowed = "image/png, image/jpeg, image/webp, image/gif"

    /// The most pixels, checked in the header before anything decodes it.
    let pixelsMax: Int

    /// The type of bytes that are in memory.
    func mediaType(of bytes: [UInt8]) throws(ReferenceProblem) -> String {
        try sniff(bytes.prefix(MediaInspector.sniffLength))
        return try kept { () throws(MediaProblem) in
            try MediaInspector.inspect(bytes: bytes, pixelLimit: pixelsMax)
        }
    }

    /// The type of bytes that are in a file.
    func mediaType(ofFile path: String) throws(ReferenceProblem) -> String {
        // Too many open files, for one, are no fault of the reference.
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw .unreadable(.unreadable("the file that it was received into cannot be opened"))
        }
        let head: Data?
        do {
            head = try handle.read(upToCount: MediaInspector.sniffLength)
        } catch {
            throw .unreadable(.unreadable("\(error)"))
        }
        try sniff(Array(head ?? Data())[...])
        return try kept { () throws(MediaProblem) in try MediaInspector.inspect(path: path, pixelLimit: pixelsMax) }
    }

    /// By the first bytes, before anything walks the whole: a long file of another kind costs nothing.
    private func sniff(_ head: ArraySlice<UInt8>) throws(ReferenceProblem) {
        guard MediaInspector.sniff(Array(head))?.kind == .image else {
            throw .unfit("is not an image that is taken: \(Self.allowed).")
        }
    }

    private func kept(_ inspect: () throws(MediaProblem) -> MediaFacts) throws(ReferenceProblem) -> String {
        let facts: MediaFacts
        do {
            facts = try inspect()
        } catch {
            if case .unreadable = error { throw .unreadable(error) }
            throw .unfit("is not a usable image: \(error).")
        }
        guard facts.mediaType.kind == .image else {
            throw .unfit("holds \(facts.mediaType.rawValue); allowed: \(Self.allowed).")
        }
        return facts.mediaType.rawValue
    }
}
