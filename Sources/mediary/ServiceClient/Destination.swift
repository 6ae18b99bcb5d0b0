import Foundation
import Glibc
import MediaInspection

/// Where a command puts what a job has made.
struct Destination: Equatable, Sendable {
    /// The folder, which is there.
    let folder: String
    /// The file's name without its extension; nil: the job's id.
    let stem: String?
    /// The extension without its dot; nil: the media type's own.
    let suffix: String?

    /// Reads `-o FILE`; a folder stands for files in it that are named after the job, and so does nothing at all.
    ///
    /// - Throws: `ClientFailure` when nothing could be written there: asked before a job is paid for.
    init(_ path: String?) throws {
        let path = path ?? "."
        guard !path.isEmpty else { throw ClientFailure("-o is empty; give a file or a folder.") }
        let url = URL(filePath: path)
        if Self.isFolder(path) {
            (folder, stem, suffix) = (path, nil, nil)
        } else {
            guard !path.hasSuffix("/") else { throw ClientFailure("There is no folder \(path).") }
            // Renaming would put a plain file in the place of a link, a device or a pipe.
            guard Self.isAbsentOrRegular(path) else {
                throw ClientFailure("\(path) is neither a file nor a folder, so nothing is saved there.")
            }
            let parent = path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) : "."
            let name = url.lastPathComponent
            let dot = name.lastIndex(of: ".").flatMap { $0 > name.startIndex ? $0 : nil }
            folder = parent.isEmpty ? "/" : parent
            stem = dot.map { String(name[..<$0]) } ?? name
            suffix = dot.map { String(name[name.index(after: $0)...]) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        guard Self.isFolder(folder) else { throw ClientFailure("There is no folder \(folder).") }
        guard FileManager.default.isWritableFile(atPath: folder) else {
            throw ClientFailure("Nothing can be written in the folder \(folder).")
        }
    }

    /// Whether one that is there already may be replaced: only the very file that `-o` names, when nothing is numbered.
    func replaces(count: Int) -> Bool { stem != nil && suffix != nil && count == 1 }

    /// The paths of a job's artifacts: numbered from 1 when there are several.
    func paths(for mediaTypes: [String], of job: String) -> [String] {
        mediaTypes.enumerated().map { index, mediaType in
            let number = mediaTypes.count > 1 ? "-\(index + 1)" : ""
            let suffix = suffix ?? ArtifactType.fileExtension(of: mediaType)
            let name = "\(stem ?? job)\(number).\(suffix)"
            return folder == "." ? name : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
        }
    }

    private static func isAbsentOrRegular(_ path: String) -> Bool {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return true }
        return facts.st_mode & S_IFMT == S_IFREG
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
