import Foundation
import Glibc

/// Where a job's progress is shown: standard error, so that standard output holds results alone.
///
/// On a terminal one line is drawn again and again; elsewhere a line is written whenever something has changed.
final class JobScreen {
    private let isTerminal: Bool
    private let isQuiet: Bool
    private var lastStep: String?

    /// Looks at what standard error is.
    ///
    /// - Parameter isQuiet: Whether nothing is shown.
    init(isQuiet: Bool = false) {
        isTerminal = isatty(STDERR_FILENO) == 1
        self.isQuiet = isQuiet
    }

    /// Shows how a job stands.
    func show(_ standing: JobStanding, seconds: Double, isSilent: Bool) {
        guard !isQuiet else { return }
        if isTerminal {
            let line = ProgressText.bar(standing, seconds: seconds, isSilent: isSilent, width: Self.width - 1)
            Self.write("\r\u{1B}[K" + line)
        } else {
            let step = ProgressText.step(standing, isSilent: isSilent)
            guard step != lastStep else { return }
            lastStep = step
            Self.write(ProgressText.line(standing, isSilent: isSilent) + "\n")
        }
    }

    /// Writes a line that stays.
    func note(_ text: String) {
        guard !isQuiet else { return }
        clear()
        Self.write(text + "\n")
    }

    /// Takes the drawn line away.
    func clear() {
        guard isTerminal, !isQuiet else { return }
        Self.write("\r\u{1B}[K")
    }

    /// The terminal's width in characters.
    private static var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    private static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
