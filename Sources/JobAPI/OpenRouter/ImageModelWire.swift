import Generation
import JobCore
import JobEngine
import Ledger

/// Writes the lists of image models: what they take, and per endpoint what they cost.
enum ImageModelWire {
    // MARK: Models

    /// The list of image models.
    static func models(_ entries: [ModelDirectory.Entry]) -> [UInt8] {
        var json = JSONWriter(capacity: 4_096)
        json.beginObject()
        json.key("data")
        json.beginArray()
        for entry in entries where entry.model.type == .image { write(entry, &json) }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    /// What any endpoint takes is taken: a request goes to one that does.
    private static func write(_ entry: ModelDirectory.Entry, _ json: inout JSONWriter) {
        json.beginObject()
        json.key("id")
        json.string(entry.model.slug)
        json.key("name")
        json.string(entry.model.name)
        json.key("description")
        json.string(entry.model.summary)
        json.key("created")
        json.integer(entry.created)
        json.key("architecture")
        json.beginObject()
        json.key("input_modalities")
        json.strings(entry.inputModalities)
        json.key("output_modalities")
        json.strings([entry.outputModality])
        json.endObject()
        json.key("supported_parameters")
        json.value(parameters(of: entry.images))
        json.key("supports_streaming")
        json.bool(entry.images.contains { $0.partialImagesMax > 0 })
        json.key("endpoints")
        json.string("/api/v1/images/models/\(entry.model.slug)/endpoints")
        json.endObject()
    }

    // MARK: Endpoints

    /// The endpoints of an image model.
    static func endpoints(of entry: ModelDirectory.Entry) -> [UInt8] {
        var json = JSONWriter(capacity: 2_048)
        json.beginObject()
        json.key("id")
        json.string(entry.model.slug)
        json.key("endpoints")
        json.beginArray()
        for endpoint in entry.endpoints {
            guard case .image(let image) = endpoint.model.parameters else { continue }
            write(endpoint, image, &json)
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    private static func write(_ endpoint: Endpoint, _ image: ImageParameters, _ json: inout JSONWriter) {
        json.beginObject()
        json.key("provider_name")
        json.string(endpoint.providerName)
        json.key("provider_slug")
        json.string(endpoint.id.provider)
        json.key("provider_tag")
        json.string(endpoint.id.provider)
        json.key("supported_parameters")
        json.value(parameters(of: [image]))
        json.key("allowed_passthrough_parameters")
        json.strings(endpoint.model.options)
        json.key("supports_streaming")
        json.bool(image.partialImagesMax > 0)
        json.key("pricing")
        json.beginArray()
        for line in endpoint.prices.lines where line.above == nil { write(line, &json) }
        json.endArray()
        json.endObject()
    }

    /// A line that has no word in the dialect, such as one of text that comes out, is left out; `/api/v1/catalog` shows
    /// every one, and `usage.cost` tells what an image did cost.
    private static func write(_ line: PriceLine, _ json: inout JSONWriter) {
        guard let (billable, unit) = words(for: line.unit) else { return }
        json.beginObject()
        json.key("billable")
        json.string(billable)
        json.key("unit")
        json.string(unit)
        json.key("cost_usd")
        json.decimal(line.price)
        if !line.conditions.isEmpty {
            json.key("variant")
            json.string(variant(line.conditions))
        }
        json.endObject()
    }

    /// What the dialect's prices are for, and per what.
    static let billables = ["output_image", "input_image", "input_reference", "input_text"]
    static let units = ["request", "image", "megapixel", "token"]

    private static func words(for unit: PriceUnit) -> (billable: String, unit: String)? {
        switch unit {
        case .image: ("output_image", "image")
        case .megapixel: ("output_image", "megapixel")
        case .outputImageToken, .token: ("output_image", "token")
        case .request: ("output_image", "request")
        case .inputMegapixel: ("input_image", "megapixel")
        case .inputImageToken: ("input_image", "token")
        case .referenceImage: ("input_reference", "image")
        case .inputTextToken: ("input_text", "token")
        // Images are not metered by these, or there is no word for it.
        case .second, .character, .audioMinute, .audioSecond, .inputAudioToken, .outputTextToken, .outputAudioToken,
            .minimum:
            nil
        }
    }

    /// `2k`, `high_1024x1024`: the values of the conditions, the tier first.
    private static func variant(_ conditions: [String: String]) -> String {
        let known = ["resolution", "quality", "size", "background", "input"]
        let names = known.filter { conditions[$0] != nil } + conditions.keys.filter { !known.contains($0) }.sorted()
        return names.compactMap { name in
            let value = conditions[name]?.lowercased()
            return name == "input" ? value.map { "\($0)_input" } : value
        }.joined(separator: "_")
    }

    // MARK: Parameters

    /// What can be said to any of several endpoints: words to choose from, numbers with their bounds.
    private static func parameters(of images: [ImageParameters]) -> JSONValue {
        var fields: [String: JSONValue] = [:]
        func words(_ name: String, _ values: [String]) {
            guard !values.isEmpty else { return }
            fields[name] = ["type": "enum", "values": .array(values.unique.map(JSONValue.string))]
        }
        func range(_ name: String, _ least: Int, _ most: Int) {
            fields[name] = ["type": "range", "min": .integer(Int64(least)), "max": .integer(Int64(most))]
        }
        let sizes = images.flatMap(\.sizes)
        words("resolution", sizes.map(\.resolution))
        words("aspect_ratio", sizes.map(\.aspectRatio))
        words("size", sizes.filter { !$0.followsInput }.map(\.size.description))
        words("quality", images.flatMap(\.qualities))
        words("background", images.flatMap(\.backgrounds))
        words("output_format", images.flatMap(\.formats))
        range("n", 1, min(images.map(\.countMax).max() ?? 1, Int(ImageRequestReader.countMax)))
        if images.contains(where: \.compression) { range("output_compression", 0, 100) }
        if let most = images.map(\.referencesMax).max(), most > 0 { range("input_references", 0, most) }
        if let most = images.map(\.partialImagesMax).max(), most > 0 { range("partial_images", 0, most) }
        if images.contains(where: \.seed) { fields["seed"] = ["type": "boolean"] }
        return .object(fields)
    }
}

extension ModelDirectory.Entry {
    /// What its endpoints take, of a model that makes images.
    var images: [ImageParameters] {
        endpoints.compactMap { endpoint in
            guard case .image(let parameters) = endpoint.model.parameters else { return nil }
            return parameters
        }
    }
}

extension JSONWriter {
    /// Writes an exact decimal as a number.
    mutating func decimal(_ value: ExactDecimal) { number(exactly: value.description) }
}
