import Ledger

/// Writes a price sheet of a video model in the grammar of `pricing_skus`.
///
/// Only keys that clients know are made. A line whose condition has no word there is left out, rather than shown under
/// a key that would say something else; `usage.cost` tells what a video did cost.
enum PricingSKUs {
    /// The keys, sorted, with their prices in US dollars as decimal strings.
    static func of(_ prices: PriceSheet) -> [(key: String, price: String)] {
        let pairs = prices.lines.compactMap { line in key(of: line).map { ($0, line.price.description) } }
        return Dictionary(pairs) { first, _ in first }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static func key(of line: PriceLine) -> String? {
        var conditions = line.conditions
        let resolution = conditions.removeValue(forKey: "resolution")
        let audio = conditions.removeValue(forKey: "audio")
        guard conditions.isEmpty, let tier = tier(resolution) else { return nil }
        switch line.unit {
        case .second:
            switch audio {
            case nil: return "duration_seconds" + tier
            case "true"?: return "duration_seconds_with_audio" + tier
            case "false"?: return "duration_seconds_without_audio" + tier
            case _: return nil
            }
        case .request: return audio == nil && tier.isEmpty ? "generate" : nil
        // Videos are metered by the second and by the request.
        case .token, .image, .megapixel, .character, .audioMinute, .referenceImage, .minimum: return nil
        }
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
