import Foundation
public import Generation
public import HTTPTransport

/// Reads a JSON answer that carries media as base64 text, without ever holding the media in memory.
///
/// Some providers put tens of megabytes of base64 into the answer to a poll. The answer is walked chunk by chunk: the
/// values of the named keys are decoded straight into files, and what is left, a few kilobytes, is given back as JSON in
/// which a marker stands for each medium.
public struct InlineMediaReader: Sendable {
    /// The members whose string values are media.
    public let keys: Set<String>
    /// Where the files are made, under names of their own.
    public let folder: String
    /// The longest answer without its media, in bytes.
    public var documentBytesMax = 1 << 20
    /// The longest other string that is kept, in bytes; a longer one is read as an empty string.
    ///
    /// Models put opaque signatures of megabytes beside their media, which nobody here needs.
    public var textBytesMax = 64 << 10
    /// The most bytes of such strings that are read at all.
    public var droppedBytesMax = 16 << 20
    /// The longest media of one answer, decoded and together, in bytes.
    public var mediaBytesMax: Int64 = 2 << 30

    /// Makes a reader.
    public init(keys: Set<String>, folder: String) {
        self.keys = keys
        self.folder = folder
    }

    /// Reads an answer to its end.
    ///
    /// The files are the caller's to keep or to discard. When this throws there are none.
    ///
    /// - Throws: `unknown` when the answer is no JSON, too long, or a medium is no base64; `unavailable` when this
    ///   machine's disk does not take a file; what a broken connection means otherwise.
    public func read(_ body: HTTPBody) async throws(ProviderFailure) -> InlineAnswer {
        var walker = InlineWalker(self)
        do throws(ProviderFailure) {
            while true {
                let chunk: [UInt8]?
                do {
                    chunk = try await body.next()
                } catch {
                    throw ProviderFailure(error)
                }
                guard let chunk else { break }
                try walker.take(chunk)
            }
            return InlineAnswer(json: try walker.document(), media: walker.media)
        } catch {
            walker.discard()
            throw error
        }
    }
}

/// A JSON answer whose media are in files.
public struct InlineAnswer: Sendable {
    /// One medium of an answer.
    public struct Medium: Sendable, Hashable {
        /// What stands for it in the JSON.
        public let marker: String
        /// The file that holds it.
        public let path: String
        /// Its length in bytes.
        public let bytes: Int64
    }

    /// The answer, with markers.
    public let json: JSONValue
    /// Its media, in order.
    public let media: [Medium]

    /// Gives a medium's file its final name; a file that has the name already is replaced, in one step.
    ///
    /// - Throws: `unavailable` when the disk does not take it.
    public func keep(_ marker: String, as path: String) throws(ProviderFailure) {
        guard let medium = media.first(where: { $0.marker == marker }), rename(medium.path, path) == 0 else {
            throw .inline(.unavailable, "The provider's media could not be kept on this machine.", "errno \(errno)")
        }
    }

    /// Removes the files that were not kept.
    public func discard() {
        for medium in media { unlink(medium.path) }
    }
}

/// Walks JSON byte by byte, in any chunks, and takes the media out.
///
/// It knows strings, keys and values, and nothing else of JSON: what is left is checked by the decoder.
private struct InlineWalker {
    private enum Place {
        /// Between strings.
        case structure
        /// In a key or a value that is kept.
        case text
        /// In a value that is a medium.
        case medium
    }

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    private let limits: InlineMediaReader
    private let keys: Set<[UInt8]>

    private var place = Place.structure
    /// The answer so far, without its media.
    private var kept: [UInt8] = []
    /// Where the text at hand began in `kept`.
    private var textStart = 0
    /// Whether the text at hand is too long to be kept.
    private var isDropping = false
    private var droppedBytes = 0
    /// The bytes of an escape that has begun, its backslash included; in a text at most the backslash.
    private var escape: [UInt8] = []
    /// The last text and the last key; empty when it was too long for one.
    private var text: [UInt8] = []
    private var key: [UInt8] = []
    /// The last byte outside of strings that is no white space.
    private var lastMark: UInt8 = 0

    private(set) var media: [InlineAnswer.Medium] = []
    private var file: InlineFile?
    private var mediaBytesLeft: Int64

    init(_ limits: InlineMediaReader) {
        self.limits = limits
        keys = Set(limits.keys.map { Array($0.utf8) })
        mediaBytesLeft = limits.mediaBytesMax
    }

    mutating func take(_ chunk: [UInt8]) throws(ProviderFailure) {
        var rest = chunk[...]
        while !rest.isEmpty {
            switch place {
            case .structure: try structure(&rest)
            case .text: try text(&rest)
            case .medium: try medium(&rest)
            }
        }
    }

    /// What is left, as JSON.
    func document() throws(ProviderFailure) -> JSONValue {
        guard case .structure = place, let json = try? JSONDecoder().decode(JSONValue.self, from: Data(kept)) else {
            throw .unreadableInline("\(kept.count) bytes that are no JSON")
        }
        return json
    }

    /// Removes every file.
    func discard() {
        file?.remove()
        for medium in media { unlink(medium.path) }
    }

    // MARK: - Places

    private mutating func structure(_ rest: inout ArraySlice<UInt8>) throws(ProviderFailure) {
        let byte = rest.removeFirst()
        try keep([byte])
        switch byte {
        case Self.quote:
            if lastMark == UInt8(ascii: ":"), keys.contains(key) {
                file = try InlineFile(in: limits.folder)
                place = .medium
            } else {
                (textStart, isDropping, place) = (kept.count, false, .text)
            }
        case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): break
        case _:
            if byte == UInt8(ascii: ":") { key = text }
            lastMark = byte
        }
    }

    private mutating func text(_ rest: inout ArraySlice<UInt8>) throws(ProviderFailure) {
        if !escape.isEmpty {
            // What follows a backslash, a quote for instance, ends nothing.
            if !isDropping { try keep([rest.removeFirst()]) } else { rest.removeFirst() }
            escape = []
            return
        }
        let run = rest.prefix { $0 != Self.quote && $0 != Self.backslash }
        rest = rest.dropFirst(run.count)
        if !isDropping, kept.count - textStart + run.count > limits.textBytesMax {
            kept.removeLast(kept.count - textStart)
            isDropping = true
        }
        if isDropping {
            droppedBytes += run.count
            guard droppedBytes <= limits.droppedBytesMax else {
                throw .unreadableInline("more than \(limits.droppedBytesMax) bytes of text")
            }
        } else {
            try keep(run)
        }
        guard let end = rest.popFirst() else { return }
        if end == Self.quote {
            text = kept.count - textStart <= 64 ? Array(kept[textStart...]) : []
            (place, lastMark) = (.structure, Self.quote)
            try keep([end])
        } else {
            escape = [end]
            if !isDropping { try keep([end]) }
        }
    }

    private mutating func medium(_ rest: inout ArraySlice<UInt8>) throws(ProviderFailure) {
        if !escape.isEmpty { return try escaped(rest.removeFirst()) }
        let run = rest.prefix { $0 != Self.quote && $0 != Self.backslash }
        rest = rest.dropFirst(run.count)
        try write(run)
        guard let end = rest.popFirst() else { return }
        if end == Self.quote {
            guard let path = file?.path, let bytes = try file?.finish() else { return }
            file = nil
            let marker = "inline medium \(media.count)"
            media.append(InlineAnswer.Medium(marker: marker, path: path, bytes: bytes))
            (place, lastMark) = (.structure, Self.quote)
            try keep(Array(marker.utf8)[...] + [end])
        } else {
            escape = [end]
        }
    }

    /// One more byte of an escape within a medium: `\/`, `\n`, `\u003d`.
    private mutating func escaped(_ byte: UInt8) throws(ProviderFailure) {
        escape.append(byte)
        switch escape[1] {
        case UInt8(ascii: "/"): try write([UInt8(ascii: "/")])
        case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"): break
        case UInt8(ascii: "u"):
            guard escape.count == 6 else { return }
            guard let value = UInt8(String(decoding: escape[2...], as: UTF8.self), radix: 16) else {
                throw .unreadableInline("an escape that is no base64")
            }
            try write([value])
        case _: throw .unreadableInline("an escape that is no base64")
        }
        escape = []
    }

    private mutating func write(_ bytes: ArraySlice<UInt8>) throws(ProviderFailure) {
        guard !bytes.isEmpty else { return }
        mediaBytesLeft -= Int64(bytes.count) / 4 * 3
        guard mediaBytesLeft >= 0 else { throw .unreadableInline("media of more than \(limits.mediaBytesMax) bytes") }
        try file?.write(bytes)
    }

    private mutating func keep(_ bytes: ArraySlice<UInt8>) throws(ProviderFailure) {
        guard kept.count + bytes.count <= limits.documentBytesMax else {
            throw .unreadableInline("more than \(limits.documentBytesMax) bytes besides the media")
        }
        kept += bytes
    }
}

/// A file that is written as base64.
private struct InlineFile {
    let path: String
    private let descriptor: Int32
    /// The last one to three characters, which wait for their fourth.
    private var pending: [UInt8] = []
    private var isOver = false
    private var bytes: Int64 = 0

    init(in folder: String) throws(ProviderFailure) {
        let access: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: access)
        var template = Array("\(folder)/\(InlineMediaFolder.draftPrefix)XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard descriptor >= 0 else { throw Self.failure }
        // No program that is started meanwhile may hold it open.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    mutating func write(_ characters: ArraySlice<UInt8>) throws(ProviderFailure) {
        var all = pending + characters
        pending = Array(all.suffix(all.count % 4))
        all.removeLast(pending.count)
        try decode(all)
    }

    /// Writes what was left, and closes.
    ///
    /// - Returns: The length in bytes.
    mutating func finish() throws(ProviderFailure) -> Int64 {
        if !pending.isEmpty {
            // Written without its padding.
            try decode(pending + [UInt8](repeating: UInt8(ascii: "="), count: 4 - pending.count))
            pending = []
        }
        guard close(descriptor) == 0 else { throw Self.failure }
        return bytes
    }

    func remove() {
        close(descriptor)
        unlink(path)
    }

    private mutating func decode(_ characters: [UInt8]) throws(ProviderFailure) {
        guard !characters.isEmpty else { return }
        var characters = characters
        for index in characters.indices {
            switch characters[index] {
            case UInt8(ascii: "-"): characters[index] = UInt8(ascii: "+")
            case UInt8(ascii: "_"): characters[index] = UInt8(ascii: "/")
            case _: break
            }
        }
        // Foundation forgives padding in the midst of things.
        let padding = characters.suffix(2).drop { $0 != UInt8(ascii: "=") }
        guard !isOver, characters.dropLast(padding.count).allSatisfy({ $0 != UInt8(ascii: "=") }),
            padding.allSatisfy({ $0 == UInt8(ascii: "=") }), let data = Data(base64Encoded: Data(characters))
        else {
            throw .unreadableInline("a medium that is no base64")
        }
        isOver = characters.last == UInt8(ascii: "=")
        bytes += Int64(data.count)
        let isWritten = data.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
        guard isWritten else { throw Self.failure }
    }

    private static var failure: ProviderFailure {
        .inline(.unavailable, "The provider's media could not be written on this machine.", "errno \(errno)")
    }
}

extension ProviderFailure {
    /// A failure of reading: the generation itself goes on.
    fileprivate static func inline(_ code: Code, _ message: String, _ details: String) -> ProviderFailure {
        ProviderFailure(
            code,
            retry: .backoff,
            billing: .unknown,
            requestReachedProvider: .yes,
            message: message,
            details: details
        )
    }

    fileprivate static func unreadableInline(_ details: String) -> ProviderFailure {
        inline(.unknown, "The provider's answer could not be read.", details)
    }
}
