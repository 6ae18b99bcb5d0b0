import JobCore

/// Walks the files under a prefix in the order of their keys, a file at a time.
///
/// A folder of any size is read in windows: each reading keeps the `windowEntries` names that come next and forgets the
/// rest, so memory is bounded and a million files cost some sixty readings of their folder. The walk is a value
/// without a task or a thread behind it; the store keeps it from one page to the next.
struct TreeWalk: Sendable {
    private static let windowEntries = 16_384

    /// One folder on the way: its window, and how far it is done.
    private struct Level {
        /// Empty for the root, otherwise ending in `/`.
        let path: String
        let folder: Folder
        /// Names in order; those of folders end in `/`, so that they sort as the keys below them do.
        var names: [String]
        var next = 0
        /// Whether names follow after the window.
        var goesOn: Bool
    }

    private let prefix: String
    private let after: String
    private var levels: [Level]

    /// A walk through `roots`, the folders of `base` that hold files, from the first key after `after` on.
    init(base: Folder, roots: [String], prefix: String, after: ArtifactKey?) {
        self.prefix = prefix
        self.after = after?.path ?? ""
        self.levels = [Level(path: "", folder: base, names: [], goesOn: false)]
        levels[0].names = roots.map { $0 + "/" }.sorted().filter(isWanted)
    }

    /// The next file, nil after the last.
    ///
    /// Files deleted meanwhile are left out.
    mutating func next() throws -> StoredFile? {
        while let depth = levels.indices.last {
            if levels[depth].next == levels[depth].names.count {
                guard levels[depth].goesOn else {
                    levels.removeLast()
                    continue
                }
                try readWindow(at: depth)
                continue
            }
            let name = levels[depth].names[levels[depth].next]
            levels[depth].next += 1
            if name.hasSuffix("/") {
                try enter(name, at: depth)
            } else if let file = try describe(name, at: depth) {
                return file
            }
        }
        return nil
    }

    private mutating func enter(_ name: String, at depth: Int) throws {
        do {
            let folder = try levels[depth].folder.folder(String(name.dropLast()))
            levels.append(Level(path: levels[depth].path + name, folder: folder, names: [], goesOn: true))
        } catch let failure where failure.isAbsence {
            return
        }
    }

    private func describe(_ name: String, at depth: Int) throws -> StoredFile? {
        guard let key = ArtifactKey(levels[depth].path + name),
            let attributes = try levels[depth].folder.attributes(of: name), attributes.isRegular
        else { return nil }
        return StoredFile(key: key, bytes: attributes.bytes, modifiedAt: Timestamp(attributes.changedAt))
    }

    /// Reads the names that follow the window's last.
    private mutating func readWindow(at depth: Int) throws {
        let level = levels[depth]
        let last = level.names.last ?? ""
        var names: [String] = []
        var bound: String?
        var goesOn = false
        func trim() {
            names.sort()
            goesOn = goesOn || names.count > Self.windowEntries
            names.removeLast(max(0, names.count - Self.windowEntries))
            bound = names.count == Self.windowEntries ? names.last : nil
        }
        try level.folder.forEachEntry { entry, isFolder in
            let name = isFolder ? entry + "/" : entry
            guard name > last else { return }
            if let bound, name > bound {
                goesOn = true
                return
            }
            guard isWanted(level.path + name) else { return }
            names.append(name)
            if names.count == 2 * Self.windowEntries { trim() }
        }
        trim()
        levels[depth].names = names
        levels[depth].next = 0
        levels[depth].goesOn = goesOn
    }

    /// Whether a path can lead to a key under the prefix and after the start; a folder's path ends in `/`.
    private func isWanted(_ path: String) -> Bool {
        if path.hasSuffix("/") {
            return (path.hasPrefix(prefix) || prefix.hasPrefix(path)) && (path > after || after.hasPrefix(path))
                && ArtifactKey(path + "0") != nil
        }
        return path.hasPrefix(prefix) && path > after && ArtifactKey(path) != nil
    }
}
