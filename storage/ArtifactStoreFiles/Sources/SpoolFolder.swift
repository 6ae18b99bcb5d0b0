import Cryptography
import Glibc
import Synchronization

/// The folder in which this process receives files, `spool/<token>`, and the proof that the process lives.
///
/// The token is drawn at each start; the folder is locked (flock) for as long as the process runs. The kernel drops the
/// lock with the process, whatever ended it, so what lies in a folder that can be locked was left over by a dead one.
/// Neither process numbers (several containers may share the files) nor ages (a slow upload looks dead) are guessed
/// from, and two processes may work in one tree.
final class SpoolFolder: Sendable {
    /// The path of the folder, as the operator named the store's.
    let path: String

    private let parent: Folder
    private let name: String
    private let folder: Folder
    private let count = Atomic<UInt64>(0)

    /// Makes and locks a folder in `parent`, whose path is given for the paths of spooled files.
    init(in parent: Folder, path parentPath: String) throws(SystemFailure) {
        for _ in 0..<8 {
            let name = Hex.encode(SystemRandom.bytes(8))
            // A folder that is not locked yet looks like a leftover: another process may remove it before, or lock it
            // on the way. Then another name is tried.
            do throws(SystemFailure) {
                let folder = try parent.makeFolder(name, mode: 0o700)
                guard try folder.lock(), try folder.isNamed(name, in: parent) else { continue }
                self.parent = parent
                self.name = name
                self.folder = folder
                self.path = "\(parentPath)/\(name)"
                return
            } catch {
                guard error.code == ENOENT else {
                    _ = try? parent.removeFolder(name)
                    throw error
                }
            }
        }
        throw SystemFailure(call: "mkdir spool", code: EBUSY)
    }

    deinit {
        // Fails while files are in it: those wait for the next start's removal of leftovers.
        _ = try? parent.removeFolder(name)
    }

    /// The spool as a folder, for linking from it.
    var contents: Folder { folder }

    /// Makes an empty file under a name that was never used before.
    func create() throws(SystemFailure) -> (name: String, file: OpenFile) {
        let name = String(count.add(1, ordering: .relaxed).newValue)
        return (name, try folder.createFile(name))
    }

    /// The name of a spooled file; nil for a path that is not in this spool.
    func name(ofPath filePath: String) -> String? {
        guard filePath.hasPrefix(path + "/") else { return nil }
        let name = String(filePath.dropFirst(path.count + 1))
        return UInt64(name) == nil ? nil : name
    }

    /// Removes a file.
    ///
    /// What cannot be removed is left for the next start.
    func remove(_ name: String) {
        _ = try? folder.removeFile(name)
    }

    /// Removes what dead processes left behind.
    func removeLeftovers() throws {
        var folders: [String] = []
        var files: [String] = []
        try parent.forEachEntry { name, isFolder in
            if isFolder { folders.append(name) } else { files.append(name) }
        }
        // A living process has nothing beside its folder.
        for file in files { try parent.removeFile(file) }
        for name in folders where name != self.name {
            do {
                let leftover = try parent.folder(name)
                guard try leftover.lock() else { continue }
                try leftover.forEachEntry { file, _ in _ = try leftover.removeFile(file) }
                try parent.removeFolder(name)
            } catch let failure as SystemFailure where failure.isAbsence {
                continue
            }
        }
    }
}
