import Glibc

/// A call of the operating system that failed, and why.
struct SystemFailure: Error, CustomStringConvertible {
    let call: String
    let code: Int32

    /// Such as `write: No space left on device`.
    var description: String { "\(call): \(String(cString: strerror(code)))" }

    /// Whether the reason is that a name, or a folder on the way to it, is not there.
    ///
    /// A symbolic link or a file where a folder should be counts as well: links inside the tree are never followed,
    /// so nothing is there as far as the store is concerned.
    var isAbsence: Bool { code == ENOENT || code == ENOTDIR || code == ELOOP }
}

/// Makes a call until it is not interrupted by a signal; a negative result is a failure.
@discardableResult
private func perform<Result: SignedInteger>(
    _ call: String,
    _ body: () -> Result
) throws(SystemFailure) -> Result {
    while true {
        let result = body()
        if result >= 0 { return result }
        let code = errno
        if code != EINTR { throw SystemFailure(call: call, code: code) }
    }
}

/// An open file, closed with its last owner.
final class OpenFile: Sendable {
    fileprivate let descriptor: Int32

    fileprivate init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// What the file system says of it.
    func attributes() throws(SystemFailure) -> Attributes {
        var buffer = stat()
        try perform("fstat") { fstat(descriptor, &buffer) }
        return Attributes(buffer)
    }

    /// Writes every byte at the end.
    func append(_ bytes: [UInt8]) throws(SystemFailure) {
        var written = 0
        while written < bytes.count {
            written += try perform("write") {
                bytes.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written) }
            }
        }
    }

    /// Reads at most `count` bytes from `offset` on; none at the end.
    func read(_ count: Int, at offset: Int64) throws(SystemFailure) -> [UInt8] {
        var failure: SystemFailure?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemFailure) {
                filled = try perform("pread") { pread(descriptor, buffer.baseAddress, count, off_t(offset)) }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Brings the bytes and the length to the medium.
    func sync() throws(SystemFailure) {
        try perform("fsync") { fsync(descriptor) }
    }

    /// Sets the times to now.
    func touch() throws(SystemFailure) {
        try perform("futimens") { futimens(descriptor, nil) }
    }

    /// Takes the lock of the file or folder if nobody has it; it is held until the file is closed, however the
    /// process ends.
    func lock() throws(SystemFailure) -> Bool {
        do throws(SystemFailure) {
            try perform("flock") { flock(descriptor, LOCK_EX | LOCK_NB) }
            return true
        } catch {
            if error.code == EWOULDBLOCK { return false }
            throw error
        }
    }
}

/// What the file system says of a file.
struct Attributes {
    let isRegular: Bool
    let isFolder: Bool
    let bytes: Int64
    let device: dev_t
    let inode: ino_t
    /// When the inode changed last: by a write, and by each change of its names.
    let changedAt: timespec

    fileprivate init(_ buffer: stat) {
        isRegular = buffer.st_mode & S_IFMT == S_IFREG
        isFolder = buffer.st_mode & S_IFMT == S_IFDIR
        bytes = Int64(buffer.st_size)
        device = buffer.st_dev
        inode = buffer.st_ino
        changedAt = buffer.st_ctim
    }
}

/// An open folder: every name is looked up in it and not by path, and no symbolic link is followed.
///
/// So whatever is planted or swapped inside the tree, the store cannot be led out of it.
struct Folder: Sendable {
    private let file: OpenFile

    /// Opens the folder at a path, making it and those above it where missing.
    ///
    /// Links on the way are the operator's and are followed.
    init(makingPath path: String) throws(SystemFailure) {
        try Self.make(path)
        self.file = try OpenFile(owning: perform("open \(path)") { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
    }

    private init(file: OpenFile) { self.file = file }

    private static func make(_ path: String) throws(SystemFailure) {
        if try makeOne(path) { return }
        // The one above is missing. When it is there and the same is said again, as in /proc, it is meant.
        guard let above = above(path) else { throw SystemFailure(call: "mkdir \(path)", code: ENOENT) }
        try make(above)
        guard try makeOne(path) else { throw SystemFailure(call: "mkdir \(path)", code: ENOENT) }
    }

    /// Makes a folder, durably; true also when it is there, false when the one above it is not.
    private static func makeOne(_ path: String) throws(SystemFailure) -> Bool {
        do throws(SystemFailure) {
            try perform("mkdir \(path)") { mkdir(path, 0o750) }
        } catch {
            if error.code == EEXIST { return true }
            if error.code == ENOENT { return false }
            throw error
        }
        try Folder(makingPath: above(path) ?? ".").sync()
        return true
    }

    private static func above(_ path: String) -> String? {
        let parts = path.split(separator: "/")
        guard parts.count > 1 else { return path.hasPrefix("/") ? "/" : nil }
        return (path.hasPrefix("/") ? "/" : "") + parts.dropLast().joined(separator: "/")
    }

    /// Opens a folder in this one.
    func folder(_ name: String) throws(SystemFailure) -> Folder {
        try Folder(file: openFile(name, O_RDONLY | O_DIRECTORY))
    }

    /// Opens a folder in this one, making it where missing.
    func makeFolder(_ name: String, mode: mode_t) throws(SystemFailure) -> Folder {
        do throws(SystemFailure) {
            try perform("mkdir \(name)") { mkdirat(file.descriptor, name, mode) }
        } catch {
            guard error.code == EEXIST else { throw error }
        }
        return try folder(name)
    }

    /// Opens a file for reading, without waiting if it is a pipe.
    func openFile(_ name: String) throws(SystemFailure) -> OpenFile {
        try openFile(name, O_RDONLY | O_NONBLOCK)
    }

    /// Makes a file that must not be there yet.
    func createFile(_ name: String) throws(SystemFailure) -> OpenFile {
        try openFile(name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND)
    }

    private func openFile(_ name: String, _ flags: Int32) throws(SystemFailure) -> OpenFile {
        let descriptor = try perform("open \(name)") {
            openat(file.descriptor, name, flags | O_NOFOLLOW | O_CLOEXEC, 0o640)
        }
        return OpenFile(owning: descriptor)
    }

    /// Gives a file of another folder a second name, in this one; `EEXIST` when the name is taken.
    func link(_ name: String, to original: String, in other: Folder) throws(SystemFailure) {
        try perform("link \(name)") { linkat(other.file.descriptor, original, file.descriptor, name, 0) }
    }

    /// Removes the name of a file; false when it is not there.
    @discardableResult
    func removeFile(_ name: String) throws(SystemFailure) -> Bool {
        try remove(name, flags: 0, tolerated: [ENOENT, EISDIR])
    }

    /// Removes a folder if it is empty; false when it is not, or not there.
    @discardableResult
    func removeFolder(_ name: String) throws(SystemFailure) -> Bool {
        try remove(name, flags: AT_REMOVEDIR, tolerated: [ENOENT, ENOTDIR, ENOTEMPTY, EEXIST, EBUSY])
    }

    private func remove(_ name: String, flags: Int32, tolerated: [Int32]) throws(SystemFailure) -> Bool {
        do throws(SystemFailure) {
            try perform("unlink \(name)") { unlinkat(file.descriptor, name, flags) }
            return true
        } catch {
            if tolerated.contains(error.code) { return false }
            throw error
        }
    }

    /// Brings names that were made or removed in the folder to the medium.
    func sync() throws(SystemFailure) {
        try file.sync()
    }

    /// Takes the folder's lock if nobody has it; held until the last copy of this value is gone.
    func lock() throws(SystemFailure) -> Bool {
        try file.lock()
    }

    /// Whether `name` in `parent` still means this folder.
    func isNamed(_ name: String, in parent: Folder) throws(SystemFailure) -> Bool {
        guard let named = try parent.attributes(of: name) else { return false }
        let own = try file.attributes()
        return named.device == own.device && named.inode == own.inode
    }

    /// What the file system says of a name; nil when it is not there.
    ///
    /// A symbolic link is described, not followed.
    func attributes(of name: String) throws(SystemFailure) -> Attributes? {
        var buffer = stat()
        do throws(SystemFailure) {
            try perform("stat \(name)") { fstatat(file.descriptor, name, &buffer, AT_SYMLINK_NOFOLLOW) }
        } catch {
            if error.isAbsence { return nil }
            throw error
        }
        return Attributes(buffer)
    }

    /// Names every entry once, in no order.
    ///
    /// Links, pipes and the like count as files here.
    func forEachEntry(_ body: (_ name: String, _ isFolder: Bool) throws -> Void) throws {
        let descriptor = try perform("open") { openat(file.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = fdopendir(descriptor) else {
            let code = errno
            close(descriptor)
            throw SystemFailure(call: "opendir", code: code)
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw SystemFailure(call: "readdir", code: errno) }
                return
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            if Int(entry.pointee.d_type) == Int(DT_UNKNOWN) {
                try body(name, attributes(of: name)?.isFolder ?? false)
            } else {
                try body(name, Int(entry.pointee.d_type) == Int(DT_DIR))
            }
        }
    }
}
