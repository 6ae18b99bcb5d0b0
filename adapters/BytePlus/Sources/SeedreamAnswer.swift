import Generation
import ProviderKit

/// The answer to an image request: the images' addresses, which hold for 24 hours.
///
/// Source: `types/images/images.py` of byteplus-python-sdk-v2 3.0.63 and the image API samples of ModelArk (revision 265,
/// 2026-10-08). Each element of `data` is an image or an error of its own, and both come with status 200: of a set what was
/// filtered is passed over. What was not made is not billed.
enum SeedreamAnswer {
    /// What was made.
    ///
    /// - Parameters:
    ///   - answer: The answer, of status 200.
    ///   - format: The format that was asked for.
    /// - Returns: The images, and how many of them are billed.
    /// - Throws: Why there is none, when the vendor says so; an unknown outcome when the answer cannot be read.
    static func submission(_ answer: ProviderAnswer, format: String?) throws(ProviderFailure) -> Submission {
        guard let json = answer.json else { throw unreadable(answer) }
        guard case .array(let items)? = json["data"] else {
            // An error of the whole request is said only when there is nothing.
            guard let error = json["error"], error["code"]?.stringValue != nil else { throw unreadable(answer) }
            throw ProviderFailure(task: error, making: "image")
        }
        let outputs = items.compactMap { item -> ProviderOutput? in
            guard let url = item["url"]?.stringValue, !url.isEmpty else { return nil }
            let format = item["output_format"]?.stringValue ?? format ?? "jpeg"
            return ProviderOutput(.url(url), mediaType: "image/\(format)")
        }
        let billed = json["usage"]?["generated_images"]?.wholeNumber
        guard outputs.isEmpty else {
            // Nobody pays for an image that was not handed over.
            let count = Int64(outputs.count)
            return .completed(outputs, usage(images: min(billed ?? count, count)))
        }
        // Images that are billed and cannot be seen: of such an answer nobody knows what it means.
        guard billed ?? 0 == 0 else { throw unreadable(answer) }
        let errors = items.compactMap { $0["error"] } + [json["error"]].compactMap(\.self)
        if let error = errors.first(where: { $0["code"]?.stringValue != nil }) {
            throw ProviderFailure(task: error, making: "image")
        }
        return .completed([], usage(images: 0))
    }

    private static func usage(images: Int64) -> ReportedUsage {
        var usage = ReportedUsage()
        usage.images = images
        return usage
    }

    private static func unreadable(_ answer: ProviderAnswer) -> ProviderFailure {
        .unreadable("status \(answer.status), \(answer.body.count) bytes that are no images")
    }
}
