import Generation
import ProviderKit

/// What the operator's file says about a model, held against the workflow that makes it.
enum ComfyModels {
    /// What cannot be offered: the field, and why.
    private typealias Lack = (field: String, why: String)

    /// Refuses what the workflow has no place for.
    ///
    /// - Throws: `RequestProblem` with the place of the first of it.
    static func check(_ model: ServerEntry.Model, against workflow: ComfyWorkflow) throws(RequestProblem) {
        let lack: Lack? =
            switch model.capabilities.parameters {
            case .image(let image): Self.lack(image, workflow)
            case .video(let video): Self.lack(video, workflow)
            case .speech(let speech): Self.lack(speech, workflow)
            case .music(let music): Self.lack(music, workflow)
            case .sound(let sound): Self.lack(sound, workflow)
            case .transcription: nil
            }
        if let found = lack ?? common(model.capabilities, workflow) {
            let place = model.fields.path(of: found.field)
            throw RequestProblem(.contradiction, field: place, "`\(place)` cannot be offered: \(found.why).")
        }
    }

    private static func common(_ model: ModelCapabilities, _ workflow: ComfyWorkflow) -> Lack? {
        guard workflow.has(.prompt) else { return ("workflow", "`inputs` must say where the prompt goes") }
        if let option = model.options.first(where: { workflow.inputs[$0] == nil }) {
            return ("options", "`workflow.inputs` does not say where \(option) goes")
        }
        return nil
    }

    private static func lack(_ image: ImageParameters, _ workflow: ComfyWorkflow) -> Lack? {
        let pictures = workflow.places(.images).count
        // A workflow loads a picture for each of its places: one that is not given would be that of the template.
        guard image.referencesMax == pictures, image.referencesMin == pictures else {
            return (
                "references_max",
                "the workflow takes \(pictures) pictures, so `references_min` and `references_max` must both be \(pictures)"
            )
        }
        if image.mask { return ("mask", "workflows are given no mask here") }
        if image.formats.count > 1 { return ("formats", "the workflow decides; name the one that it saves") }
        return sizes(image.sizes, workflow) ?? missing(.count, "images_max", image.countMax > 1, workflow)
            ?? missing(.negativePrompt, "negative_prompt", image.negativePrompt, workflow)
            ?? missing(.seed, "seed", image.seed, workflow)
    }

    private static func lack(_ video: VideoParameters, _ workflow: ComfyWorkflow) -> Lack? {
        if video.referencesMax > workflow.places(.images).count {
            return ("references_max", "`workflow.inputs.images` has fewer places")
        }
        if case .choice = video.audio { return ("audio", "the workflow decides: silent or always") }
        if video.framesPerSecond.isEmpty, workflow.has(.frames) {
            return ("durations", "the length is said in frames, so `frames_per_second` must be a list such as [16]")
        }
        let hasLength = workflow.has(.frames) || workflow.has(.seconds)
        if video.durations.count > 1, !hasLength {
            return ("durations", "`workflow.inputs` has neither `frames` nor `seconds`")
        }
        return sizes(video.sizes, workflow)
            ?? missing(.fps, "frames_per_second", video.framesPerSecond.count > 1, workflow)
            ?? missing(.firstFrame, "first_frame", video.frameRoles.contains(.first), workflow)
            ?? missing(.lastFrame, "last_frame", video.frameRoles.contains(.last), workflow)
            ?? missing(.negativePrompt, "negative_prompt", video.negativePromptCharactersMax != nil, workflow)
            ?? missing(.seed, "seed", video.seeds != nil, workflow)
    }

    private static func lack(_ speech: SpeechParameters, _ workflow: ComfyWorkflow) -> Lack? {
        if speech.formats.count > 1 { return ("formats", "the workflow decides; name the one that it saves") }
        return missing(.voice, "voices", speech.voices.count > 1 || speech.customVoices, workflow)
            ?? missing(.language, "languages", speech.languages.count > 1, workflow)
            ?? missing(.speed, "speed_max", speech.speed != nil, workflow)
            ?? missing(.instructions, "instructions", speech.instructions, workflow)
    }

    private static func lack(_ music: MusicParameters, _ workflow: ComfyWorkflow) -> Lack? {
        if music.formats.count > 1 { return ("formats", "the workflow decides; name the one that it saves") }
        if music.instrumental { return ("instrumental", "workflows have no place for it") }
        return missing(.seconds, "seconds_min", music.durations != nil, workflow)
            ?? missing(.lyrics, "lyrics_characters_max", music.lyricsCharactersMax != nil, workflow)
            ?? missing(.seed, "seed", music.seeds != nil, workflow)
    }

    private static func lack(_ sound: SoundParameters, _ workflow: ComfyWorkflow) -> Lack? {
        if sound.formats.count > 1 { return ("formats", "the workflow decides; name the one that it saves") }
        if sound.loop { return ("loop", "workflows have no place for it") }
        return missing(.seconds, "seconds_min", sound.durations != nil, workflow)
            ?? missing(.seed, "seed", sound.seeds != nil, workflow)
    }

    private static func sizes(_ sizes: [SizeOption], _ workflow: ComfyWorkflow) -> Lack? {
        guard sizes.count > 1, !workflow.has(.width) || !workflow.has(.height) else { return nil }
        return ("sizes", "`workflow.inputs` has no `width` and `height`; name the one size that the workflow makes")
    }

    private static func missing(
        _ slot: ComfyWorkflow.Slot,
        _ field: String,
        _ isOffered: Bool,
        _ workflow: ComfyWorkflow
    ) -> Lack? {
        isOffered && !workflow.has(slot) ? (field, "`workflow.inputs` does not say where `\(slot.rawValue)` goes") : nil
    }
}
