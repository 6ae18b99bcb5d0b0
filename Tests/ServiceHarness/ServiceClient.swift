import Foundation
package import Generation

/// One event of a job's stream.
package struct ServerEvent: Sendable {
    /// The event's id: the job's version.
    package let id: Int64
    package let data: JSONValue
}

/// Speaks the native API with a key.
///
/// Blocking: it is used on threads of its own.
package struct ServiceClient: Sendable {
    package let port: Int
    package let key: String
    /// How long the service may be silent within an answer.
    package var silenceSeconds = 30

    package init(port: Int, key: String, silenceSeconds: Int = 30) {
        self.port = port
        self.key = key
        self.silenceSeconds = silenceSeconds
    }

    /// One exchange.
    ///
    /// - Throws: `NoAnswer` when there is none; any status is an answer.
    package func exchange(
        _ method: String,
        _ path: String,
        headers: [(String, String)] = [],
        body: JSONValue? = nil
    ) throws -> HTTPAnswer {
        let connection = try HTTPConnection(port: port, silenceSeconds: silenceSeconds)
        var all = headers + [("Authorization", "Bearer \(key)")]
        if body != nil { all.append(("Content-Type", "application/json")) }
        try connection.send(method, path, headers: all, body: body.map { Array($0.canonicalText.utf8) } ?? [])
        let (status, answered) = try connection.readHead()
        var bytes: [UInt8] = []
        if method != "HEAD", status != 204 {
            try connection.readBody(answered) {
                bytes += $0
                return true
            }
        }
        return HTTPAnswer(status: status, headers: answered, body: bytes)
    }

    /// Posts a job.
    package func submit(_ job: JSONValue, idempotencyKey: String) throws -> HTTPAnswer {
        try exchange("POST", "/api/v1/jobs", headers: [("Idempotency-Key", idempotencyKey)], body: job)
    }

    /// A job as it stands.
    ///
    /// - Throws: `Unexpected` when the answer is not a job.
    package func job(_ id: String, waitSeconds: Int = 0) throws -> JSONValue {
        let answer = try exchange("GET", "/api/v1/jobs/\(id)" + (waitSeconds > 0 ? "?wait=\(waitSeconds)" : ""))
        guard answer.status == 200 else { throw Unexpected("GET \(id): \(answer.status) \(answer.text)") }
        return answer.json
    }

    /// How many jobs of these statuses there are, counted up to a page.
    package func count(status: String) throws -> Int {
        let answer = try exchange("GET", "/api/v1/jobs?limit=100&status=\(status)")
        guard answer.status == 200, case .array(let jobs)? = answer.json["data"] else {
            throw Unexpected("list: \(answer.status) \(answer.text)")
        }
        return jobs.count
    }

    /// Waits for a job's end.
    ///
    /// - Throws: `Unexpected` when it is not over in time.
    package func waitForEnd(of id: String, within seconds: Double) throws -> JSONValue {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            let job = try job(id, waitSeconds: 10)
            if Self.isOver(job) { return job }
            guard ContinuousClock.now < end else {
                throw Unexpected("\(id) is not over within \(seconds) s: \(job.canonicalText)")
            }
        }
    }

    /// All events of a job, from the first to the one that ends it, over one stream.
    ///
    /// - Throws: `NoAnswer` when the stream is cut.
    package func events(of id: String) throws -> [ServerEvent] {
        let connection = try HTTPConnection(port: port, silenceSeconds: silenceSeconds)
        let headers = [("Authorization", "Bearer \(key)"), ("Accept", "text/event-stream")]
        try connection.send("GET", "/api/v1/jobs/\(id)/events", headers: headers, body: [])
        let (status, answered) = try connection.readHead()
        guard status == 200, answered["content-type"]?.hasPrefix("text/event-stream") == true else {
            throw Unexpected("events of \(id): \(status)")
        }
        var reader = EventReader()
        var events: [ServerEvent] = []
        try connection.readBody(answered) { part in
            events += reader.read(part)
            return true
        }
        return events
    }

    package static func isOver(_ job: JSONValue) -> Bool {
        ["completed", "failed", "cancelled", "expired"].contains(job["status"]?.stringValue)
    }
}

/// Reads a stream of server-sent events, wherever its parts are cut.
private struct EventReader {
    private var rest: [UInt8] = []

    package mutating func read(_ part: ArraySlice<UInt8>) -> [ServerEvent] {
        rest += part
        var events: [ServerEvent] = []
        while let end = rest.firstRange(of: [10, 10]) {
            let block = String(decoding: rest[..<end.lowerBound], as: UTF8.self)
            rest.removeFirst(end.upperBound)
            var fields: [Substring: Substring] = [:]
            for line in block.split(separator: "\n") where !line.hasPrefix(":") {
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2 else { continue }
                fields[parts[0]] = parts[1].hasPrefix(" ") ? parts[1].dropFirst() : parts[1]
            }
            guard let id = fields["id"].flatMap({ Int64($0) }), let data = fields["data"] else { continue }
            let value = try? JSONDecoder().decode(JSONValue.self, from: Data(data.utf8))
            events.append(ServerEvent(id: id, data: value ?? .null))
        }
        return events
    }
}
