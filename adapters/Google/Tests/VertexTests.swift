import ConformanceKit
import CurlTransport
import Foundation
import Generation
import GoogleAdapter
import HTTPTransport
import MediaInspection
import ProviderKit
import ProviderSimulators
import SimulatorConformance
import Testing

/// Tokens of service accounts, and the two ways in which Vertex AI gives out videos.
@Suite(.timeLimit(.minutes(3))) struct VertexTests {
    @Test func aTokenIsFetchedOnceAndReplacedBeforeItEnds() async throws {
        try await GoogleStage.run(.vertex) { stage in
            let adapter = try stage.adapter()
            let request = try stage.request(adapter)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { _ = try await stage.submit(request, at: adapter) } }
                try await group.waitForAll()
            }
            #expect(stage.simulator.count(.token) == 1)
            // Within five minutes of its end it is not used any more.
            stage.simulator.world.advance(seconds: 3_250)
            _ = try await stage.submit(request, at: adapter)
            #expect(stage.simulator.count(.token) == 1)
            stage.simulator.world.advance(seconds: 60)
            _ = try await stage.submit(request, at: adapter)
            #expect(stage.simulator.count(.token) == 2)
            let used = Set(stage.simulator.requests(.submit).compactMap(\.bearerToken))
            #expect(used.count == 2)
        }
    }

    @Test func anotherKeyIsRefusedBeforeAnythingIsSent() async throws {
        try await GoogleStage.run(.vertex) { stage in
            let adapter = try stage.adapter(key: try TestKey.other.get())
            let failure = await #expect(throws: ProviderFailure.self) {
                try await stage.submit(try stage.request(adapter), at: adapter)
            }
            #expect(failure?.code == .authentication && failure?.retry == .never)
            #expect(failure?.requestReachedProvider == .no)
            #expect(failure?.providerCode == "invalid_grant")
            #expect(stage.simulator.count(.submit) == 0)
        }
    }

    @Test func aTokenEndpointThatIsDownMeansNotSentAndIsAskedAgain() async throws {
        try await GoogleStage.run(.vertex) { stage in
            let adapter = try stage.adapter()
            let request = try stage.request(adapter)
            for fault: SimulatedFault in [.status(503), .html, .refusedConnection, .malformedJSON] {
                stage.simulator.inject(fault, on: .token)
                let failure = await #expect(throws: ProviderFailure.self) {
                    try await stage.submit(request, at: adapter)
                }
                #expect(failure?.isForCapacity == true, "\(fault.word)")
            }
            #expect(stage.simulator.count(.submit) == 0)
            _ = try await stage.submit(request, at: adapter)
        }
    }

    @Test func aTokenThatIsWithdrawnIsReplaced() async throws {
        try await GoogleStage.run(.vertex) { stage in
            let adapter = try stage.adapter()
            let operation = try await stage.submit(try stage.request(adapter), at: adapter)
            (stage.simulator.wire as? VertexSimulator)?.revokeTokens()
            let failure = await #expect(throws: ProviderFailure.self) { try await adapter.status(of: operation) }
            #expect(failure?.code == .authentication && failure?.retry == .backoff)
            guard case .completed = try await stage.end(operation, at: adapter) else {
                throw Unexpected(text: "it did not complete")
            }
            #expect(stage.simulator.count(.token) == 2)
        }
    }

    @Test func aVideoInsideOfAnAnswerBecomesAFileUnderOneName() async throws {
        try await GoogleStage.run(.vertex) { stage in
            let adapter = try stage.adapter()
            let request = try stage.request(adapter) { ($0.duration, $0.generateAudio) = (4, false) }
            let operation = try await stage.submit(request, at: adapter)
            var paths: Set<String> = []
            for instance in [adapter, try stage.adapter()] {
                guard case .completed(let outputs, _) = try await stage.end(operation, at: instance),
                    case .file(let path)? = outputs.first?.location
                else { throw Unexpected(text: "no file") }
                paths.insert(path)
                let facts = try MediaInspector.inspect(path: path, expecting: .mp4)
                #expect(facts.width == 1_280 && facts.height == 720)
                // When it is gone it comes again with the next question.
                try FileManager.default.removeItem(atPath: path)
            }
            #expect(paths.count == 1)
            let folder = "\(stage.folder)/work/google"
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test func aVideoInTheBucketIsFetchedWithAToken() async throws {
        try await GoogleStage.run(.vertexStorage) { stage in
            let adapter = try #require(try stage.adapter() as? any OutputAuthorizingAdapter)
            let operation = try await stage.submit(try stage.request(adapter), at: adapter)
            guard case .completed(let outputs, _) = try await stage.end(operation, at: adapter),
                case .url(let url)? = outputs.first?.location
            else { throw Unexpected(text: "no URL") }
            #expect(url.hasPrefix("\(stage.simulator.baseURL)/storage/v1/b/bucket/o/videos%2Fatt_of_a_test%2F"))
            let origin = try RemoteURL(url).origin
            #expect(adapter.trustedOrigins.contains(origin))
            let bare = try await adapter.transport.exchange(HTTPRequest(.get, url), options: ExchangeOptions())
            #expect(bare.status == 401)
            let bytes = try await AdapterConformance.read(try #require(outputs.first), at: adapter)
            _ = try MediaInspector.inspect(bytes: bytes, expecting: .mp4)
        }
    }

    @Test func storageIsTheVendorsOwnAtTheVendorsAddress() async throws {
        try await GoogleStage.run(.vertexStorage) { stage in
            var environment = try stage.environment()
            environment["VERTEX_BASE_URL"] = nil
            func origins(_ environment: [String: String]) -> Set<String>? {
                let settings = ProviderSettings(
                    environment: environment,
                    workFolder: stage.folder,
                    transport: UnavailableTransport(),
                    processorCount: 1,
                    now: { 0 }
                )
                return GoogleAdapters.instances(settings).first { $0.id.slug == "google-vertex" }?.trustedOrigins
            }
            let storage = "https://storage.googleapis.com:443"
            #expect(origins(environment) == ["https://us-central1-aiplatform.googleapis.com:443", storage])
            environment["VERTEX_LOCATION"] = "global"
            #expect(origins(environment) == ["https://aiplatform.googleapis.com:443", storage])
            // What is malformed switches the door off, which the doctor tells.
            for (name, value) in [
                ("VERTEX_LOCATION", "us/../x"), ("VERTEX_PROJECT", "a b"), ("VERTEX_STORAGE_URI", "s3://bucket"),
                ("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere"),
            ] {
                var wrong = environment
                wrong[name] = value
                #expect(origins(wrong) == nil, "\(name)")
            }
            try Data("{\"type\":\"authorized_user\"}".utf8).write(to: URL(filePath: "\(stage.folder)/account.json"))
            #expect(origins(environment) == nil)
        }
    }

    @Test func anObjectOutsideOfTheBucketIsNotFetched() async throws {
        try await GoogleStage.run(.vertexStorage) { stage in
            let adapter = try stage.adapter()
            let operation = try await stage.submit(try stage.request(adapter), at: adapter)
            let other: JSONValue = [
                "name": "projects/p/operations/1", "done": true,
                "response": ["videos": [["gcsUri": "gs://somebody-elses/video.mp4", "mimeType": "video/mp4"]]],
            ]
            stage.simulator.inject(.answer(.json(200, other)), on: .poll)
            let failure = await #expect(throws: ProviderFailure.self) { try await adapter.status(of: operation) }
            #expect(failure?.code == .unknown)
            for payload in ["../x.mp4", "other/a.mp4", ""] {
                let stranger = ProviderOperation(remoteID: "1", version: 2, payload: payload)
                let failure = await #expect(throws: ProviderFailure.self) { try await adapter.status(of: stranger) }
                #expect(failure?.code == .notFound)
            }
        }
    }
}
