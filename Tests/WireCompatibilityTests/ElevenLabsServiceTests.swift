import Foundation
import Generation
import Ledger
import MediaInspection
import ProviderSimulators
import ServiceHarness
import Testing

/// The whole program before the simulated ElevenLabs: every type of sound, from the request to the file and the bill.
@Suite(.keepsEvidence, .serialized, .timeLimit(.minutes(10)))
struct ElevenLabsServiceTests {
    private static let secret = "xi-simulated-secret"

    private static func settings() -> SimulatorSettings {
        var settings = SimulatorSettings()
        settings.limits = SimulatorLimits()
        settings.durations = .fixed(seconds: 0.1)
        settings.wire = ["api_key": secret]
        return settings
    }

    /// Two seconds of silence.
    private static let wav: [UInt8] = {
        func little(_ value: Int, _ bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(value >> ($0 * 8) & 0xFF) } }
        let size = 2 * 32_000
        let form = little(16, 4) + little(1, 2) + little(1, 2) + little(16_000, 4) + little(32_000, 4)
        return Array("RIFF".utf8) + little(36 + size, 4) + Array("WAVEfmt ".utf8) + form + little(2, 2) + little(16, 2)
            + Array("data".utf8) + little(size, 4) + Array(repeating: 0, count: size)
    }()

    private static let sound: JSONValue = [
        "data": .string(Data(wav).base64EncodedString()), "format": "wav",
    ]

    /// A job, what it must give, and what it must cost.
    private struct Order: Sendable {
        let job: JSONValue
        let mediaType: String
        let cost: String
        var milliseconds: Int64?
    }

    private static let orders = [
        // 24 characters at $0.04 a thousand.
        Order(
            job: [
                "type": "speech", "model": "elevenlabs/eleven-flash-v2.5", "input": "The boat leaves at dawn.",
                "voice": "sarah", "response_format": "mp3",
            ],
            mediaType: "audio/mpeg",
            cost: "0.00096",
            milliseconds: 1_600
        ),
        Order(
            job: [
                "type": "speech", "model": "elevenlabs/eleven-v3", "input": "The boat leaves at dawn.",
                "response_format": "pcm",
            ],
            mediaType: "audio/pcm;rate=24000;channels=1",
            cost: "0.00192",
            milliseconds: 1_600
        ),
        Order(
            job: [
                "type": "speech", "model": "elevenlabs/eleven-multilingual-v2", "input": "The boat leaves at dawn.",
                "response_format": "wav",
            ],
            mediaType: "audio/wav",
            cost: "0.00192",
            milliseconds: 1_600
        ),
        // Two seconds at $0.12 a minute; WAV has no padding.
        Order(
            job: [
                "type": "sound", "model": "elevenlabs/eleven-text-to-sound-v2", "prompt": "A door slams",
                "duration": 2, "response_format": "wav",
            ],
            mediaType: "audio/wav",
            cost: "0.004",
            milliseconds: 2_000
        ),
        // Held for five seconds at $0.60 a minute: the padding of an MP3 is not billed.
        Order(
            job: [
                "type": "music", "model": "elevenlabs/music-v2", "prompt": "A slow waltz", "duration": 5,
                "instrumental": true,
            ],
            mediaType: "audio/mpeg",
            cost: "0.05",
            milliseconds: 5_000
        ),
        // Two seconds at $0.22 an hour, and a fifth more.
        Order(
            job: [
                "type": "transcription", "model": "elevenlabs/scribe-v2", "input_audio": sound,
                "response_format": "verbose_json", "diarize": true,
            ],
            mediaType: "application/json",
            cost: "0.000122222"
        ),
        Order(
            job: [
                "type": "transcription", "model": "elevenlabs/scribe-v2", "input_audio": sound,
                "response_format": "srt", "keyterms": ["boat"],
            ],
            mediaType: "application/x-subrip",
            cost: "0.000146667"
        ),
    ]

    @Test func everyTypeIsMadeStoredAndBilled() async throws {
        let installation = try Installation("elevenlabs")
        try await withSimulator(ElevenWire.self, Self.settings()) { simulator in
            let settings = ["ELEVENLABS_API_KEY": Self.secret, "ELEVENLABS_BASE_URL": simulator.baseURL]
            let (endings, log) = try await Gate.machine.run {
                let service = try installation.serve(settings)
                defer { service.child.end() }
                let ids = try Self.orders.enumerated().map { index, order in
                    let answer = try service.client.submit(order.job, idempotencyKey: "eleven-\(index)")
                    guard answer.status == 202, let id = answer.json["id"]?.stringValue else {
                        throw Unexpected("\(answer.status) \(answer.text)")
                    }
                    return id
                }
                for id in ids { _ = try service.client.waitForEnd(of: id, within: 60) }
                let endings = try ids.map { try Ending(of: $0, service.client) }
                try service.stop()
                _ = try installation.json("audit")
                return (endings, service.log)
            }
            for (order, ending) in zip(Self.orders, endings) {
                let name = ending.job.canonicalText
                ending.check()
                #expect(ending.status == "completed", "\(name)")
                #expect(ending.cost == Credits(usd: order.cost), "\(name)")
                let artifact = try #require(ending.artifacts.first, "\(name)")
                #expect(ending.artifacts.count == 1)
                guard case .array(let listed)? = ending.job["artifacts"] else { continue }
                let mediaType = listed.first?["media_type"]?.stringValue
                #expect(mediaType == order.mediaType, "\(name)")
                if let wanted = order.milliseconds {
                    let length = try Self.milliseconds(of: artifact, order.mediaType)
                    #expect(abs(length - wanted) <= 110, "\(length) ms: \(name)")
                } else {
                    #expect(String(decoding: artifact, as: UTF8.self).contains("The boat leaves at dawn."))
                }
            }
            let captions = try #require(endings.last?.artifacts.first)
            #expect(String(decoding: captions, as: UTF8.self).hasPrefix("1\n00:00:00,000 --> "))
            #expect(simulator.count(.submit) == Self.orders.count)
            #expect(!log.contains(Self.secret))
            #expect(!log.contains("slow waltz"))
        }
        installation.remove()
    }

    private static func milliseconds(of bytes: [UInt8], _ mediaType: String) throws -> Int64 {
        if mediaType.hasPrefix("audio/pcm") { return Int64(bytes.count) / 48 }
        let facts = try MediaInspector.inspect(bytes: bytes, expecting: MediaType(mime: mediaType))
        return try #require(facts.durationMilliseconds)
    }

    /// A prompt with a fault, and how its job must end.
    private static let faults: [(prompt: String, status: String, submits: Int)] = [
        ("[[fault:submit:status:429:1]]", "completed", 2), ("[[fault:submit:answer_lost]]", "failed", 1),
        ("[[fault:submit:truncated_json]]", "failed", 1), ("[[fault:submit:html]]", "failed", 1),
        ("[[fault:submit:status:500]]", "failed", 1), ("[[fault:submit:status:401*9]]", "failed", 1),
        ("[[sim:filtered_input]]", "failed", 1), ("[[sim:no_media]]", "failed", 1), ("simulate:quota", "failed", 1),
    ]

    @Test func faultsCostNothingAndNothingIsSentTwice() async throws {
        let installation = try Installation("elevenlabs-faults")
        try await withSimulator(ElevenWire.self, Self.settings()) { simulator in
            let settings = ["ELEVENLABS_API_KEY": Self.secret, "ELEVENLABS_BASE_URL": simulator.baseURL]
            let (endings, log) = try await Gate.machine.run {
                let service = try installation.serve(settings)
                defer { service.child.end() }
                let endings = try Self.faults.enumerated().map { index, fault in
                    let job: JSONValue = [
                        "type": "speech", "model": "elevenlabs/eleven-turbo-v2.5",
                        "input": .string("Hello. \(fault.prompt)[[job:\(index)]]"),
                    ]
                    let answer = try service.client.submit(job, idempotencyKey: "fault-\(index)")
                    guard answer.status == 202, let id = answer.json["id"]?.stringValue else {
                        throw Unexpected("\(answer.status) \(answer.text)")
                    }
                    _ = try service.client.waitForEnd(of: id, within: 90)
                    return try Ending(of: id, service.client)
                }
                try service.stop()
                _ = try installation.json("audit")
                return (endings, service.log)
            }
            for (fault, ending) in zip(Self.faults, endings) {
                ending.check()
                #expect(ending.status == fault.status, "\(fault.prompt): \(ending.job.canonicalText)")
                #expect((ending.cost == .zero) == (fault.status == "failed"), "\(fault.prompt)")
                let sent = simulator.requests(.submit).count { $0.text.contains(fault.prompt) }
                #expect(sent == fault.submits, "\(fault.prompt) was sent \(sent) times")
            }
            #expect(!log.contains(Self.secret))
        }
        installation.remove()
    }
}
