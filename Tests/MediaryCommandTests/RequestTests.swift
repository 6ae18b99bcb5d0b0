import ArgumentParser
import ConformanceKit
import Foundation
import Generation
import Testing

@testable import mediary

/// Goal: what is typed becomes the native request that is meant, and what cannot be sent is refused in words.
@Suite struct RequestTests {
    /// One transparent pixel.
    private static let png =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

    private func video(_ arguments: String...) throws -> JSONValue {
        try GenerateCommand.Typed<VideoOptions>.parse(arguments).request.whole("chosen")
    }

    private func image(_ arguments: String...) throws -> JSONValue {
        try GenerateCommand.Typed<ImageOptions>.parse(arguments).request.whole("chosen")
    }

    private func speech(_ arguments: String...) throws -> JSONValue {
        try GenerateCommand.Typed<SpeechOptions>.parse(arguments).request.whole("chosen")
    }

    private func transcription(_ arguments: String...) throws -> JSONValue {
        try GenerateCommand.Typed<TranscriptionOptions>.parse(arguments).request.whole("chosen")
    }

    @Test func whatIsListenedToIsAURLOrAFile() throws {
        let url = "https://example.com/talk.mp3"
        #expect(
            try transcription(url) == [
                "type": "transcription", "model": "chosen", "input_audio": ["url": .string(url)],
            ]
        )
        try withTemporaryFolder { (folder: String) throws in
            func file(_ name: String, _ bytes: [UInt8]) throws -> String {
                let path = "\(folder)/\(name)"
                try Data(bytes).write(to: URL(filePath: path))
                return path
            }
            let wave = Array("RIFF\u{24}\0\0\0WAVEfmt ".utf8) + Array(repeating: 0, count: 24)
            let body = try transcription(
                "--language",
                "en",
                "--timestamps",
                "word",
                "--timestamps",
                "segment",
                "--diarize",
                "--keyterm",
                "Mediary",
                "--temperature",
                "0.5",
                "--prompt",
                "a talk",
                "--response-format",
                "srt",
                try file("talk.bin", wave)
            )
            let expected: JSONValue = [
                "type": "transcription", "model": "chosen", "language": "en",
                "timestamp_granularities": ["word", "segment"], "diarize": true, "keyterms": ["Mediary"],
                "temperature": .number(0.5), "prompt": "a talk", "response_format": "srt",
                "input_audio": ["data": .string(Data(wave).base64EncodedString()), "format": "wav"],
            ]
            #expect(body == expected)
            #expect(try transcription(try file("a.pcm", [1, 2]))["input_audio"]?["format"] == "pcm")
            for (name, bytes) in [("text.wav", Array("hello".utf8)), ("empty.pcm", [])] {
                #expect(throws: ClientFailure.self) { try transcription(try file(name, bytes)) }
            }
        }
        for arguments in [[], ["/no/such/file"]] {
            #expect(throws: ClientFailure.self) {
                try GenerateCommand.Typed<TranscriptionOptions>.parse(arguments).request.whole("chosen")
            }
        }
    }

    @Test func everyOptionOfMusicAndOfASoundIsItsField() throws {
        let music = try GenerateCommand.Typed<MusicOptions>
            .parse([
                "--duration", "12.5", "--lyrics", "la la", "--no-instrumental", "--seed", "-1", "--response-format",
                "mp3", "a waltz",
            ])
            .request.whole("chosen")
        let waltz: JSONValue = [
            "type": "music", "model": "chosen", "prompt": "a waltz", "duration": .number(12.5), "lyrics": "la la",
            "instrumental": false, "seed": -1, "response_format": "mp3",
        ]
        #expect(music == waltz)
        let sound = try GenerateCommand.Typed<SoundOptions>
            .parse(["--duration", "2", "--loop", "--seed", "7", "--response-format", "wav", "rain"])
            .request.whole("chosen")
        let rain: JSONValue = [
            "type": "sound", "model": "chosen", "prompt": "rain", "duration": .number(2), "loop": true, "seed": 7,
            "response_format": "wav",
        ]
        #expect(sound == rain)
    }

    @Test func nothingButTheTextIsSentWhenNothingElseIsSaid() throws {
        #expect(try video("a boat") == ["type": "video", "model": "chosen", "prompt": "a boat"])
        #expect(try image("a boat") == ["type": "image", "model": "chosen", "prompt": "a boat"])
        #expect(try speech("a boat") == ["type": "speech", "model": "chosen", "input": "a boat"])
    }

    @Test func everyOptionOfAVideoIsItsField() throws {
        let body = try video(
            "--model",
            "a/b",
            "--duration",
            "5",
            "--resolution",
            "720p",
            "--aspect-ratio",
            "16:9",
            "--size",
            "1280x720",
            "--fps",
            "24",
            "--first-frame",
            "https://example.com/1.png",
            "--last-frame",
            "data:image/png;base64,AA==",
            "--reference",
            "http://example.com/2.png",
            "--reference",
            "HTTPS://example.com/3.png",
            "--no-audio",
            "--seed",
            "-7",
            "--negative-prompt",
            "rain",
            "--max-cost",
            "0.40",
            "--callback-url",
            "https://example.com/h",
            "--metadata",
            "order=1=2",
            "--metadata",
            "empty=",
            "--provider-option",
            "fake-provider.delay_ms=500",
            "--provider-option",
            "fake-provider.fail=timeout",
            "--provider-option",
            "other.deep.name=[1]",
            "--field",
            "strict=false",
            "--field",
            "user=\"u-1\"",
            "a boat"
        )
        func part(_ url: String, _ role: String? = nil) -> JSONValue {
            var members: [String: JSONValue] = ["type": "image_url", "image_url": ["url": .string(url)]]
            members["frame_type"] = role.map(JSONValue.string)
            return .object(members)
        }
        #expect(
            body == [
                "type": "video", "model": "a/b", "prompt": "a boat", "duration": 5, "resolution": "720p",
                "aspect_ratio": "16:9", "size": "1280x720", "fps": 24,
                "frame_images": [
                    part("https://example.com/1.png", "first_frame"), part("data:image/png;base64,AA==", "last_frame"),
                ],
                "input_references": [part("http://example.com/2.png"), part("HTTPS://example.com/3.png")],
                "generate_audio": false, "seed": -7, "negative_prompt": "rain", "max_cost": "0.40",
                "callback_url": "https://example.com/h", "metadata": ["order": "1=2", "empty": ""],
                "provider": [
                    "options": [
                        "fake-provider": ["delay_ms": 500, "fail": "timeout"], "other": ["deep.name": [1]],
                    ]
                ],
                "strict": false, "user": "u-1",
            ]
        )
        #expect(try video("x", "--audio")["generate_audio"] == true)
    }

    @Test func everyOptionOfAnImageIsItsField() throws {
        let body = try image(
            "--n",
            "2",
            "--size",
            "1024x1024",
            "--resolution",
            "1K",
            "--aspect-ratio",
            "1:1",
            "--quality",
            "high",
            "--background",
            "opaque",
            "--output-format",
            "webp",
            "--output-compression",
            "80",
            "--reference",
            "https://example.com/1.png",
            "--mask",
            "https://example.com/m.png",
            "--seed",
            "7",
            "--negative-prompt",
            "rain",
            "a boat"
        )
        #expect(
            body == [
                "type": "image", "model": "chosen", "prompt": "a boat", "n": 2, "size": "1024x1024", "resolution": "1K",
                "aspect_ratio": "1:1", "quality": "high", "background": "opaque", "output_format": "webp",
                "output_compression": 80,
                "input_references": [["type": "image_url", "image_url": ["url": "https://example.com/1.png"]]],
                "mask": ["type": "image_url", "image_url": ["url": "https://example.com/m.png"]], "seed": 7,
                "negative_prompt": "rain",
            ]
        )
    }

    @Test func everyOptionOfSpeechIsItsField() throws {
        let body = try speech(
            "--voice",
            "anna",
            "--language",
            "de",
            "--speed",
            "1.5",
            "--instructions",
            "calm",
            "--response-format",
            "mp3",
            "guten Tag"
        )
        #expect(
            body == [
                "type": "speech", "model": "chosen", "input": "guten Tag", "voice": "anna", "language": "de",
                "speed": .number(1.5), "instructions": "calm", "response_format": "mp3",
            ]
        )
    }

    @Test func aQuoteIsAskedForInTheSameWords() throws {
        let arguments = ["a boat", "--duration", "5", "--metadata", "a=b", "--field", "priority=3"]
        let generate = try GenerateCommand.Typed<VideoOptions>.parse(arguments).request.whole("m")
        let quote = try QuoteCommand.Typed<VideoOptions>.parse(arguments).request.whole("m")
        #expect(generate == quote)
    }

    @Test func aFileIsSentAsItsBytesUnderTheTypeThatTheyHave() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/picture.jpg"
            try #require(Data(base64Encoded: Self.png)).write(to: URL(filePath: path))
            let body = try video("x", "--first-frame", path)
            #expect(
                body["frame_images"] == [
                    [
                        "type": "image_url", "frame_type": "first_frame",
                        "image_url": ["url": .string("data:image/png;base64,\(Self.png)")],
                    ]
                ]
            )
        }
    }

    @Test func whatIsNoPictureIsNotSent() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/notes.png"
            try Data("not a picture".utf8).write(to: URL(filePath: path))
            expectFailure("--reference: \(path) is no picture") { try image("x", "--reference", path) }
            expectFailure("--mask: \(folder)/none.png cannot be opened: No such file") {
                try image("x", "--mask", "\(folder)/none.png")
            }
            expectFailure("--last-frame: \(folder) cannot be read") { try video("x", "--last-frame", folder) }
            let long = "\(folder)/long.png"
            try #require(Data(base64Encoded: Self.png)).write(to: URL(filePath: long))
            let file = try #require(FileHandle(forWritingAtPath: long))
            try file.truncate(atOffset: 20 << 20 | 1)
            expectFailure("--first-frame: \(long) is longer than 20971520 bytes") {
                try video("x", "--first-frame", long)
            }
        }
    }

    @Test func whatCannotBeMeantIsRefused() throws {
        expectFailure("Say what to make") { try video() }
        expectFailure("Say what to speak") { try speech() }
        expectFailure("`duration` is given twice") { try video("x", "--duration", "5", "--field", "duration=6") }
        expectFailure("`model` is given twice") { try video("x", "--field", "model=\"a/b\"") }
        expectFailure("--field user: \"me\" is no JSON") { try video("x", "--field", "user=me") }
        expectFailure("--metadata gives `a` twice") { try video("x", "--metadata", "a=1", "--metadata", "a=2") }
        expectFailure("--provider-option is \"delay=...\"") { try video("x", "--provider-option", "delay=1") }
        #expect(throws: (any Error).self) { try video("x", "--metadata", "novalue") }
        #expect(throws: (any Error).self) { try video("x", "--voice", "anna") }
        #expect(throws: (any Error).self) { try video("x", "--duration", "five") }
        #expect(throws: (any Error).self) {
            try GenerateCommand.Typed<VideoOptions>.parse(["x", "--no-wait", "-o", "f"])
        }
        for key in ["", "two words", "k\u{E9}y", String(repeating: "k", count: 256)] {
            #expect(throws: (any Error).self) {
                try GenerateCommand.Typed<VideoOptions>.parse(["x", "--idempotency-key", key])
            }
        }
        #expect(
            try GenerateCommand.Typed<VideoOptions>.parse(["x", "--idempotency-key", "k-1"]).idempotencyKey == "k-1"
        )
    }

    @Test func aTextMayLookLikeAnOption() throws {
        #expect(try video("--", "--duration")["prompt"] == "--duration")
    }

    @Test func theModelIsTheOnlyOneOrStudios() throws {
        func catalog(_ models: (String, String, String)...) -> JSONValue {
            ["data": .array(models.map { ["slug": .string($0.0), "type": .string($0.1), "provider": .string($0.2)] })]
        }
        #expect(try ModelChoice.choose(.video, among: catalog(("a/v", "video", "a"), ("a/i", "image", "a"))) == "a/v")
        let two = catalog(("a/v", "video", "a"), ("studio/v", "video", "studio"), ("studio/w", "video", "studio"))
        #expect(try ModelChoice.choose(.video, among: two) == "studio/v")
        expectFailure("Say which model with --model: a/v, b/v.") {
            try ModelChoice.choose(.video, among: catalog(("a/v", "video", "a"), ("b/v", "video", "b")))
        }
        expectFailure("The service has no speech model.") { try ModelChoice.choose(.speech, among: two) }
    }
}

extension RequestOptions {
    fileprivate func whole(_ model: String) throws -> JSONValue { try body(fields(), model: model) }
}
