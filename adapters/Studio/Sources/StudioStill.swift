import Generation

/// `studio/still`: gradients in colours that follow from the prompt, with the prompt as a caption.
enum StudioStill {
    static func plan(_ image: ImageRequest, entropy: String, tools: StudioTools, ffmpeg: String) -> StudioPlan? {
        guard let size = image.size, let format = image.outputFormat, let count = image.n else { return nil }
        let (encoder, mediaType): ([String], String) =
            switch format {
            case "jpeg": (["-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p"], "image/jpeg")
            case "webp": (["-c:v", "libwebp", "-quality", "85"], "image/webp")
            default: (["-c:v", "png"], "image/png")
            }
        var plan = StudioPlan()
        if case .stored(let input)? = image.inputReferences.first {
            let picture = StudioPlan.Input(name: "input-0", input: input)
            guard
                let step = StudioPlan.decoding(
                    picture,
                    to: "reference.bmp",
                    width: size.width,
                    height: size.height,
                    ffmpeg: ffmpeg
                )
            else { return nil }
            plan.inputs.append(picture)
            plan.steps.append(step)
        }
        let caption = StudioCaption(image.prompt, size: size, font: tools.font)
        plan.texts.append(("caption.txt", caption.text))
        for index in 0..<count {
            var dice = StudioDice(seed: entropy, prompt: image.prompt, index: index)
            let output = StudioPlan.Record.Output(name: "out-\(index).\(format)", mediaType: mediaType)
            plan.record.outputs.append(output)
            plan.steps.append(
                drawing(
                    to: output.name,
                    encoder,
                    size: size,
                    reference: plan.inputs.isEmpty ? nil : "reference.bmp",
                    caption,
                    &dice,
                    ffmpeg: ffmpeg
                )
            )
        }
        return plan
    }

    /// The command that draws one picture.
    static func drawing(
        to output: String,
        _ encoder: [String],
        size: PixelSize,
        reference: String? = nil,
        _ caption: StudioCaption?,
        _ dice: inout StudioDice,
        ffmpeg: String
    ) -> StudioPlan.Step {
        let noise = dice.roll(1_000_000)
        var inputs = ["-f", "lavfi", "-i", gradients(size, &dice), "-f", "lavfi", "-i", gradients(size, &dice)]
        var graph = "[0:v]format=gbrp[one];[1:v]format=gbrp[two];[one][two]blend=all_mode=softlight[drawn]"
        if let reference {
            inputs += ["-i", reference]
            graph += ";[2:v]format=gbrp[given];[drawn][given]blend=all_mode=normal:all_opacity=0.35[blended]"
        }
        graph += ";[\(reference == nil ? "drawn" : "blended")]noise=alls=14:all_seed=\(noise):allf=p"
        graph += ",gblur=sigma=1.1,vignette=PI/6" + (caption?.filter ?? "") + "[picture]"
        return StudioPlan.Step(
            stage: .render,
            arguments: [ffmpeg] + StudioPlan.quiet + inputs + ["-filter_complex", graph, "-map", "[picture]"]
                + ["-frames:v", "1", "-threads", "1"] + encoder + StudioPlan.exact
                + ["-f", "image2", "-update", "1", "\(output).tmp"],
            result: output
        )
    }

    private static func gradients(_ size: PixelSize, _ dice: inout StudioDice) -> String {
        let colors = dice.palette().enumerated().map { "c\($0.offset)=\($0.element)" }.joined(separator: ":")
        // From the left third to the right one, so that all five colours find room.
        let from = "x0=\(dice.roll(size.width / 3)):y0=\(dice.roll(size.height))"
        let to = "x1=\(size.width - 1 - dice.roll(size.width / 3)):y1=\(dice.roll(size.height))"
        let kind = "type=\(dice.roll(4)):seed=\(dice.roll(1_000_000))"
        return "gradients=s=\(size):n=5:\(colors):\(from):\(to):\(kind)"
    }
}

/// The prompt, drawn into a picture.
struct StudioCaption {
    private static let linesMax = 4

    /// The lines to draw: what does not fit is left out, and says so.
    let text: String
    private let font: String?
    private let fontSize: Int

    init(_ prompt: String, size: PixelSize, font: String?) {
        fontSize = max(1, min(size.width, size.height) / 20)
        text = Self.wrapped(prompt, width: max(12, size.width * 85 / 60 / fontSize))
        self.font = font
    }

    /// The filter that draws `caption.txt`, with the comma before it; nothing without a font or a text.
    ///
    /// `expansion=none`: a `%{...}` in a prompt stays text.
    var filter: String {
        guard let font, !text.isEmpty else { return "" }
        let place = "x=(w-tw)/2:y=h-th-h/14:fontsize=\(fontSize):line_spacing=4"
        let look = "fontcolor=white:box=1:boxcolor=black@0.45:boxborderw=\(fontSize / 2)"
        return ",drawtext=fontfile=\(font):textfile=caption.txt:expansion=none:\(place):\(look)"
    }

    private static func wrapped(_ prompt: String, width: Int) -> String {
        var lines: [String] = []
        var line = ""
        for word in plain(prompt).split(separator: " ") {
            // A word longer than a line is cut into lines of its own.
            var rest = word
            while !rest.isEmpty {
                let room = line.isEmpty ? width : width - line.count - 1
                if rest.count <= room {
                    line += (line.isEmpty ? "" : " ") + rest
                    rest = ""
                } else if line.isEmpty {
                    lines.append(String(rest.prefix(width)))
                    rest = rest.dropFirst(width)
                } else {
                    lines.append(line)
                    line = ""
                }
            }
            if lines.count > linesMax { break }
        }
        if !line.isEmpty { lines.append(line) }
        guard lines.count > linesMax else { return lines.joined(separator: "\n") }
        return lines.prefix(linesMax).joined(separator: "\n") + "…"
    }

    /// One line of text, without anything that moves the pen.
    private static func plain(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .spaceSeparator, .format: out += " "
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
