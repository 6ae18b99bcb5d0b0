import Foundation
import HTTPTransport
import Synchronization

/// Who is told of media while an adapter writes them: clients hear and see them as they come.
///
/// Called in the order of what happens, from whatever thread that happens on; must not block.
public protocol OutputWatcher: Sendable {
    /// A file was opened whose bytes are an output from its start on.
    func opened(_ path: String, mediaType: String)
    /// The file has grown to so many bytes.
    func grew(_ path: String, to bytes: Int64)
    /// The file is whole.
    func finished(_ path: String)
    /// The file is gone: what was seen of it is not the output.
    func discarded(_ path: String)
    /// A preview of an image is whole; nobody keeps it.
    func previewed(_ path: String, index: Int, mediaType: String)
}

/// Where one attempt keeps media that only the answer to its submit has carried.
///
/// A folder of its own, which the engine removes once the job is over: until then a crash does not lose what is paid for.
public struct AttemptOutputs: Sendable {
    /// The folder; it is made when the first file comes.
    public let folder: String
    /// Who is told.
    public let watcher: (any OutputWatcher)?

    /// Names a folder.
    public init(folder: String, watcher: (any OutputWatcher)? = nil) {
        self.folder = folder.hasPrefix("/") ? folder : "\(FileManager.default.currentDirectoryPath)/\(folder)"
        self.watcher = watcher
    }

    /// Makes a new file in the folder, readable by this user alone.
    ///
    /// - Returns: An open descriptor, and the path.
    /// - Throws: `unavailable` when this machine's disk does not take it.
    func newFile() throws(ProviderFailure) -> (descriptor: Int32, path: String) {
        let access: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        if !FileManager.default.fileExists(atPath: folder) {
            try? FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: access
            )
            // The names of the new folders are to be on disk as well: that of the attempt, and that of its job.
            for name in [Self.parent(of: folder), Self.parent(of: Self.parent(of: folder))] { try Self.sync(name) }
        }
        var template = Array("\(folder)/output-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw Self.failure }
        // No program that is started meanwhile may hold it open.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return (descriptor, String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    /// Brings a file or a folder, and the name that it has in its own folder, to disk.
    ///
    /// - Throws: `unavailable` when the disk does not take it.
    static func sync(_ path: String) throws(ProviderFailure) {
        for name in [path, parent(of: path)] {
            let descriptor = open(name, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw failure }
            let isSynced = fsync(descriptor) == 0
            close(descriptor)
            guard isSynced else { throw failure }
        }
    }

    private static func parent(of path: String) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return parts.count <= 1 ? "/" : parts.joined(separator: "/")
    }

    /// The provider has delivered, and this machine has no room for it: what it made is lost.
    static var failure: ProviderFailure {
        ProviderFailure(
            .unavailable,
            retry: .never,
            billing: .unknown,
            requestReachedProvider: .yes,
            message: "The provider's media could not be written on this machine.",
            details: "errno \(errno)"
        )
    }
}

/// An output that is written as it comes: clients get its bytes from the first on.
///
/// What is written is what they get, so nothing may be appended that is not the output's own.
public final class OutputWriter: Sendable {
    /// The file.
    public let path: String

    private struct State {
        var descriptor: Int32
        var bytes: Int64 = 0
    }

    private let mediaType: String
    private let watcher: (any OutputWatcher)?
    private let state: Mutex<State>

    init(_ outputs: AttemptOutputs, mediaType: String) throws(ProviderFailure) {
        let file = try outputs.newFile()
        path = file.path
        self.mediaType = mediaType
        watcher = outputs.watcher
        state = Mutex(State(descriptor: file.descriptor))
        watcher?.opened(path, mediaType: mediaType)
    }

    deinit { state.withLock { Self.close(&$0) } }

    /// How many bytes were written.
    public var bytes: Int64 { state.withLock { $0.bytes } }

    /// Appends bytes.
    ///
    /// - Throws: `unavailable` when the disk does not take them.
    public func append(_ bytes: some Sequence<UInt8>) throws(ProviderFailure) {
        let all = Array(bytes)
        guard !all.isEmpty else { return }
        let total = state.withLock { state -> Int64? in
            let isWritten = all.withUnsafeBytes { buffer in
                var rest = buffer[...]
                while !rest.isEmpty {
                    let piece = UnsafeRawBufferPointer(rebasing: rest)
                    let count = Foundation.write(state.descriptor, piece.baseAddress, piece.count)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { return false }
                    rest = rest.dropFirst(count)
                }
                return true
            }
            guard isWritten else { return nil }
            state.bytes += Int64(all.count)
            return state.bytes
        }
        guard let total else { throw AttemptOutputs.failure }
        watcher?.grew(path, to: total)
    }

    /// Closes the file, brings it to disk, and names it as an output.
    ///
    /// - Throws: `unavailable` when the disk does not take it.
    public func finish() throws(ProviderFailure) -> ProviderOutput {
        state.withLock { Self.close(&$0) }
        try AttemptOutputs.sync(path)
        watcher?.finished(path)
        return ProviderOutput(.file(path), mediaType: mediaType)
    }

    /// Takes back all that was written: the output did not come to its end.
    public func discard() {
        state.withLock { Self.close(&$0) }
        unlink(path)
        watcher?.discarded(path)
    }

    private static func close(_ state: inout State) {
        guard state.descriptor >= 0 else { return }
        Foundation.close(state.descriptor)
        state.descriptor = -1
    }
}

extension AttemptContext {
    /// The folder of this attempt alone: for media that only the answer to the submit carries.
    ///
    /// The engine removes it once the job is over. A file becomes an output by `seal`.
    public var outputFolder: String { outputs.folder }

    /// Brings a file of `outputFolder` to disk, and names it as an output.
    ///
    /// - Throws: `unavailable` when the disk does not take it.
    public func seal(_ path: String, mediaType: String?) throws(ProviderFailure) -> ProviderOutput {
        try AttemptOutputs.sync(path)
        return ProviderOutput(.file(path), mediaType: mediaType)
    }

    /// Writes bytes to a file of `outputFolder`, brings it to disk, and names it as an output.
    ///
    /// - Throws: `unavailable` when the disk does not take it.
    public func seal(_ bytes: [UInt8], mediaType: String?) throws(ProviderFailure) -> ProviderOutput {
        let file = try outputs.newFile()
        let isWritten = FileHandle(fileDescriptor: file.descriptor, closeOnDealloc: true).takes(bytes)
        guard isWritten else {
            unlink(file.path)
            throw AttemptOutputs.failure
        }
        return try seal(file.path, mediaType: mediaType)
    }

    /// Opens an output whose bytes come one after the other: the client gets them as they are written.
    ///
    /// - Throws: `unavailable` when the disk does not take it.
    public func openOutput(mediaType: String) throws(ProviderFailure) -> OutputWriter {
        try OutputWriter(outputs, mediaType: mediaType)
    }

    /// Shows a preview to a client who waits for the image; nobody keeps it.
    ///
    /// - Parameters:
    ///   - path: A file of `outputFolder`, whole.
    ///   - index: Which preview it is, from 0.
    ///   - mediaType: What it is.
    public func preview(_ path: String, index: Int, mediaType: String) {
        outputs.watcher?.previewed(path, index: index, mediaType: mediaType)
    }
}

extension FileHandle {
    fileprivate func takes(_ bytes: [UInt8]) -> Bool {
        do {
            try write(contentsOf: Data(bytes))
            return true
        } catch {
            return false
        }
    }
}
