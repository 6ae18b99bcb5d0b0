package import Generation
package import JobCore
package import Ledger

/// Jobs, admissions and keys for tests: from a seed and a counter, never twice the same id, always the same sequence.
package struct JobFixtures: Sendable {
    /// When every test begins.
    package static let start = Timestamp(milliseconds: 1_795_251_600_000)
    /// The workspace of whatever names none.
    package static let workspace = "default"
    /// What a job holds unless it is told otherwise: 0.40 US dollars.
    package static let hold = Credits(nanoUSD: 400_000_000)
    /// What a job is priced by unless it is told otherwise: 0.10 US dollars for a second.
    package static let prices = PriceSheet(lines: [
        PriceLine(unit: .second, price: ExactDecimal(mantissa: 1, scale: 1) ?? ExactDecimal(0))
    ])

    /// The test's time: moves only by `tick`.
    package private(set) var now = Self.start
    /// For whatever else a test draws.
    package var generator: SeededGenerator
    private var serial: UInt64 = 0

    /// Starts from a seed.
    package init(seed: UInt64 = 1) { self.generator = SeededGenerator(seed: seed) }

    /// Moves the time on.
    @discardableResult
    package mutating func tick(seconds: Double = 0.001) -> Timestamp {
        now = now.adding(seconds: seconds)
        return now
    }

    /// An id younger than all before it.
    package mutating func id() -> JobID {
        serial += 1
        let milliseconds = UInt64(tick().milliseconds)
        return JobID(high: milliseconds << 16 | 0x7000 | serial & 0xFFF, low: 0x8000_0000_0000_0000 | serial)
    }

    /// 64 hexadecimal digits that were not given before.
    package mutating func hash() -> String {
        (0..<4).map { _ in
            let digits = String(generator.next(), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// A key that is not stored yet.
    package mutating func key(
        workspace: String = Self.workspace,
        limit: Credits? = nil,
        isManagement: Bool = false
    ) -> APIKey {
        serial += 1
        return APIKey(
            hash: hash(),
            name: "key \(serial)",
            label: "sk-med-v1-ab...\(serial)",
            workspace: workspace,
            limit: limit,
            isManagement: isManagement,
            createdAt: tick(),
            revokedAt: nil
        )
    }

    /// Where a model is served, unless a test names another account.
    package static func endpoint(_ model: String = "vendor/video", account: String = "main") -> EndpointID {
        EndpointID(model: model, provider: "vendor", account: account)
    }

    /// A video of four seconds.
    package static func video(_ model: String = "vendor/video") -> GenerationRequest {
        var video = VideoRequest(prompt: "a lighthouse at dusk")
        video.duration = 4
        video.resolution = "720p"
        return GenerationRequest(model: model, content: .video(video))
    }

    /// An image.
    package static func image(_ model: String = "vendor/image") -> GenerationRequest {
        GenerationRequest(model: model, content: .image(ImageRequest(prompt: "a lighthouse at dusk")))
    }

    /// A job that was not admitted yet, younger than all before it.
    ///
    /// - Parameters:
    ///   - key: Who posts it.
    ///   - request: What is to be made.
    ///   - parameters: What the client said besides.
    ///   - lane: Its lane; by default one of its own, so that a test can claim just this job.
    ///   - account: The provider account it is served with.
    ///   - hold: What is set aside.
    ///   - prices: The prices that it is accepted at.
    /// - Returns: The job.
    package mutating func newJob(
        _ key: APIKey,
        request: GenerationRequest = Self.video(),
        parameters: JobParameters = JobParameters(),
        lane: Lane? = nil,
        account: String = "main",
        hold: Credits = Self.hold,
        prices: PriceSheet = Self.prices
    ) -> NewJob {
        let id = id()
        return NewJob(
            id: id,
            workspace: key.workspace,
            keyHash: key.hash,
            request: request,
            parameters: parameters,
            adjustments: [
                Adjustment(parameter: "fps", asked: 30, used: .null, reason: .unsupportedParameter)
            ],
            endpoint: Self.endpoint(request.model, account: account),
            lane: lane ?? Lane("lane of \(id)"),
            hold: hold,
            estimatedCost: Credits(nanoUSD: hold.nanoUSD / 2),
            prices: prices,
            createdAt: now,
            defaultDeadlineSeconds: 900
        )
    }

    /// The admission of a job, without an idempotency key unless one is given.
    package mutating func admission(
        of job: NewJob,
        idempotencyKey: String? = nil,
        fingerprint: String? = nil,
        queuedMax: Int = 1_000_000,
        awaitsAnswer: Bool = false
    ) -> Admission {
        Admission(
            job: job,
            idempotencyKey: idempotencyKey,
            fingerprint: fingerprint ?? hash(),
            answer: #"{"id":"\#(job.id)"}"#,
            queuedMax: queuedMax,
            awaitsAnswer: awaitsAnswer
        )
    }
}
