import Foundation
import Generation
import JobCore
import Testing

/// A form, as clients write it.
struct SampleForm {
    static let boundary = "c0ffee"
    private var bytes: [UInt8] = []

    /// Adds a text.
    mutating func add(_ name: String, _ value: String) {
        bytes += Array(
            "--\(Self.boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8
        )
    }

    /// Adds a file.
    mutating func add(_ name: String, file: [UInt8], named fileName: String = "a.png", type: String? = "image/png") {
        let type = type.map { "Content-Type: \($0)\r\n" } ?? ""
        let head = "Content-Disposition: form-data; name=\"\(name)\"; filename=\"\(fileName)\"\r\n\(type)\r\n"
        bytes += Array("--\(Self.boundary)\r\n\(head)".utf8) + file + Array("\r\n".utf8)
    }

    /// The whole body.
    var body: [UInt8] { bytes + Array("--\(Self.boundary)--\r\n".utf8) }

    init(_ fields: KeyValuePairs<String, String> = [:]) {
        for (name, value) in fields { add(name, value) }
    }
}

/// The surface for OpenAI's clients.
extension TestAPI {
    /// A good request: four seconds at 720p for 0.40 US dollars.
    static let soraClip: JSONValue = [
        "model": "test/video", "prompt": "a lighthouse at dusk", "seconds": "4", "size": "1280x720",
    ]

    /// The good request with some fields changed; null takes a field out.
    static func soraClip(_ changes: [String: JSONValue]) -> JSONValue {
        guard case .object(let fields) = soraClip else { return soraClip }
        return .object(fields.merging(changes) { _, new in new })
    }

    func ask(
        _ path: String,
        _ body: JSONValue,
        key: String? = nil,
        headers: [(String, String)] = []
    ) async throws -> RawAnswer {
        try await request("POST", path, key: key, headers: headers, body: Array(body.canonicalText.utf8))
    }

    func ask(
        _ path: String,
        form: SampleForm,
        headers: [(String, String)] = []
    ) async throws -> RawAnswer {
        let type = ("Content-Type", "multipart/form-data; boundary=\(SampleForm.boundary)")
        return try await request("POST", path, headers: headers + [type], body: form.body)
    }

    /// Creates a video that must be accepted.
    func created(_ body: JSONValue = TestAPI.soraClip, key: String? = nil) async throws -> JobID {
        let answer = try await ask("/v1/videos", body, key: key)
        try #require(answer.status == 200, "\(answer.text)")
        return try #require(answer.json["id"]?.stringValue.flatMap { JobID($0) })
    }

    /// The job as the native surface shows it.
    func native(_ id: JobID) async throws -> JSONValue { try await get("/api/v1/jobs/\(id)").json }
}

extension RawAnswer {
    var errorCode: String? { json["error"]?["code"]?.stringValue }

    /// The events in a body, each with its name.
    var namedEvents: [(name: String, data: JSONValue)] {
        text.split(separator: "\n\n").compactMap { event in
            let lines = event.split(separator: "\n")
            guard let name = lines.first(where: { $0.hasPrefix("event: ") }),
                let data = lines.first(where: { $0.hasPrefix("data: ") })
            else { return nil }
            let json = try? JSONDecoder().decode(JSONValue.self, from: Data(data.dropFirst(6).utf8))
            return (String(name.dropFirst(7)), json ?? .null)
        }
    }
}
