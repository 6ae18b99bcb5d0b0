import Generation
import JobCore
import Testing

/// The surface for videos, as its clients use it.
extension TestAPI {
    /// A good request: four seconds at 720p for 0.40 US dollars.
    static let clip: JSONValue = [
        "model": "test/video", "prompt": "a lighthouse at dusk", "duration": 4, "resolution": "720p",
    ]

    /// The good request with some fields changed; null takes a field out.
    static func clip(_ changes: [String: JSONValue]) -> JSONValue {
        guard case .object(let fields) = clip else { return clip }
        return .object(fields.merging(changes) { _, new in new })
    }

    func generate(
        _ body: JSONValue = TestAPI.clip,
        key: String? = nil,
        headers: [(String, String)] = []
    ) async throws -> RawAnswer {
        try await request("POST", "/api/v1/videos", key: key, headers: headers, body: Array(body.canonicalText.utf8))
    }

    /// Submits a video that must be accepted.
    func generated(_ body: JSONValue = TestAPI.clip, key: String? = nil) async throws -> JobID {
        let answer = try await generate(body, key: key)
        try #require(answer.status == 202, "\(answer.text)")
        return try #require(answer.json["id"]?.stringValue.flatMap { JobID($0) })
    }

    /// What was adjusted in a job, as its native view tells it.
    func adjustments(of id: JobID) async throws -> [JSONValue] {
        guard case .array(let adjustments)? = try await get("/api/v1/jobs/\(id)").json["adjustments"] else { return [] }
        return adjustments
    }
}

extension JSONValue {
    var keys: Set<String> {
        guard case .object(let members) = self else { return [] }
        return Set(members.keys)
    }
}
