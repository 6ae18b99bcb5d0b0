import Foundation
import Generation

/// A refusal as Kling words it: an HTTP status, a code of its own, and a sentence.
///
/// The codes are of kling.ai/document-api/api/get-started/error-codes (2026-10-02); the sentences are composed, except
/// that of 1303.
struct KlingRefusal: Error {
    let status: Int
    let code: Int64
    let message: String

    init(_ status: Int, _ code: Int64, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    /// A parameter that is missing or wrong.
    static func invalid(_ message: String) -> KlingRefusal { KlingRefusal(400, 1_201, message) }

    /// What a status is played as.
    init(status: Int) {
        let (code, message): (Int64, String) =
            switch status {
            case 400: (1_201, "invalid parameters")
            case 401: (1_002, "access key not found")
            case 402: (1_101, "account in arrears")
            case 403: (1_103, "no access to the requested resource")
            case 404: (1_203, "the requested resource does not exist")
            case 429: (1_303, "parallel task over resource pack limit")
            case 500: (5_000, "internal error")
            case 503: (5_001, "Service is temporarily unavailable")
            case 504: (5_002, "internal timeout")
            case _: (Int64(status), "simulated \(status)")
            }
        self.init(status, code, message)
    }
}

/// What both of Kling's simulated wires do alike: the envelope, the pictures, the sizes, the callbacks' signature.
struct KlingParts: Sendable {
    let world: SimulatorWorld

    /// An answer of success.
    func success(_ data: JSONValue) -> SimulatedAnswer {
        .json(
            200,
            ["code": 0, "message": "SUCCEED", "request_id": .string(world.newID(digits: 16)), "data": data]
        )
    }

    /// A refusal; with the setting `errors_with_200` the status does not show it, as it happens at Kling.
    func answer(_ refusal: KlingRefusal, retryAfterSeconds: Int? = nil) -> SimulatedAnswer {
        .json(
            world.setting("errors_with_200") == "true" ? 200 : refusal.status,
            [
                "code": .integer(refusal.code), "message": .string(refusal.message),
                "request_id": .string(world.newID(digits: 16)),
            ],
            headers: SimulatedAnswer.retryAfter(retryAfterSeconds)
        )
    }

    /// Checks a picture: an address, or base64 of a JPEG or PNG without any prefix.
    ///
    /// At least 300 pixels a side, no longer than 2.5 times its width, no larger than the wire takes.
    ///
    /// - Returns: Its size, where it can be seen.
    @discardableResult
    static func picture(_ value: JSONValue?, _ field: String, bytesMax: Int) throws(KlingRefusal) -> PixelSize? {
        guard let text = value?.stringValue, !text.isEmpty else { throw .invalid("\(field) is required") }
        if text.hasPrefix("http://") || text.hasPrefix("https://") { return nil }
        guard !text.hasPrefix("data:"), let data = Data(base64Encoded: text) else {
            throw .invalid("\(field): File is not in a valid base64 format")
        }
        guard data.count <= bytesMax else { throw .invalid("\(field): image size exceeds the limit") }
        guard let size = KlingPicture.size(Array(data)) else {
            throw .invalid("\(field): image format is not supported")
        }
        guard min(size.width, size.height) >= 300 else {
            throw .invalid("\(field): image pixel \(size) is invalid, at least 300px")
        }
        guard max(size.width, size.height) * 2 <= min(size.width, size.height) * 5 else {
            throw .invalid("\(field): image aspect ratio of \(size) is invalid")
        }
        return size
    }

    /// The video's size; of one with a first frame, that picture's shape.
    static func size(_ resolution: String, _ ratio: String?, _ frame: PixelSize?) -> PixelSize {
        let short = resolution == "4k" ? 2_160 : resolution == "1080p" ? 1_080 : 720
        if let frame {
            let (long, narrow) = (max(frame.width, frame.height), min(frame.width, frame.height))
            let other = short * long / narrow / 2 * 2
            return frame.width >= frame.height
                ? PixelSize(width: other, height: short) : PixelSize(width: short, height: other)
        }
        let long = short * 16 / 9
        return switch ratio {
        case "9:16": PixelSize(width: short, height: long)
        case "1:1": PixelSize(width: short * 4 / 3, height: short * 4 / 3)
        case _: PixelSize(width: long, height: short)
        }
    }

    /// What a second costs, in thousandths of a unit (pricing/base/video, 2026-09-16).
    static func unitsPerSecond(_ model: String, _ resolution: String, hasAudio: Bool) -> Int {
        switch (model, resolution) {
        case ("kling-3.0-turbo", "720p"): 800
        case ("kling-3.0-turbo", _): 1_000
        case (_, "4k"): 3_000
        case ("kling-v3", "720p"), ("kling-3.0", "720p"): hasAudio ? 900 : 600
        case ("kling-v3", _), ("kling-3.0", _): hasAudio ? 1_200 : 800
        case (_, "720p"): hasAudio ? 800 : 600
        case _: hasAudio ? 1_000 : 800
        }
    }

    /// Thousandths as Kling writes an amount: `0.42`, `4`.
    static func decimal(thousandths: Int) -> String {
        let digits = String(1_000 + thousandths % 1_000).dropFirst()
        let fraction = String(digits.reversed().drop { $0 == "0" }.reversed())
        return fraction.isEmpty ? String(thousandths / 1_000) : "\(thousandths / 1_000).\(fraction)"
    }

    /// Refuses members that the wire does not have.
    ///
    /// Kling passes over most of them without a word (measured by a third party on 2026-09-19), so that a mistake stays
    /// unseen; here it shows.
    static func only(
        _ known: Set<String>,
        in value: JSONValue,
        _ place: String
    ) throws(KlingRefusal) -> [String: JSONValue] {
        guard case .object(let members) = value else { throw KlingRefusal(400, 1_200, "\(place) must be an object") }
        for name in members.keys.sorted() where !known.contains(name) {
            throw .invalid("\(place) has no parameter '\(name)'")
        }
        return members
    }

    /// The value of a member that must be one of some words.
    static func word(_ value: JSONValue?, _ field: String, of words: [String]) throws(KlingRefusal) -> String? {
        guard let value else { return nil }
        guard let word = value.stringValue, words.contains(word) else {
            throw .invalid("\(field) value '\(value.stringValue ?? value.canonicalText)' is invalid")
        }
        return word
    }

    /// A text that is there and not too long.
    static func text(_ value: JSONValue?, _ field: String, max: Int) throws(KlingRefusal) -> String {
        guard let text = value?.stringValue, !text.isEmpty else { throw .invalid("\(field) is required") }
        guard text.unicodeScalars.count <= max else { throw .invalid("\(field) exceeds \(max) characters") }
        return text
    }

    /// Checks the client's own id and the callback's address.
    func own(
        _ members: [String: JSONValue]
    ) throws(KlingRefusal) -> (externalID: String?, callbackURL: String?) {
        let externalID = members["external_task_id"]?.stringValue
        if members["external_task_id"] != nil, externalID == nil {
            throw .invalid("external_task_id must be a string")
        }
        if let externalID, !externalID.isEmpty, world.allTasks.contains(where: { $0.externalID == externalID }) {
            throw .invalid("external_task_id '\(externalID)' already exists")
        }
        let callbackURL = members["callback_url"]?.stringValue
        if members["callback_url"] != nil {
            guard let callbackURL, callbackURL.hasPrefix("https://") || callbackURL.hasPrefix("http://") else {
                throw .invalid("callback_url is invalid")
            }
        }
        return (externalID?.isEmpty == true ? nil : externalID, callbackURL)
    }

    /// Refuses a prompt that a test wants to be filtered at once.
    func filter(_ prompt: String) throws(KlingRefusal) {
        guard world.outcome(of: prompt) == .filteredInput else { return }
        world.consumeOutcome()
        throw KlingRefusal(400, 1_301, "Failure to pass the risk control system")
    }

    /// An id as Kling gives them: a long number.
    ///
    /// Drawn, not counted: of two submits at the same time each has its own.
    func newTaskID() -> String { "83" + String(UInt64(world.newID(digits: 14), radix: 16) ?? 0) }

    /// How a task stands, in a wire's words, and why it failed.
    func standing(of task: SimulatedTask, done: String) -> (word: String, message: String, hasMedia: Bool) {
        switch world.standing(of: task) {
        case .queued: ("submitted", "", false)
        case .running: ("processing", "", false)
        case .unknown: ("rendering", "", false)
        case .succeeded: (done, "", true)
        case .withoutMedia: (done, "", false)
        case .filteredInput, .filteredOutput: ("failed", "Failure to pass the risk control system", false)
        case .failed, .cancelled, .vanished: ("failed", "Internal generation error", false)
        }
    }
}

/// What can be seen of a picture without decoding it.
enum KlingPicture {
    /// The size of a PNG or a JPEG; nil for anything else.
    static func size(_ bytes: [UInt8]) -> PixelSize? {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]), bytes.count >= 24 {
            return PixelSize(width: number(bytes[16..<20]), height: number(bytes[20..<24]))
        }
        guard bytes.starts(with: [0xFF, 0xD8]) else { return nil }
        var index = 2
        while index + 9 < bytes.count, bytes[index] == 0xFF {
            let marker = bytes[index + 1]
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                return PixelSize(
                    width: number(bytes[index + 7..<index + 9]),
                    height: number(bytes[index + 5..<index + 7])
                )
            }
            index += 2 + number(bytes[index + 2..<index + 4])
        }
        return nil
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
}
