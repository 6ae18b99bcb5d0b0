/// What a client asks a model to make, in the vocabulary shared by every provider.
public struct GenerationRequest: Sendable, Hashable, Codable {
    /// The model's slug, `author/name`.
    public var model: String
    /// The parameters, per type.
    public var content: Content
    /// Options handed to one provider as they are, by provider slug: `provider.options` on the wire.
    public var providerOptions: [String: JSONValue]
    /// Which providers may serve it, and how to choose among them; nil: any, by the rules of the house.
    public var routing: ProviderRouting?

    /// The parameters of a request, per type.
    public enum Content: Sendable, Hashable, Codable {
        /// A video.
        case video(VideoRequest)
        /// An image.
        case image(ImageRequest)
        /// Speech.
        case speech(SpeechRequest)
        /// Text from spoken audio.
        case transcription(TranscriptionRequest)
        /// Music.
        case music(MusicRequest)
        /// A sound effect.
        case sound(SoundRequest)
    }

    /// Makes a request.
    public init(model: String, content: Content, providerOptions: [String: JSONValue] = [:]) {
        self.model = model
        self.content = content
        self.providerOptions = providerOptions
    }

    /// What the request makes.
    public var type: GenerationType {
        switch content {
        case .video: .video
        case .image: .image
        case .speech: .speech
        case .transcription: .transcription
        case .music: .music
        case .sound: .sound
        }
    }

    /// The text that the model follows or speaks; of a transcription what stands before it.
    public var prompt: String {
        switch content {
        case .video(let video): video.prompt
        case .image(let image): image.prompt
        case .speech(let speech): speech.input
        case .transcription(let transcription): transcription.prompt ?? ""
        case .music(let music): music.prompt
        case .sound(let sound): sound.prompt
        }
    }

    /// Every media input with its path in the body, in order.
    public var inputs: [(path: String, input: MediaInput)] {
        switch content {
        case .video(let video):
            video.frameImages.enumerated().map { ("frame_images[\($0.offset)].image_url.url", $0.element.image) }
                + zip(video.picturePositions, video.inputReferences).map {
                    ("input_references[\($0)].image_url.url", $1)
                }
        case .image(let image):
            image.inputReferences.enumerated().map { ("input_references[\($0.offset)].image_url.url", $0.element) }
                + (image.mask.map { [("mask.image_url.url", $0)] } ?? [])
        case .transcription(let transcription): [("input_audio", transcription.inputAudio)]
        case .speech, .music, .sound: []
        }
    }

    /// Every video and sound that a provider fetches itself, with its path in the body.
    public var remoteMedia: [(path: String, url: String)] {
        switch content {
        case .video(let video):
            video.mediaReferences.map { ("input_references[\($0.position)].\($0.kind.rawValue).url", $0.url) }
        case .image, .speech, .transcription, .music, .sound: []
        }
    }

    /// The request with each input replaced by what `replacement` gives for it.
    public func replacingInputs(_ replacement: (MediaInput) -> MediaInput) -> GenerationRequest {
        var copy = self
        switch content {
        case .video(var video):
            for index in video.frameImages.indices {
                video.frameImages[index].image = replacement(video.frameImages[index].image)
            }
            video.inputReferences = video.inputReferences.map(replacement)
            copy.content = .video(video)
        case .image(var image):
            image.inputReferences = image.inputReferences.map(replacement)
            image.mask = image.mask.map(replacement)
            copy.content = .image(image)
        case .transcription(var transcription):
            transcription.inputAudio = replacement(transcription.inputAudio)
            copy.content = .transcription(transcription)
        case .speech, .music, .sound: break
        }
        return copy
    }
}

/// The parameters of a video.
public struct VideoRequest: Sendable, Hashable, Codable {
    /// What is to be seen.
    public var prompt: String
    /// What is not to be seen.
    public var negativePrompt: String?
    /// The length in seconds.
    public var duration: Int?
    /// The resolution tier, such as `720p`.
    public var resolution: String?
    /// The aspect ratio, such as `16:9`.
    public var aspectRatio: String?
    /// The exact size; stands for a resolution and an aspect ratio.
    public var size: PixelSize?
    /// Frames per second.
    public var fps: Int?
    /// Pictures the video must start or end with; at most one of each role.
    public var frameImages: [FrameImage] = []
    /// Pictures to be guided by.
    public var inputReferences: [MediaInput] = []
    /// Videos and sounds to be guided by, which the provider fetches itself.
    public var mediaReferences: [MediaReference] = []
    /// Whether the video gets sound.
    public var generateAudio: Bool?
    /// Makes the outcome repeatable where the model can.
    public var seed: Int64?
    /// An earlier job to continue from.
    public var previousJobID: String?

    /// Makes a request with a prompt; everything else is set afterwards.
    public init(prompt: String) { self.prompt = prompt }

    /// The places of the reference pictures among all references.
    var picturePositions: [Int] {
        let others = Set(mediaReferences.map(\.position))
        return (0..<(inputReferences.count + others.count)).filter { !others.contains($0) }
    }
}

extension VideoRequest {
    /// Reads what is stored: an earlier version wrote fewer fields.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(prompt: try fields.decode(String.self, forKey: .prompt))
        negativePrompt = try fields.decodeIfPresent(String.self, forKey: .negativePrompt)
        duration = try fields.decodeIfPresent(Int.self, forKey: .duration)
        resolution = try fields.decodeIfPresent(String.self, forKey: .resolution)
        aspectRatio = try fields.decodeIfPresent(String.self, forKey: .aspectRatio)
        size = try fields.decodeIfPresent(PixelSize.self, forKey: .size)
        fps = try fields.decodeIfPresent(Int.self, forKey: .fps)
        frameImages = try fields.decodeIfPresent([FrameImage].self, forKey: .frameImages) ?? []
        inputReferences = try fields.decodeIfPresent([MediaInput].self, forKey: .inputReferences) ?? []
        mediaReferences = try fields.decodeIfPresent([MediaReference].self, forKey: .mediaReferences) ?? []
        generateAudio = try fields.decodeIfPresent(Bool.self, forKey: .generateAudio)
        seed = try fields.decodeIfPresent(Int64.self, forKey: .seed)
        previousJobID = try fields.decodeIfPresent(String.self, forKey: .previousJobID)
    }
}

/// The parameters of an image.
public struct ImageRequest: Sendable, Hashable, Codable {
    /// What is to be seen.
    public var prompt: String
    /// What is not to be seen.
    public var negativePrompt: String?
    /// How many images.
    public var n: Int?
    /// The exact size.
    public var size: PixelSize?
    /// The resolution tier, such as `1K`.
    public var resolution: String?
    /// The aspect ratio.
    public var aspectRatio: String?
    /// The quality tier.
    public var quality: String?
    /// `transparent`, `opaque` or `auto`, where the model has it.
    public var background: String?
    /// `png`, `jpeg` or `webp`.
    public var outputFormat: String?
    /// 0 to 100, for lossy formats.
    public var outputCompression: Int?
    /// Pictures to be guided by.
    public var inputReferences: [MediaInput] = []
    /// The area to change.
    public var mask: MediaInput?
    /// Makes the outcome repeatable where the model can.
    public var seed: Int64?
    /// How many previews the client wants to see while the image is made.
    public var partialImages: Int?

    /// Makes a request with a prompt; everything else is set afterwards.
    public init(prompt: String) { self.prompt = prompt }
}
