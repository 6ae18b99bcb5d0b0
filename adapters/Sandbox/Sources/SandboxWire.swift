import Cryptography
import Foundation
import Generation

/// The sandbox's wire: JSON over HTTP, as a provider would speak it.
///
/// Only what is used is here, and what comes back is read loosely: a real provider adds fields when it likes.
enum Wire {
    /// `POST /v1/generations`: one generation to start.
    struct Generation: Codable {
        var model: String
        var prompt: String
        var negativePrompt: String?
        var duration: Int?
        var width: Int?
        var height: Int?
        var fps: Int?
        var frames: [Media]?
        var references: [Media]?
        var audio: Bool?
        var seed: Int64?
        var count: Int?
        /// How many previews a streamed image has.
        var previews: Int?
        var format: String?
        var voice: String?
        var turns: [Turn]?
        var language: String?
        var speed: Double?
        var instructions: String?
        var lyrics: String?
        var instrumental: Bool?
        var loop: Bool?
        /// The length of music or of a sound effect, in seconds.
        var length: Double?
        var sound: Sound?
        var words: Bool?
        var diarize: Bool?
        var keyterms: [String]?
        var temperature: Double?
        var script: SandboxScript

        init(model: String, prompt: String, script: SandboxScript) {
            self.model = model
            self.prompt = prompt
            self.script = script
        }
    }

    /// A picture handed in with a generation.
    struct Media: Codable {
        var role: String?
        var mediaType: String
        /// Base64.
        var data: String
    }

    /// One voice's part of speech.
    struct Turn: Codable {
        var voice: String?
        var text: String
    }

    /// What is to be listened to: its facts alone, since nobody here listens.
    struct Sound: Codable {
        var sha256: String
        var mediaType: String
        var bytes: Int64
        var milliseconds: Int64?
    }

    /// One event of a streamed image.
    struct Event: Codable {
        var index: Int
        /// Base64.
        var data: String
    }

    /// How a generation stands: the answer to a submit, a look-up and a status.
    struct Standing: Codable {
        /// A status word.
        ///
        /// Loose: a word that nobody knows means that the generation goes on.
        var status: String
        var id: String?
        var ticket: String?
        var progress: Double?
        var media: [Link]?
        var characters: Int64?
        var error: Problem?
    }

    /// The answer to `GET /v1/generations`: what was accepted, the newest first.
    struct List: Codable {
        var generations: [SandboxJournal.Line]
    }

    /// Where an output is.
    struct Link: Codable {
        var url: String
        var mediaType: String?
    }

    /// The body of every refusal: `{"error":{"code":...,"message":...}}`.
    struct Refusal: Codable {
        var error: Problem?
    }

    /// Why something did not happen.
    struct Problem: Codable {
        var code: String?
        var message: String?
    }

    /// All that the provider knows of a generation, which it keeps in the client's hands instead of in a database.
    struct Ticket: Codable {
        var id: String
        /// When the generation started, in milliseconds since 1970.
        var start: Int64
        var kind: Kind
        var script: SandboxScript
        var seconds = 0
        var framesPerSecond = 24
        var hasAudio = false
        var count = 1
        var characters = 0
        var speed = 1.0
        var format: String?
        /// Three bytes, so that outputs differ by prompt and seed.
        var color: [UInt8] = []
        /// The length of music and of sound effects, or of the sound that was listened to.
        var milliseconds: Int?
        var language: String?
        var diarize: Bool?
        var words: Bool?
        var previews: Int?

        enum Kind: String, Codable {
            case video
            case image
            case speech
            case transcription
            case music
            case sound
        }

        /// The ticket as it stands in URLs and operations.
        var text: String {
            Data(Wire.encode(self)).base64EncodedString()
                .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        }

        /// Reads a ticket; nil when it is none.
        init?(text: String) {
            var padded = text.replacing("-", with: "+").replacing("_", with: "/")
            padded += String(repeating: "=", count: (4 - padded.count % 4) % 4)
            guard let data = Data(base64Encoded: padded), let ticket = try? Wire.decode(Ticket.self, Array(data))
            else { return nil }
            self = ticket
        }

        init(id: String, start: Int64, kind: Kind, script: SandboxScript) {
            self.id = id
            self.start = start
            self.kind = kind
            self.script = script
        }
    }

    /// The header that carries the attempt's number: scripts can fail the first attempts only.
    static let attemptHeader = "X-Sandbox-Attempt"
    /// The header that carries how often the attempt was sent before.
    static let earlierSendsHeader = "X-Sandbox-Earlier-Sends"
    /// The header that carries when the attempt was first sent, on resends and look-ups: others remember.
    static let firstSentHeader = "X-Sandbox-First-Sent"

    /// The header of a streamed answer that tells how many characters were spoken.
    static let charactersHeader = "X-Sandbox-Characters"
    /// The event of a preview, and that of an image.
    static let previewEvent = "preview"
    static let imageEvent = "image"
    /// The last event: without it, the stream was cut.
    static let lastEvent = "done"

    /// The id under which the provider knows what was sent with a token: equal for a resend.
    static func id(token: String) -> String {
        "sbx_" + Hex.encode(SHA256.hash(Array(token.utf8)).bytes.prefix(16))
    }

    /// Sorted keys: equal values give equal bytes, and a resend must have the same body.
    static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        guard let data = try? encoder.encode(value) else { preconditionFailure("wire types always encode") }
        return Array(data)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(bytes))
    }
}
