import Foundation
package import Generation
import JobCore
package import Ledger
package import Testing

/// What a client sees of a job that is over, in all ways in which it can look.
package struct Ending: Sendable {
    package let job: JSONValue
    package let events: [ServerEvent]
    /// The bytes of each artifact.
    package let artifacts: [[UInt8]]

    /// Looks at a job that is over.
    package init(of id: String, _ client: ServiceClient) throws {
        job = try client.job(id)
        events = try client.events(of: id)
        guard case .array(let listed)? = job["artifacts"] else { throw Unexpected("no artifacts in \(id)") }
        artifacts = try listed.indices.map { index in
            let answer = try client.exchange("GET", "/api/v1/jobs/\(id)/artifacts/\(index)")
            guard answer.status == 200 else { throw Unexpected("artifact \(index) of \(id): \(answer.status)") }
            return answer.body
        }
    }

    package var status: String { job["status"]?.stringValue ?? "none" }

    /// What was charged; zero without a bill.
    package var cost: Credits { Self.cost(of: job) }

    package static func cost(of job: JSONValue) -> Credits {
        job["usage"]?["cost"]?.stringValue.flatMap { Credits(usd: $0) } ?? .zero
    }

    /// Checks that the job ended once, and that its events tell so without a gap.
    package func check(sourceLocation: SourceLocation = #_sourceLocation) {
        Self.check(events, of: job, sourceLocation: sourceLocation)
        guard case .array(let listed)? = job["artifacts"] else { return }
        for (artifact, bytes) in zip(listed, artifacts) {
            #expect(artifact["bytes"]?.integerValue == Int64(bytes.count), sourceLocation: sourceLocation)
        }
        #expect((status == "completed") == !listed.isEmpty, sourceLocation: sourceLocation)
    }

    /// Checks that events count up from 1, and that exactly the last one ends the job.
    package static func check(
        _ events: [ServerEvent],
        of job: JSONValue,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let name = job["id"]?.stringValue ?? "?"
        let all = Array(1...Int64(max(1, events.count)))
        #expect(events.map(\.id) == all, "\(name)", sourceLocation: sourceLocation)
        let ends = events.filter { ServiceClient.isOver($0.data) }
        #expect(ends.count == 1 && ends.last?.id == events.last?.id, "\(name)", sourceLocation: sourceLocation)
        #expect(ends.last?.data["status"] == job["status"], "\(name)", sourceLocation: sourceLocation)
    }
}

/// What is left when a service has stopped: money, records, the provider's own account, processes.
package struct Aftermath: Sendable {
    package let audit: Installation.CommandResult
    package let available: Credits
    package let held: Credits
    package let journal: [JournalLine]
    package let workers: [String]
    /// What lies where files are received: parts of outputs that nobody will ever finish.
    package let parts: [String]

    /// Looks at an installation whose service has stopped.
    package init(_ installation: Installation, workspace: String = "default") throws {
        audit = try installation.command(["audit", "--json"])
        let balance = try installation.json("credits", "balance", "--workspace", workspace)
        guard let available = balance["available"]?.stringValue.flatMap({ Credits(usd: $0) }),
            let held = balance["held"]?.stringValue.flatMap({ Credits(usd: $0) })
        else { throw Unexpected("no balance in \(balance.canonicalText)") }
        (self.available, self.held) = (available, held)
        journal = try installation.journal()
        workers = installation.workers()
        parts = installation.parts()
    }

    package var submits: [JournalLine] { journal.filter { $0.event == "submit" } }

    /// Checks that nothing is violated, that all holds are resolved, and that the balance is what is left.
    package func check(
        granted: String = Installation.granted,
        spent: Credits,
        jobs: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(audit.ending == .exited(0), "\(audit.output)", sourceLocation: sourceLocation)
        #expect(audit.json["findings"] == [], "\(audit.output)", sourceLocation: sourceLocation)
        #expect(audit.json["database"]?["jobs"]?.integerValue == Int64(jobs), sourceLocation: sourceLocation)
        #expect(held == .zero, sourceLocation: sourceLocation)
        let left = try #require(Credits(usd: granted)).subtracting(spent)
        #expect(available == left, sourceLocation: sourceLocation)
        // Nothing works on, and nothing lies about: a crash between a file and its record is made up for.
        #expect(workers.isEmpty, sourceLocation: sourceLocation)
        #expect(parts.isEmpty, sourceLocation: sourceLocation)
        #expect(audit.json["leftovers"] == [], "\(audit.output)", sourceLocation: sourceLocation)
    }

    /// Checks the submits that the provider has seen of one job, of a recovery class: nothing that it bills twice.
    package static func checkSubmits(
        _ lines: [JournalLine],
        recovery: String,
        _ name: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        // What the provider takes as one generation is one token.
        let generations = Set(lines.filter { $0.accepted == true }.map(\.id))
        #expect(generations.count <= 1, "\(name)", sourceLocation: sourceLocation)
        switch recovery {
        case "A", "A'":
            // A resend is the same request, byte for byte.
            #expect(Set(lines.compactMap(\.token)).count <= 1, "\(name)", sourceLocation: sourceLocation)
            #expect(Set(lines.compactMap(\.bodySha256)).count <= 1, "\(name)", sourceLocation: sourceLocation)
        default:
            // Neither B nor C ever sends a token twice, nor C anything.
            #expect(Set(lines.compactMap(\.token)).count == lines.count, "\(name)", sourceLocation: sourceLocation)
            #expect(recovery != "C" || lines.count <= 1, "\(name)", sourceLocation: sourceLocation)
        }
    }
}

/// What ffprobe says of a file.
package struct MediaProbe: Sendable {
    package let video: JSONValue?
    package let audio: JSONValue?
    package let format: JSONValue?

    /// Decodes a whole file and counts its frames.
    package init(_ path: String) throws {
        let name = "\(path).probe"
        let child = try ChildProcess(
            "/usr/bin/env",
            [
                "ffprobe", "-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json", path,
            ],
            environment: ProcessInfo.processInfo.environment,
            output: name,
            errors: name + ".errors"
        )
        let ending = try child.waitForEnd(within: 60)
        let errors = Installation.text(name + ".errors")
        guard ending == .exited(0), errors.isEmpty else { throw Unexpected("ffprobe \(path): \(ending) \(errors)") }
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(Installation.text(name).utf8))
        guard case .array(let streams)? = value["streams"] else { throw Unexpected("ffprobe \(path): no streams") }
        video = streams.first { $0["codec_type"]?.stringValue == "video" }
        audio = streams.first { $0["codec_type"]?.stringValue == "audio" }
        format = value["format"]
    }

    /// Checks a video stream against what was asked for.
    package func checkVideo(
        codec: String,
        width: Int64,
        height: Int64,
        seconds: Double,
        framesPerSecond: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let video = try #require(video, sourceLocation: sourceLocation)
        #expect(video["codec_name"]?.stringValue == codec, sourceLocation: sourceLocation)
        #expect(video["width"]?.integerValue == width, sourceLocation: sourceLocation)
        #expect(video["height"]?.integerValue == height, sourceLocation: sourceLocation)
        #expect(video["avg_frame_rate"]?.stringValue == "\(framesPerSecond)/1", sourceLocation: sourceLocation)
        let frames = video["nb_read_frames"]?.stringValue.flatMap { Double($0) }
        #expect(frames == (seconds * Double(framesPerSecond)).rounded(), sourceLocation: sourceLocation)
        let duration = video["duration"]?.stringValue.flatMap { Double($0) } ?? 0
        #expect(abs(duration - seconds) < 0.5 / Double(framesPerSecond), sourceLocation: sourceLocation)
    }
}
