import AdapterCatalog
import Foundation
import Generation
import HTTPTransport
import JobCore
import Ledger
import ProviderKit
import Testing

/// Goal: every model of every provider has a price for all that it offers, and no bill exceeds its hold.
@Suite struct PriceTests {
    /// Every model, those of folders that are switched off included.
    private static let models: [ModelCapabilities] = {
        let work = FileManager.default.temporaryDirectory.appending(path: "mediary-prices-\(getpid())")
        defer { try? FileManager.default.removeItem(at: work) }
        let settings = ProviderSettings(
            environment: ProcessInfo.processInfo.environment,
            workFolder: work.path,
            transport: UnavailableTransport(),
            processorCount: 2,
            now: { 0 }
        )
        return AdapterCatalog.all.flatMap(\.models) + AdapterCatalog.instances(settings).flatMap(\.models)
    }()

    private static let picture = MediaInput.stored(StoredInput(sha256: "ab", mediaType: "image/png", bytes: 1))
    private static let clip = MediaReference(kind: .video, url: "https://clips.example/a.mp4", position: 0)

    @Test func everyOfferHasAPriceAndNoBillExceedsItsHold() throws {
        #expect(Set(Self.models.map(\.slug)).count > 5)
        for model in Self.models {
            let prices = try #require(PriceSheet(model), "the prices of \(model.slug) cannot be read")
            #expect(!prices.lines.isEmpty, "\(model.slug) has no price")
            guard case .video(let offer) = model.parameters else { continue }
            var count = 0
            for request in Self.requests(of: model, offer) {
                guard let resolved = try? request.resolved(against: model, strict: true).request else { continue }
                count += 1
                try check(resolved, prices)
            }
            #expect(
                count >= offer.durations.count + offer.sizes.count,
                "\(model.slug) takes hardly anything that it offers"
            )
        }
    }

    private func check(_ request: GenerationRequest, _ prices: PriceSheet) throws {
        guard case .video(let video) = request.content else { return }
        let worst = prices.worstCase(of: request)
        let hold = try prices.bill(worst, rounding: .up).total
        let quote = try prices.bill(worst, rounding: .halfToEven).total
        let isFree = prices.lines.allSatisfy { $0.price.mantissa == 0 }
        if quote > hold || (hold == .zero && !isFree) {
            Issue.record("\(request.json.canonicalText): \(quote) of \(hold)")
        }
        let seconds = Int64(video.duration.map { $0 > 0 ? $0 : 7 } ?? 5)
        // As it was asked for, a frame longer, and beyond all measure.
        let files = [
            (seconds * 1_000, video.size), (seconds * 1_000 + 42, video.size),
            (3_600_000, PixelSize(width: 8_192, height: 8_192)),
        ]
        let reports: [[PriceUnit: ExactDecimal]] = [[:], [.token: ExactDecimal(.max), .second: .thousandths(.max)]]
        for (length, size) in files {
            let artifact = Artifact(
                index: 0,
                mediaType: "video/mp4",
                bytes: 1,
                sha256: "ab",
                key: .input(sha256: "ab"),
                width: size?.width,
                height: size?.height,
                durationMilliseconds: length
            )
            for report in reports {
                let bill = try prices.settlement(of: request, artifacts: [artifact], reported: report).bill
                let sum = bill.lines.reduce(0) { $0 + $1.amount.nanoUSD }
                // There are many: only what is wrong is told to the test.
                guard bill.total > hold || sum != bill.total.nanoUSD else { continue }
                Issue.record("\(bill.total) of \(hold): \(request.model): \(request.json.canonicalText)")
            }
        }
    }

    /// Every length and every size, with every sound and kind of input; those that exclude each other are refused later.
    private static func requests(of model: ModelCapabilities, _ offer: VideoParameters) -> [GenerationRequest] {
        let durations: [Int?] = offer.durations + (offer.automaticDuration ? [VideoParameters.automatic] : [])
        let settings: [(duration: Int?, size: SizeOption?)] =
            durations.map { ($0, nil) } + offer.sizes.map { (nil, $0) }
        let frame = FrameImage(role: .first, image: picture)
        let pictures = Array(repeating: picture, count: max(1, offer.referencesMax))
        let inputs: [(frames: [FrameImage], references: [MediaInput], clips: [MediaReference])] = [
            ([], [], []), ([frame], [], []), ([frame, FrameImage(role: .last, image: picture)], [], []),
            ([], pictures, []), ([], [], [clip]),
        ]
        var requests: [GenerationRequest] = []
        for (duration, size) in settings {
            for sound in [true, false] {
                for input in inputs {
                    var video = VideoRequest(prompt: "a boat")
                    (video.duration, video.resolution) = (duration, size?.resolution)
                    // A ratio cannot be asked for where it follows the picture.
                    video.aspectRatio = input.frames.isEmpty ? size?.aspectRatio : nil
                    (video.frameImages, video.inputReferences, video.mediaReferences) = input
                    video.generateAudio = sound
                    requests.append(GenerationRequest(model: model.slug, content: .video(video)))
                }
            }
        }
        return requests
    }
}
