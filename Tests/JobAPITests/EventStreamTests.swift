import Foundation
import Generation
import JobAPI
import JobCore
import Testing

/// Goal: a reader of events misses nothing, whenever it starts and however slow it is, and holds up nobody else.
@Suite struct EventStreamTests {
    /// One connection that reads events.
    struct Stream {
        let connection: RawConnection
        let head: RawAnswer
        private var text = ""

        init(_ api: TestAPI, _ id: JobID, query: String = "", headers: [(String, String)] = []) async throws {
            connection = try await api.connect()
            try await connection.send(
                RawConnection.head(
                    "GET",
                    "/api/v1/jobs/\(id)/events\(query)",
                    headers: [api.authorization] + headers,
                    length: nil
                )
            )
            head = try await connection.answerHead()
        }

        /// The next block of the stream; nil at its end.
        mutating func next() async throws -> String? {
            while true {
                if let end = text.range(of: "\n\n") {
                    let block = String(text[..<end.lowerBound])
                    text.removeSubrange(..<end.upperBound)
                    return block
                }
                let chunk = try await connection.bodyChunk()
                if chunk.isEmpty { return nil }
                text += String(decoding: chunk, as: UTF8.self)
            }
        }

        /// The next event; nil at the stream's end.
        mutating func event() async throws -> Event? {
            while let block = try await next() {
                if let event = Event(block) { return event }
            }
            return nil
        }

        mutating func events() async throws -> [Event] {
            var events: [Event] = []
            while let event = try await event() { events.append(event) }
            return events
        }
    }

    struct Event {
        let id: Int
        let data: JSONValue

        init?(_ block: String) {
            let lines = block.split(separator: "\n")
            guard lines.count == 3, lines[0].hasPrefix("id: "), lines[1] == "event: job", lines[2].hasPrefix("data: "),
                let id = Int(lines[0].dropFirst(4)),
                let data = try? JSONDecoder().decode(JSONValue.self, from: Data(lines[2].dropFirst(6).utf8))
            else { return nil }
            self.id = id
            self.data = data
        }
    }

    @Test func aStreamTellsEveryStepAsItHappens() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            var stream = try await Stream(api, id)
            #expect(stream.head.status == 200)
            #expect(stream.head[header: "content-type"] == "text/event-stream")
            #expect(stream.head[header: "cache-control"] == "no-store")
            #expect(stream.head[header: "x-accel-buffering"] == "no")
            #expect(stream.head[header: "x-request-id"] != nil)
            #expect(try await stream.next() == "retry: 2000")
            let first = try #require(try await stream.event())
            #expect(first.id == 1)
            #expect(first.data["id"] == .string(id.description))
            #expect(first.data["status"] == "queued")
            #expect(first.data["phase"] == "waiting")
            #expect(first.data["at"]?.stringValue.flatMap { Timestamp(rfc3339: $0) } != nil)
            try await api.run(id)
            try await api.complete(id, files: [("video/mp4", [1])])
            let rest = try await stream.events()
            #expect(rest.map(\.id) == [2, 3, 4, 5, 6])
            #expect(
                rest.compactMap { $0.data["status"]?.stringValue } == [
                    "queued", "queued", "in_progress", "in_progress", "completed",
                ]
            )
            // The last event is the whole job, as a read gives it.
            #expect(rest.last?.data == (try await api.get("/api/v1/jobs/\(id)").json))
            #expect(try await stream.connection.isClosedByServer())
        }
    }

    @Test func aStreamGoesOnAfterAnyEvent() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            try await api.run(id)
            try await api.complete(id, files: [("video/mp4", [1])])
            for last in 0..<6 {
                var byHeader = try await Stream(api, id, headers: [("Last-Event-ID", "\(last)")])
                #expect(try await byHeader.events().map(\.id) == Array(last + 1...6))
                var byQuery = try await Stream(api, id, query: "?after=\(last)")
                #expect(try await byQuery.events().map(\.id) == Array(last + 1...6))
            }
            // What was seen since counts more than what the URL says.
            var both = try await Stream(api, id, query: "?after=1", headers: [("Last-Event-ID", "4")])
            #expect(try await both.events().map(\.id) == [5, 6])
            // Nothing is left to tell: a browser must not come again.
            #expect(try await api.get("/api/v1/jobs/\(id)/events?after=6").status == 204)
        }
    }

    @Test(arguments: ["x", "-1", "", "1.5", "99999999999999999999", "7"]) func aMalformedPositionIsRefused(
        _ id: String
    ) async throws {
        try await TestAPI.run { api in
            let job = try await api.submitted()
            let answer = try await api.get("/api/v1/jobs/\(job)/events", headers: [("Last-Event-ID", id)])
            #expect(answer.status == 400)
            #expect(answer.errorParam == "Last-Event-ID")
            #expect(try await api.get("/api/v1/jobs/\(job)/events?from=1").status == 400)
            #expect(try await api.get("/api/v1/jobs/\(job)/events?after=x").status == 400)
        }
    }

    @Test func manyReadersOfManyJobsMissNothing() async throws {
        try await TestAPI.run { api in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let id = try await api.submitted()
                        async let moved: Void = {
                            try await api.run(id)
                            for step in 1...5 {
                                try await api.advance(
                                    id,
                                    .polled(
                                        progress: Double(step) / 5,
                                        isQueuedAtProvider: false,
                                        nextPollAt: Timestamp(milliseconds: 0),
                                        found: true
                                    )
                                )
                            }
                            try await api.complete(id, files: [("video/mp4", [1])])
                        }()
                        for _ in 0..<3 {
                            var stream = try await Stream(api, id)
                            #expect(try await stream.events().map(\.id) == Array(1...11))
                        }
                        try await moved
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func aStreamShowsItsLife() async throws {
        try await TestAPI.run {
            $0.heartbeatSeconds = 0.05
        } _: { api in
            let id = try await api.submitted()
            var stream = try await Stream(api, id, headers: [("Last-Event-ID", "1")])
            #expect(try await stream.next() == "retry: 2000")
            for _ in 0..<3 { #expect(try await stream.next() == ": heartbeat") }
        }
    }

    @Test func aReaderThatDoesNotReadHoldsUpNobodyAndIsCutOff() async throws {
        try await TestAPI.run {
            $0.heartbeatSeconds = 0.1
        } _: { api in
            let id = try await api.submitted()
            try await api.run(id)
            // Enough events to fill every buffer between the server and a reader that never reads.
            let slow = try await api.connect(receiveBuffer: 1_024)
            try await slow.send(
                RawConnection.head("GET", "/api/v1/jobs/\(id)/events", headers: [api.authorization], length: nil)
            )
            for step in 0..<60_000 {
                try await api.advance(
                    id,
                    .polled(
                        progress: Double(step) / 60_000,
                        isQueuedAtProvider: false,
                        nextPollAt: Timestamp(milliseconds: 0),
                        found: true
                    )
                )
            }
            var quick = try await Stream(api, id, headers: [("Last-Event-ID", "59990")])
            try await api.complete(id, files: [("video/mp4", [1])])
            #expect(try await quick.events().map(\.id) == Array(59_991...60_006))
            // The server closes it by itself; what was on the way can still be read, the end cannot.
            try await api.waitForLog("a reader of events is cut off")
            var received = ""
            do {
                while case let bytes = try await slow.receive(), !bytes.isEmpty {
                    received += String(decoding: bytes, as: UTF8.self)
                }
            } catch {}
            #expect(!received.contains("\"completed\""))
        }
    }

    @Test func aStreamEndsWithAWordWhenTheServiceStops() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            var stream = try await Stream(api, id)
            #expect(try await stream.event()?.id == 1)
            await api.stop()
            #expect(try await stream.next() == ": the service is stopping; connect again with Last-Event-ID")
            #expect(try await stream.next() == nil)
        }
    }

    @Test func aReaderThatLeavesIsForgottenAtOnce() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            for _ in 0..<10 {
                var stream = try await Stream(api, id)
                _ = try await stream.event()
            }
            // The first heartbeat would be much later.
            try await api.waitForLog("a reader of events is done", count: 10)
        }
    }

    @Test func anEventThatTheProcessHasNotNotedYetIsKnown() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            let job = try #require(try await api.store.job(id))
            let attempt = NewAttempt(number: 1, endpoint: job.admitted.endpoint, externalID: "x", token: "t")
            let step = try job.state.applying(.attemptBegan(attempt), at: job.admitted.createdAt)
            guard case .committed(let moved) = try await api.store.commit(step, of: id, expecting: 1, fence: nil) else {
                Issue.record("not committed")
                return
            }
            // Committed and not published: the process still has version 1.
            let stream = try await Stream(api, id, query: "?after=\(moved.version)")
            #expect(stream.head.status == 200)
            let ahead = try await api.get("/api/v1/jobs/\(id)/events?after=\(moved.version + 1)")
            #expect(ahead.status == 400)
        }
    }
}
