import CurlTransport
import Foundation
import Generation
import HTTPTransport
import MediaInspection
import ProviderSimulators
import Testing

/// The server around the wires, proven with the smallest wire there is.
@Suite(.timeLimit(.minutes(2)))
struct ProviderSimulatorTests {
    private static let transport = CurlTransport(bootSeconds: {
        Double(DispatchTime.now().uptimeNanoseconds) / 1e9
    })

    /// One exchange with the right key, its body read.
    private func ask(
        _ method: HTTPRequest.Method,
        _ url: String,
        _ body: JSONValue? = nil,
        seconds: Int64 = 20
    ) async throws -> (status: Int, json: JSONValue?, bytes: [UInt8], headers: [(name: String, value: String)]) {
        let request = HTTPRequest(
            method,
            url,
            headers: [(name: "Authorization", value: "Bearer example-key")],
            body: body.map { Array($0.canonicalText.utf8) } ?? []
        )
        let options = ExchangeOptions(totalTimeoutSeconds: seconds)
        let response = try await Self.transport.exchange(request, options: options)
        let bytes = try await response.body.collect(bytesMax: 1 << 28)
        let json = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))
        return (response.status, json, bytes, response.headers)
    }

    private func submit(
        _ simulator: ProviderSimulator,
        _ prompt: String = "a cat",
        callback: String? = nil
    )
        async throws -> String
    {
        var body: [String: JSONValue] = ["prompt": .string(prompt), "seconds": 2]
        body["callback"] = callback.map(JSONValue.string)
        let answer = try await ask(.post, "\(simulator.baseURL)/tasks", .object(body))
        return try #require(answer.json?["id"]?.stringValue, "\(answer)")
    }

    private func ended(_ id: String, at simulator: ProviderSimulator) async throws -> JSONValue {
        for _ in 0..<1_000 {
            let answer = try await ask(.get, "\(simulator.baseURL)/tasks/\(id)")
            guard answer.status == 200 else { return ["status": .string("\(answer.status)")] }
            let word = answer.json?["status"]?.stringValue
            if !["queued", "running", "dreaming"].contains(word) { return answer.json ?? .null }
            try await Task.sleep(for: .milliseconds(20))
        }
        return .null
    }

    @Test func aTaskRunsAndItsMediaIsReal() async throws {
        try await withSimulator(ExampleWire.self) { simulator in
            let id = try await submit(simulator)
            let task = try await ended(id, at: simulator)
            let url = try #require(task["url"]?.stringValue)
            #expect(!url.hasPrefix(simulator.baseURL), "outputs are elsewhere")
            let media = try await ask(.get, url)
            let facts = try MediaInspector.inspect(bytes: media.bytes, expecting: .mp4)
            #expect(facts.width == 320)
            #expect(facts.height == 180)
            #expect(abs((facts.durationMilliseconds ?? 0) - 2_000) < 150)
            #expect(simulator.requests(.submit).first?.json?["prompt"] == "a cat")
            #expect(simulator.requests(.submit).first?.bearerToken == "example-key")
            #expect(simulator.journal.contains { $0.operation == .download && $0.isAtOutputs })
            #expect(simulator.completionLags.count == 1)
        }
    }

    @Test(arguments: [
        ("[[sim:failed]]", "failed"), ("[[sim:filtered_output]]", "filtered_output"), ("[[sim:vanished]]", "404"),
        ("[[sim:unknown_status]]", "succeeded"), ("[[sim:no_media]]", "without_media"),
    ])
    func aPromptSaysHowItsTaskEnds(_ marker: String, _ word: String) async throws {
        try await withSimulator(ExampleWire.self) { simulator in
            let id = try await submit(simulator, "a cat \(marker)")
            #expect(try await ended(id, at: simulator)["status"]?.stringValue == word)
        }
    }

    @Test func faultsArePlayedInOrderAndThenOver() async throws {
        try await withSimulator(ExampleWire.self) { simulator in
            let id = try await submit(simulator)
            let url = "\(simulator.baseURL)/tasks/\(id)"
            simulator.inject(.status(429, retryAfter: 7), on: .poll)
            simulator.inject(.status(503), on: .poll, times: 2)
            simulator.inject(.malformedJSON, on: .poll)
            simulator.inject(.truncatedJSON, on: .poll)
            simulator.inject(.html, on: .poll)
            simulator.inject(.empty, on: .poll)
            let busy = try await ask(.get, url)
            #expect(busy.status == 429)
            #expect(busy.headers.contains { $0.name.lowercased() == "retry-after" && $0.value == "7" })
            for _ in 0..<2 { #expect(try await ask(.get, url).status == 503) }
            for _ in 0..<4 {
                let answer = try await ask(.get, url)
                #expect(answer.status == 200)
                #expect(answer.json == nil)
            }
            #expect(try await ask(.get, url).json?["id"] == .string(id))
            #expect(simulator.journal.compactMap(\.fault).count == 7)
        }
    }

    @Test func aPromptAsksForFaultsOfItsOwn() async throws {
        try await withSimulator(ExampleWire.self) { simulator in
            let plain = try await submit(simulator)
            let marked = try await submit(simulator, "a dog [[fault:poll:status:503*2]][[fault:poll:html]][[job:1]]")
            let address = "\(simulator.baseURL)/tasks"
            #expect(try await ask(.get, "\(address)/\(marked)").status == 503)
            #expect(try await ask(.get, "\(address)/\(plain)").status == 200)
            #expect(try await ask(.get, "\(address)/\(marked)").status == 503)
            #expect(try await ask(.get, "\(address)/\(marked)").json == nil)
            #expect(try await ask(.get, "\(address)/\(marked)").json?["id"] == .string(marked))
            let body: JSONValue = ["prompt": "a fox [[fault:submit:status:429:7]][[job:2]]", "seconds": 1]
            #expect(try await ask(.post, address, body).status == 429)
            #expect(try await ask(.post, address, body).status == 200)
        }
    }

    @Test func aLostAnswerHasStartedItsTask() async throws {
        try await withSimulator(ExampleWire.self) { simulator in
            simulator.inject(.answerLost, on: .submit)
            let failure = await #expect(throws: TransportFailure.self) { try await submit(simulator) }
            #expect(failure?.kind == .connectionLost)
            #expect(simulator.world.allTasks.count == 1)
            simulator.inject(.refusedConnection, on: .submit)
            await #expect(throws: TransportFailure.self) { try await submit(simulator) }
            #expect(simulator.world.allTasks.count == 1)
            #expect(simulator.count(.submit) == 2)
        }
    }

    @Test func aHungSocketAnswersNobody() async throws {
        try await withSimulator(ExampleWire.self) { simulator in
            simulator.inject(.hang, on: .submit)
            let failure = await #expect(throws: TransportFailure.self) {
                try await ask(.post, "\(simulator.baseURL)/tasks", ["prompt": "a", "seconds": 1], seconds: 1)
            }
            #expect(failure?.kind == .timedOut)
        }
    }

    @Test func downloadsGoWrong() async throws {
        try await withSimulator(ExampleWire.self) { simulator in
            let id = try await submit(simulator)
            let url = try #require(try await ended(id, at: simulator)["url"]?.stringValue)
            simulator.inject(.downloadTruncated, on: .download)
            let failure = await #expect(throws: TransportFailure.self) { try await ask(.get, url) }
            #expect(failure?.kind == .connectionLost)
            simulator.inject(.outputExpired, on: .download)
            #expect(try await ask(.get, url).status == 403)
            simulator.inject(.redirectToPrivate, on: .download)
            #expect(try await ask(.get, url).status == 302)
            simulator.inject(.wrongContentType, on: .download)
            #expect(try await ask(.get, url).bytes.starts(with: Array("<!DOCTYPE".utf8)))
            simulator.inject(.drip(bytesPerSecond: 5), on: .download)
            await #expect(throws: TransportFailure.self) { try await ask(.get, url, seconds: 1) }
            #expect(try await ask(.get, url).status == 200)
        }
    }

    @Test func changesArePostedAndACompletionTwice() async throws {
        try await withSimulator(ExampleWire.self) { receiver in
            try await withSimulator(ExampleWire.self) { simulator in
                simulator.inject(.duplicateCompletion, on: .other)
                let id = try await submit(simulator, callback: "\(receiver.baseURL)/hook/1?key=1")
                for _ in 0..<500 where receiver.count(.other) < 3 { try await Task.sleep(for: .milliseconds(20)) }
                let bodies = receiver.requests(.other).compactMap(\.json)
                #expect(bodies.map { $0["status"] } == ["running", "succeeded", "succeeded"])
                #expect(bodies.allSatisfy { $0["id"] == .string(id) })
            }
        }
    }

    @Test func limitsAreCountedAndHeld() async throws {
        var settings = SimulatorSettings()
        settings.durations = .manual
        settings.limits = SimulatorLimits(slots: 2, rates: [.init(.list, requests: 3, seconds: 60)])
        try await withSimulator(ExampleWire.self, settings) { simulator in
            for _ in 0..<2 { _ = try await submit(simulator) }
            #expect(try await ask(.post, "\(simulator.baseURL)/tasks", ["prompt": "a", "seconds": 1]).status == 429)
            for _ in 0..<3 { #expect(try await ask(.get, "\(simulator.baseURL)/tasks").status == 200) }
            #expect(try await ask(.get, "\(simulator.baseURL)/tasks").status == 429)
            #expect(simulator.violations.map(\.count) == [1, 1])
            simulator.world.finishAll()
            _ = try await submit(simulator)
        }
    }

    @Test func scriptsInjectAndRead() async throws {
        try await withSimulator(ExampleWire.self) { simulator in
            let admin = "\(simulator.baseURL)/_simulator"
            let fault: JSONValue = ["fault": "status", "status": 500, "on": "submit", "times": 2]
            #expect(try await ask(.post, "\(admin)/faults", fault).json?["pending"] == 2)
            #expect(try await ask(.post, "\(admin)/faults", ["fault": "none", "on": "submit"]).status == 400)
            #expect(try await ask(.post, "\(simulator.baseURL)/tasks").status == 500)
            _ = try await ask(.delete, "\(admin)/faults")
            _ = try await ask(.post, "\(admin)/tasks", ["outcome": "failed"])
            let id = try await submit(simulator)
            #expect(try await ended(id, at: simulator)["status"] == "failed")
            guard case .array(let entries)? = try await ask(.get, "\(admin)/journal").json?["data"] else {
                Issue.record("no journal")
                return
            }
            #expect(entries.first?["fault"] == "status 500")
            #expect(try await ask(.get, "\(admin)/counts").json?["requests"]?["submit"] == 2)
        }
    }
}
