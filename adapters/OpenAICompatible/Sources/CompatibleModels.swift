import Generation
import ProviderKit

/// What the operator's file says about models, held against what the server's profile can say.
enum CompatibleModels {
    /// The sounds that can be asked for, and what they are as media types; raw samples with their rate.
    static let soundTypes = [
        "mp3": "audio/mpeg", "opus": "audio/ogg", "aac": "audio/aac", "flac": "audio/flac", "wav": "audio/wav",
        "pcm": "audio/pcm;rate=24000;channels=1",
    ]

    /// Refuses what could never reach the server.
    ///
    /// - Throws: `RequestProblem` with the place of the first of it.
    static func check(
        _ models: [ServerEntry.Model],
        against profile: CompatibleProfile
    ) throws(RequestProblem) {
        for model in models {
            let fields = model.fields
            func refuse(_ name: String, _ why: String) throws(RequestProblem) {
                let place = fields.path(of: name)
                throw RequestProblem(.contradiction, field: place, "`\(place)` cannot be offered: \(why).")
            }
            switch model.capabilities.parameters {
            case .image(let image):
                if profile.references == .none, image.referencesMax > 0 {
                    try refuse("references_max", "the server's profile takes no references (images.references is none)")
                }
                if image.mask, profile.references == .inside || profile.references == .none {
                    try refuse("mask", "only forms carry one (images.references is \(profile.references.rawValue))")
                }
                if image.formats != ["png"], !profile.saysFormat {
                    try refuse("formats", "the server is not asked for a format (images.output_format is false)")
                }
            case .video(let video):
                if profile.firstFrame == nil, video.frameRoles.contains(.first) {
                    try refuse("first_frame", "the server's profile has no field for it (videos.first_frame)")
                }
                if profile.lastFrame == nil, video.frameRoles.contains(.last) {
                    try refuse("last_frame", "the server's profile has no field for it (videos.last_frame)")
                }
                if video.referencesMax > 0 {
                    try refuse("references_max", "this kind of server has no place for a video's references")
                }
                if case .choice = video.audio, profile.soundField == nil {
                    try refuse("audio", "the server's profile has no field that asks for sound (videos.sound)")
                }
                if profile.videoLength == .frames, video.framesPerSecond.isEmpty {
                    try refuse(
                        "durations",
                        "the length is said in frames (videos.length), so `frames_per_second` must be a list such as [16]"
                    )
                }
            case .speech(let speech):
                if !speech.languages.isEmpty, profile.languageField == nil {
                    try refuse("languages", "the server's profile has no field for it (speech.language)")
                }
            case .transcription(let transcription):
                if !transcription.granularities.isEmpty, profile.transcriptForm == "json" {
                    try refuse("granularities", "only verbose_json tells times (transcriptions.response_format)")
                }
            case .music, .sound: break
            }
        }
    }
}
