import Foundation
import Glibc
import JobCore
import JobStoreSQLite

/// The folder that everything is kept in: its rights and room, its database, its secret.
struct DataFolderCheck {
    /// Below this admission stops: see `JobService.Limits`.
    private static let freeBytesMin: Int64 = 512 << 20
    private static let freeBytesComfortable: Int64 = 5 << 30

    let folder: String
    let now: Timestamp

    func findings() -> [Finding] {
        guard let mode = Self.mode(of: folder) else {
            let parent = Self.existingParent(of: folder)
            guard access(parent, W_OK) == 0 else {
                return [
                    .fail(
                        "data folder",
                        "\(folder) is not there, and \(parent) is not writable",
                        hint: "set MEDIARY_DATA"
                    )
                ]
            }
            return [
                .warn("data folder", "\(folder) is not there", hint: "`mediary serve` makes it; or set MEDIARY_DATA"),
                room(at: parent),
            ]
        }
        return [rights(mode), room(at: folder)] + database() + secret()
    }

    private func rights(_ mode: Int) -> Finding {
        guard Self.isFolder(folder) else {
            return .fail("data folder", "\(folder) is no folder", hint: "set MEDIARY_DATA to a folder")
        }
        guard access(folder, R_OK | W_OK | X_OK) == 0 else {
            return .fail("data folder", "\(folder) cannot be written by this user", hint: "run as its owner")
        }
        guard mode & 0o077 == 0 else {
            return .warn(
                "data folder",
                "\(folder) is open to others (\(Self.octal(mode)))",
                hint: "prompts and hashes of keys are in it: chmod 700 it"
            )
        }
        return .ok("data folder", "\(folder) is there, writable, and its owner's alone")
    }

    private func room(at path: String) -> Finding {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else {
            return .fail("disk", "free space cannot be told", hint: "look at the file system of \(path)")
        }
        let free = Int64(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize))
        let text = "\(Output.bytes(free)) free"
        guard free >= Self.freeBytesMin else {
            return .fail("disk", text, hint: "jobs are refused below \(Output.bytes(Self.freeBytesMin)): make room")
        }
        guard free >= Self.freeBytesComfortable else { return .warn("disk", text, hint: "videos need room") }
        return .ok("disk", text)
    }

    private func database() -> [Finding] {
        let path = "\(folder)/mediary.sqlite"
        guard Self.mode(of: path) != nil else {
            return [.warn("database", "there is none", hint: "`mediary serve` or `mediary keys create` makes it")]
        }
        let checkup: SQLiteCheckup
        do {
            checkup = try SQLiteCheckup(path: path)
        } catch {
            return [
                .fail("database", Output.plain("cannot be read: \(error)"), hint: "restore it, or look at its rights")
            ]
        }
        return [integrity(checkup), schema(checkup), clock(path)]
    }

    private func integrity(_ checkup: SQLiteCheckup) -> Finding {
        guard checkup.damages.isEmpty else {
            return .fail(
                "database",
                "is damaged: \(Output.plain(checkup.damages.joined(separator: "; ")))",
                hint: "stop the service and restore a backup"
            )
        }
        return .ok(
            "database",
            "sound, \(checkup.jobs) jobs, commits reach the medium (SQLite \(checkup.libraryVersion))"
        )
    }

    private func schema(_ checkup: SQLiteCheckup) -> Finding {
        let (found, known) = (checkup.schemaVersion, checkup.schemaKnown)
        if found > known {
            return .fail("schema", "version \(found), this program knows \(known)", hint: "run the newer program")
        }
        if found < known {
            return .warn("schema", "version \(found) of \(known)", hint: "the next start brings it up to date")
        }
        return .ok("schema", "version \(found), up to date")
    }

    /// Times in the database come from this clock: one that was set back would date new jobs before old ones.
    private func clock(_ path: String) -> Finding {
        guard
            let written = (Self.attributes(of: path)?[.modificationDate] as? Date)
                .map({ Int64($0.timeIntervalSince1970 * 1_000) })
        else { return .ok("clock", now.description) }
        guard written <= now.milliseconds + 60_000 else {
            return .fail(
                "clock",
                "\(now) is before the database was last written (\(Timestamp(milliseconds: written)))",
                hint: "set the clock before serving"
            )
        }
        return .ok("clock", "\(now), after all that is stored")
    }

    private func secret() -> [Finding] {
        let path = "\(folder)/secret"
        guard let mode = Self.mode(of: path) else { return [] }
        guard mode & 0o077 == 0 else {
            return [
                .fail(
                    "secret",
                    "\(path) is open to others (\(Self.octal(mode)))",
                    hint: "chmod 600 it; whoever has read it can forge signatures"
                )
            ]
        }
        return [.ok("secret", "its owner's alone")]
    }

    /// What a file is and who may do what with it, links followed; nil when it is not there.
    private static func attributes(of path: String) -> [FileAttributeKey: Any]? {
        try? FileManager.default.attributesOfItem(atPath: URL(filePath: path).resolvingSymlinksInPath().path)
    }

    private static func mode(of path: String) -> Int? {
        (attributes(of: path)?[.posixPermissions] as? NSNumber)?.intValue
    }

    private static func isFolder(_ path: String) -> Bool {
        attributes(of: path)?[.type] as? FileAttributeType == .typeDirectory
    }

    private static func octal(_ mode: Int) -> String { "0" + String(mode & 0o777, radix: 8) }

    private static func existingParent(of path: String) -> String {
        var url = URL(filePath: path).absoluteURL.deletingLastPathComponent()
        while url.path.count > 1, mode(of: url.path) == nil { url = url.deletingLastPathComponent() }
        return url.path
    }
}
