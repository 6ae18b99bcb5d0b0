import Generation

/// `studio/motion`: a slow camera move over one picture, or over two with a transition between them.
///
/// A picture that was given as first or last frame is shown unmagnified exactly there, so the video's first or last
/// frame is that picture. Sides without one are drawn from prompt and seed; with only one given, the camera stays on
/// it, and prompt and seed decide how it moves.
///
/// Reference pictures show through what is drawn: the first at the start, the second, or the same, at the end. A
/// narration is spoken over the tone.
enum StudioMotion {
    /// How many times larger than the video the pictures are while the camera moves: below 2 the motion trembles.
    private static let oversampling = 2
    private static let transitions = [
        "fade", "smoothleft", "smoothright", "smoothup", "smoothdown", "circleopen", "circleclose", "radial",
        "wipetl", "slideleft",
    ]

    static func plan(
        _ video: VideoRequest,
        narration: StudioOptions.Narration?,
        entropy: String,
        tools: StudioTools,
        ffmpeg: String
    ) -> StudioPlan? {
        guard let size = video.size, let seconds = video.duration, let rate = video.fps else { return nil }
        var plan = StudioPlan()
        var dice = StudioDice(seed: entropy, prompt: video.prompt)
        let frames = seconds * rate
        plan.record.frames = frames
        plan.record.outputs = [StudioPlan.Record.Output(name: "out-0.mp4", mediaType: "video/mp4")]

        var names: [FrameRole: String] = [:]
        for frame in video.frameImages {
            guard case .stored(let input) = frame.image else { return nil }
            let picture = StudioPlan.Input(name: "input-\(frame.role == .first ? 0 : 1)", input: input)
            let name = "\(frame.role == .first ? "first" : "last").bmp"
            guard
                let step = StudioPlan.decoding(
                    picture,
                    to: name,
                    width: size.width * oversampling,
                    height: size.height * oversampling,
                    ffmpeg: ffmpeg
                )
            else { return nil }
            plan.inputs.append(picture)
            plan.steps.append(step)
            names[frame.role] = name
        }
        // On pictures that were given nothing is written.
        var caption: StudioCaption?
        if names.isEmpty {
            guard let guides = guides(video.inputReferences, size, &plan, ffmpeg: ffmpeg) else {
                return nil
            }
            let words = StudioCaption(video.prompt, size: size, font: tools.font)
            plan.texts.append(("caption.txt", words.text))
            caption = words
            for (role, name) in [(FrameRole.first, "first.bmp"), (.last, "last.bmp")] {
                let encoder = ["-pix_fmt", "bgr24", "-c:v", "bmp"]
                plan.steps.append(
                    StudioStill.drawing(
                        to: name,
                        encoder,
                        size: size,
                        reference: role == .first ? guides.first : guides.last,
                        nil,
                        &dice,
                        ffmpeg: ffmpeg
                    )
                )
                names[role] = name
            }
        }
        let camera = Camera(size: size, rate: rate, oversampling: oversampling)
        let picture: (inputs: [String], graph: String)
        switch (names[.first], names[.last]) {
        case (let first?, let last?):
            picture = two(first, last, frames: frames, camera, transitions[dice.roll(transitions.count)], &dice)
        case (let first?, nil):
            picture = (["-i", first], camera.move(input: 0, frames: frames, .closer, &dice, "moving"))
        case (nil, let last?):
            picture = (["-i", last], camera.move(input: 0, frames: frames, .away, &dice, "moving"))
        case (nil, nil): return nil
        }
        var sound =
            (video.generateAudio ?? true) ? tone(seconds: seconds, firstInput: picture.inputs.count / 2, &dice) : nil
        if let narration, let espeak = tools.espeak, let tone = sound {
            guard let speaking = StudioVoice.speaking(narration, espeak: espeak) else { return nil }
            plan.texts.append(("speech.txt", StudioVoice.spoken(narration.text)))
            plan.steps += speaking
            sound = spoken(over: tone, firstInput: picture.inputs.count / 2)
        }
        plan.steps.append(
            render(picture, caption, sound, seconds: seconds, frames: frames, rate: rate, ffmpeg: ffmpeg)
        )
        return plan
    }

    /// Lays the reference pictures out; nil for one that cannot be taken.
    private static func guides(
        _ references: [MediaInput],
        _ size: PixelSize,
        _ plan: inout StudioPlan,
        ffmpeg: String
    ) -> [String]? {
        var names: [String] = []
        for (index, reference) in references.enumerated() {
            guard case .stored(let input) = reference else { return nil }
            let picture = StudioPlan.Input(name: "input-\(index)", input: input)
            let name = "guide-\(index).bmp"
            guard
                let step = StudioPlan.decoding(
                    picture,
                    to: name,
                    width: size.width,
                    height: size.height,
                    ffmpeg: ffmpeg
                )
            else { return nil }
            plan.inputs.append(picture)
            plan.steps.append(step)
            names.append(name)
        }
        return names
    }

    private static func render(
        _ picture: (inputs: [String], graph: String),
        _ caption: StudioCaption?,
        _ sound: (inputs: [String], graph: String)?,
        seconds: Int,
        frames: Int,
        rate: Int,
        ffmpeg: String
    ) -> StudioPlan.Step {
        // A transition may come out a frame short: the last frame is held, and the count cut to what was asked.
        let ending =
            "[moving]tpad=stop_mode=clone:stop=\(rate),trim=end_frame=\(frames)" + (caption?.filter ?? "")
            + ",format=yuv420p[video]"
        let graph = [picture.graph, ending, sound?.graph].compactMap { $0 }.joined(separator: ";")
        let videoCodec = [
            "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-profile:v", "high", "-threads", "2",
            "-g", "\(rate * 2)", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
            "-color_range", "tv",
        ]
        let audioCodec = ["-map", "[sound]", "-c:a", "aac", "-b:a", "96k", "-ar", "48000"]
        let container = ["-t", "\(seconds)", "-movflags", "+faststart", "-f", "mp4", "out-0.mp4.tmp"]
        return StudioPlan.Step(
            stage: .render,
            arguments: [ffmpeg] + StudioPlan.quiet + ["-progress", "progress", "-stats_period", "0.1"]
                + ["-filter_complex_threads", "2"] + picture.inputs + (sound?.inputs ?? [])
                + ["-filter_complex", graph, "-map", "[video]"] + videoCodec + (sound == nil ? [] : audioCodec)
                + StudioPlan.exact + container,
            result: "out-0.mp4"
        )
    }

    /// Two pictures, the second taking over during the middle third.
    private static func two(
        _ first: String,
        _ last: String,
        frames: Int,
        _ camera: Camera,
        _ transition: String,
        _ dice: inout StudioDice
    ) -> (inputs: [String], graph: String) {
        let shared = frames / 3
        let firstFrames = (frames + shared) / 2
        let lastFrames = frames + shared - firstFrames
        let graph = [
            camera.move(input: 0, frames: firstFrames, .closer, &dice, "before"),
            camera.move(input: 1, frames: lastFrames, .away, &dice, "after"),
            "[before][after]xfade=transition=\(transition):duration=\(camera.seconds(shared))"
                + ":offset=\(camera.seconds(firstFrames - shared))[moving]",
        ]
        return (["-i", first, "-i", last], graph.joined(separator: ";"))
    }

    /// A soft fifth, which fades in and out.
    private static func tone(
        seconds: Int,
        firstInput: Int,
        _ dice: inout StudioDice
    ) -> (inputs: [String], graph: String) {
        let pitch = 140 + dice.roll(240)
        let inputs = [pitch, pitch * 3 / 2].flatMap { frequency in
            ["-f", "lavfi", "-i", "sine=frequency=\(frequency):sample_rate=48000:duration=\(seconds)"]
        }
        let fades = "afade=t=in:d=0.4,afade=t=out:st=\(seconds - 1).4:d=0.6"
        let graph =
            "[\(firstInput):a][\(firstInput + 1):a]amix=inputs=2,volume=0.5,\(fades)"
            + ",aformat=channel_layouts=stereo[sound]"
        return (inputs, graph)
    }

    /// The tone as a bed for `speech.wav`, which starts after a breath.
    private static func spoken(
        over tone: (inputs: [String], graph: String),
        firstInput: Int
    ) -> (inputs: [String], graph: String) {
        let voice =
            "[\(firstInput + 2):a]aresample=48000,aformat=channel_layouts=stereo,adelay=300:all=1,apad[voice]"
        let bed = tone.graph.replacing("[sound]", with: ",volume=0.25[bed]")
        let mix = "[bed][voice]amix=inputs=2:duration=first:normalize=0,alimiter[sound]"
        return (
            tone.inputs + ["-f", "wav", "-i", "speech.wav"], [bed, voice, mix].joined(separator: ";")
        )
    }

    /// Moves over a picture that is larger than the video.
    private struct Camera {
        enum Direction {
            /// From the whole picture inwards: the first frame is the picture.
            case closer
            /// Outwards to the whole picture: the last frame is the picture.
            case away
        }

        let size: PixelSize
        let rate: Int
        let oversampling: Int

        func move(
            input: Int,
            frames: Int,
            _ direction: Direction,
            _ dice: inout StudioDice,
            _ label: String
        ) -> String {
            let (width, height) = (size.width * oversampling, size.height * oversampling)
            let last = max(1, frames - 1)
            let depth = 15 + dice.roll(16)
            let wave = direction == .closer ? "1-cos(PI*min(on,\(last))/\(last))" : "1+cos(PI*min(on,\(last))/\(last))"
            let (across, down) = (dice.roll(101), dice.roll(101))
            let fit =
                "scale=\(width):\(height):force_original_aspect_ratio=increase:out_color_matrix=bt709:out_range=tv"
                + ",crop=\(width):\(height),format=yuv420p"
            let zoom =
                "zoompan=z='1+0.\(depth)*(\(wave))/2':x='(iw-iw/zoom)*\(across)/100':y='(ih-ih/zoom)*\(down)/100'"
                + ":d=\(frames):s=\(size):fps=\(rate)"
            return "[\(input):v]\(fit),\(zoom),setsar=1,settb=1/\(rate)[\(label)]"
        }

        /// A number of frames in seconds, rounded to microseconds.
        func seconds(_ frames: Int) -> String {
            let micros = (frames * 1_000_000 + rate / 2) / rate
            let fraction = String(micros % 1_000_000)
            return "\(micros / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
        }
    }
}
