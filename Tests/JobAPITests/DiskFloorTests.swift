import Generation
import JobAPI
import JobCore
import JobEngine
import Synchronization
import Testing

/// Goal: files that come with a request never take the last of the disk: what has no room is refused before it lies there.
@Suite struct DiskFloorTests {
    /// What is left of the disk; a test sets it.
    private final class Disk: Sendable {
        private let bytes: Mutex<Int64>

        init(bytes: Int64) { self.bytes = Mutex(bytes) }

        var free: Int64 {
            get { bytes.withLock { $0 } }
            set { bytes.withLock { $0 = newValue } }
        }
    }

    private static let floor = JobService.Limits().freeDiskBytesMin

    /// Every route that takes files, and a good form for it.
    private static let routes = [
        ("/v1/videos", "input_reference", ["model": "test/video", "prompt": "x"]),
        ("/v1/images/edits", "image", ["model": "test/painter", "prompt": "red"]),
        ("/v1/audio/transcriptions", "file", ["model": "test/ear"]),
        ("/api/v1/audio/transcriptions", "file", ["model": "test/ear"]),
    ]

    private static func form(_ field: String, _ fields: [String: String], _ file: [UInt8]) -> SampleForm {
        var form = SampleForm()
        for (name, value) in fields { form.add(name, value) }
        form.add(field, file: file)
        return form
    }

    private static func run(_ disk: Disk, _ test: @Sendable (TestAPI) async throws -> Void) async throws {
        var adapter = TestAdapter()
        adapter.hasMore = true
        try await TestAPI.run(adapter: adapter, freeDiskBytes: { disk.free }, test)
    }

    private static func expectFull(_ answer: RawAnswer, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(answer.status == 503, "\(answer.text)", sourceLocation: sourceLocation)
        #expect(answer[header: "retry-after"] == "60", sourceLocation: sourceLocation)
        let reason = answer.errorReason.isEmpty ? answer.errorCode : answer.errorReason
        #expect(reason == "storage_full", "\(answer.text)", sourceLocation: sourceLocation)
    }

    @Test(arguments: routes)
    func onAFullDiskNoFileIsSpooled(_ path: String, _ field: String, _ fields: [String: String]) async throws {
        let disk = Disk(bytes: Self.floor - 1)
        try await Self.run(disk) { api in
            Self.expectFull(try await api.ask(path, form: Self.form(field, fields, Samples.png)))
            #expect(api.artifacts.spools.load(ordering: .relaxed) == 0)
            #expect(api.artifacts.spooledCount == 0)
            try await api.expectNothingWritten()
            let counted = try await api.metrics()
            #expect(counted.contains("\nmediary_submissions_total{outcome=\"refused_5xx\"} 1\n"))
        }
    }

    @Test func aFileThatWouldTakeWhatIsKeptFreeIsNotSpooled() async throws {
        let disk = Disk(bytes: Self.floor + 100_000)
        try await Self.run(disk) { api in
            let fields = ["model": "test/video", "prompt": "x"]
            let tooMuch = [UInt8](repeating: 7, count: 100_000)
            Self.expectFull(try await api.ask("/v1/videos", form: Self.form("input_reference", fields, tooMuch)))
            #expect(api.artifacts.spools.load(ordering: .relaxed) == 0)
            let little = try await api.ask("/v1/videos", form: Self.form("input_reference", fields, Samples.png))
            #expect(little.status == 200, "\(little.text)")
            #expect(api.artifacts.spools.load(ordering: .relaxed) == 1)
        }
    }

    @Test func aDiskThatFillsUpWhileFilesComeKeepsNoneOfThem() async throws {
        let disk = Disk(bytes: Self.floor + 1_000_000)
        try await Self.run(disk) { api in
            api.artifacts.onSpooled.withLock { $0 = { disk.free = Self.floor - 1 } }
            var form = SampleForm(["model": "test/painter", "prompt": "red"])
            for _ in 0..<3 { form.add("image[]", file: Samples.png) }
            Self.expectFull(try await api.ask("/v1/images/edits", form: form))
            #expect(api.artifacts.spools.load(ordering: .relaxed) == 1)
            #expect(api.artifacts.spooledCount == 0)
            try await api.expectNothingWritten()
        }
    }
}
