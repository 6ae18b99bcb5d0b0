import Foundation

/// The programs of this machine that Studio runs, by absolute path.
struct StudioTools: Sendable {
    /// Makes pictures and videos; nil when it is not installed.
    let ffmpeg: String?
    /// Speaks; nil when it is not installed.
    let espeak: String?
    /// Listens, and speaks better; nil when no such environment is installed.
    let speech: StudioSpeech?
    /// The font of captions; nil when it is not installed, and then no caption is drawn.
    let font: String?
    /// Keep a runner apart, in turn and within bounds: part of every Linux system.
    let setsid: String
    let flock: String
    let prlimit: String
    /// Where runners look for `mv`, `cat` and the like.
    let path: String

    /// Looks the programs up on the service's own `PATH`.
    ///
    /// Nil when nothing could be made: neither engine is there, or one of the helpers is missing.
    init?(_ environment: [String: String]) {
        let path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        func find(_ name: String) -> String? {
            path.split(separator: ":").map { "\($0)/\(name)" }
                .first { $0.hasPrefix("/") && FileManager.default.isExecutableFile(atPath: $0) }
        }
        guard let setsid = find("setsid"), let flock = find("flock"), let prlimit = find("prlimit") else { return nil }
        ffmpeg = find("ffmpeg")
        espeak = find("espeak-ng")
        speech = StudioSpeech(environment)
        guard ffmpeg != nil || espeak != nil || speech?.speaks == true else { return nil }
        let font = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
        self.font = FileManager.default.isReadableFile(atPath: font) ? font : nil
        self.setsid = setsid
        self.flock = flock
        self.prlimit = prlimit
        self.path = path
    }
}
