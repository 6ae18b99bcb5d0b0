import Ledger

/// Writes a price sheet of a video model in the grammar of `pricing_skus`.
///
/// Only keys that clients know are made. A line whose conditions have no word there is left out, rather than shown under
/// a key that would say something else; `usage.cost` tells what a video did cost, and `/api/v1/catalog` shows every line.
enum PricingSKUs {
    /// The keys, sorted, with their prices as decimal strings: in US dollars, or in cents where the key says so.
    static func of(_ prices: PriceSheet) -> [(key: String, price: String)] {
        // No word says that a price ends at some quantity: what is shown is the first tier's.
        let pairs = prices.lines.filter { $0.above == nil }.compactMap { line in
            key(of: line, in: prices).flatMap { key in price(of: line).map { (key, $0) } }
        }
        return Dictionary(pairs) { first, _ in first }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static func key(of line: PriceLine, in prices: PriceSheet) -> String? {
        var conditions = line.conditions
        let resolution = conditions.removeValue(forKey: "resolution")
        let audio = conditions.removeValue(forKey: "audio")
        let input = conditions.removeValue(forKey: "input")
        guard conditions.isEmpty, let tier = tier(resolution) else { return nil }
        let isPlain = audio == nil && input == nil
        switch line.unit {
        case .second: return seconds(tier, audio: audio, input: input)
        case .token: return tokens(tier, audio: audio, input: input, of: line, in: prices)
        case .referenceImage: return isPlain && tier.isEmpty ? "reference_images" : nil
        case .minimum: return isPlain && tier.isEmpty ? "minimum_cents_per_generation" : nil
        case .request: return isPlain && tier.isEmpty ? "generate" : nil
        // Videos are not metered by these.
        case .image, .megapixel, .inputMegapixel, .character, .audioMinute, .audioSecond, .inputTextToken,
            .inputImageToken, .inputAudioToken, .outputTextToken, .outputImageToken, .outputAudioToken:
            return nil
        }
    }

    /// By the second: for any setting, by sound, or by what the video is made from.
    ///
    /// No word says both of the last two.
    private static func seconds(_ tier: String, audio: String?, input: String?) -> String? {
        switch (audio, input) {
        case (nil, nil): "duration_seconds" + tier
        case ("true"?, nil): "duration_seconds_with_audio" + tier
        case ("false"?, nil): "duration_seconds_without_audio" + tier
        case (nil, "text"?) where !tier.isEmpty: "text_to_video_duration_seconds" + tier
        case (nil, "image"?) where !tier.isEmpty: "image_to_video_duration_seconds" + tier
        case (nil, "reference"?) where !tier.isEmpty: "reference_duration_seconds" + tier
        case _: nil
        }
    }

    /// By the video token: the plain words are those of videos with sound, where the two differ.
    private static func tokens(
        _ tier: String,
        audio: String?,
        input: String?,
        of line: PriceLine,
        in prices: PriceSheet
    ) -> String? {
        switch (audio, input) {
        case (nil, nil): return "video_tokens" + tier
        case (nil, "video"?): return "video_tokens" + tier + "_with_video_input"
        case ("false"?, nil): return tier.isEmpty ? "video_tokens_without_audio" : nil
        case ("true"?, nil):
            var plain = line.conditions
            plain["audio"] = nil
            let isTaken = prices.lines.contains { $0.unit == .token && $0.conditions == plain }
            return isTaken ? nil : "video_tokens" + tier
        case _: return nil
        }
    }

    private static func price(of line: PriceLine) -> String? {
        line.unit == .minimum ? line.price.hundredfold?.description : line.price.description
    }

    /// `_720p`, `_4k`; nothing without a resolution; nil for one that has no such form.
    private static func tier(_ resolution: String?) -> String? {
        guard let resolution else { return "" }
        let text = resolution.lowercased()
        guard text.count >= 2, text.last == "p" || text.last == "k",
            text.dropLast().utf8.allSatisfy({ (48...57).contains($0) })
        else { return nil }
        return "_" + text
    }
}

extension ExactDecimal {
    /// The same in hundredths of the unit: dollars as cents.
    ///
    /// Nil when it does not fit.
    fileprivate var hundredfold: ExactDecimal? {
        if scale >= 2 { return ExactDecimal(mantissa: mantissa, scale: scale - 2) }
        let (whole, overflow) = mantissa.multipliedReportingOverflow(by: scale == 0 ? 100 : 10)
        return overflow ? nil : ExactDecimal(whole)
    }
}
