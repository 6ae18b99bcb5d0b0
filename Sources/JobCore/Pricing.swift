public import Generation
public import Ledger

/// From requests and artifacts to what is metered: the one place where both vocabularies meet.
extension MeteredUsage {
    /// What a resolved request will use at most.
    public static func worstCase(of request: GenerationRequest) -> MeteredUsage {
        switch request.content {
        case .video(let video):
            MeteredUsage(
                quantities: [
                    .second: ExactDecimal(Int64(video.duration ?? 0)), .request: ExactDecimal(1),
                ],
                attributes: attributes(resolution: video.resolution, audio: video.generateAudio)
            )
        case .image(let image):
            MeteredUsage(
                quantities: [
                    .image: ExactDecimal(Int64(image.n ?? 1)), .request: ExactDecimal(1),
                    .megapixel: megapixels(
                        Int64(image.size.map { $0.width * $0.height } ?? 0) * Int64(image.n ?? 1)
                    ),
                ],
                attributes: attributes(resolution: image.resolution, quality: image.quality)
            )
        case .speech(let speech):
            MeteredUsage(
                quantities: [
                    .character: ExactDecimal(Int64(speech.input.unicodeScalars.count)), .request: ExactDecimal(1),
                ]
            )
        }
    }

    /// What a request has used, measured on what came out of it.
    public static func measured(_ request: GenerationRequest, artifacts: [Artifact]) -> MeteredUsage {
        var usage = worstCase(of: request)
        switch request.content {
        case .video:
            let lengths = artifacts.compactMap(\.durationMilliseconds)
            // Some containers do not tell their length: such a video counts as long as it was asked to be.
            if lengths.count == artifacts.count {
                usage.quantities[.second] = .thousandths(lengths.reduce(0, clampedSum))
            }
        case .image:
            usage.quantities[.image] = ExactDecimal(Int64(artifacts.count))
            usage.quantities[.megapixel] = megapixels(
                artifacts.reduce(0) { clampedSum($0, clampedProduct($1.width ?? 0, $1.height ?? 0)) }
            )
        case .speech: break
        }
        return usage
    }

    // Figures read from a file of a provider can be anything; a sum beyond all bounds must not end the process.
    private static func clampedSum(_ one: Int64, _ other: Int64) -> Int64 {
        let (sum, overflow) = one.addingReportingOverflow(other)
        return overflow ? Int64.max : sum
    }

    private static func clampedProduct(_ one: Int, _ other: Int) -> Int64 {
        let (product, overflow) = Int64(one).multipliedReportingOverflow(by: Int64(other))
        return overflow ? Int64.max : product
    }

    private static func megapixels(_ pixels: Int64) -> ExactDecimal {
        ExactDecimal(mantissa: pixels, scale: 6) ?? ExactDecimal(0)
    }

    private static func attributes(
        resolution: String?,
        audio: Bool? = nil,
        quality: String? = nil
    ) -> [String: String] {
        var attributes: [String: String] = [:]
        attributes["resolution"] = resolution
        attributes["audio"] = audio.map(\.description)
        attributes["quality"] = quality
        return attributes
    }
}

extension PriceSheet {
    /// The prices of a model's list; nil when a unit or an amount of it cannot be read.
    public init?(_ list: [ListPrice]) {
        var lines: [PriceLine] = []
        for entry in list {
            guard let unit = PriceUnit(rawValue: entry.unit), let price = ExactDecimal(entry.usd) else { return nil }
            lines.append(PriceLine(unit: unit, price: price, conditions: entry.conditions))
        }
        self.init(lines: lines)
    }
}
