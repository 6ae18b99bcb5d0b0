import Generation
import JobAPI
import JobCore
import Testing

/// Goal: health is told truly, and a stop is graceful.
@Suite struct HealthTests {
    @Test func healthIsTold() async throws {
        try await TestAPI.run { api in
            for path in ["/healthz", "/readyz"] {
                let connection = try await api.connect()
                let answer = try await connection.request("GET", path)
                #expect(answer.status == 200)
                #expect(answer.json["status"] != nil)
                let head = try await connection.request("HEAD", path)
                #expect(head.status == 200)
                #expect(head[header: "content-length"] == "\(answer.body.count)")
                #expect(try await connection.request("GET", path).status == 200)
            }
        }
    }

    @Test func thoseWhoWaitAreAnsweredWhenTheServiceStops() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            let start = ContinuousClock.now
            async let answer = api.get("/api/v1/jobs/\(id)?wait=60")
            try await Task.sleep(for: .milliseconds(300))
            await api.stop()
            #expect(try await answer.json["status"] == "queued")
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test func aDownloadThatIsStuckDoesNotKeepTheServiceFromStopping() async throws {
        let start = ContinuousClock.now
        try await TestAPI.run {
            $0.drainSeconds = 0.5
        } _: { api in
            let id = try await api.submitted()
            try await api.run(id)
            try await api.complete(id, files: [("video/mp4", [UInt8](repeating: 1, count: 20_000_000))])
            let slow = try await api.connect(receiveBuffer: 1_024)
            try await slow.send(
                RawConnection.head("GET", "/api/v1/jobs/\(id)/artifacts/0", headers: [api.authorization], length: nil)
            )
            _ = try await slow.answerHead()
            await api.stop()
            try await Task.sleep(for: .seconds(1))
        }
        #expect(ContinuousClock.now - start < .seconds(10))
    }
}
