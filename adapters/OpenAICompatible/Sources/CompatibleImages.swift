import Foundation
import Generation
import HTTPTransport
import ProviderKit

/// `POST /images/generations` and `POST /images/edits`.
extension CompatibleAdapter {
    func submitImage(_ image: ImageRequest, _ order: CompatibleOrder) async throws(ProviderFailure) -> Submission {
        let response = try await order.context.send(try await request(image, order))
        guard response.isSuccess else { throw CompatibleFailures.refused(try await ProviderAnswer(response)) }
        let answer = try await PicturesAnswer(response.body, order.context) { address($0) }
        return .completed(answer.outputs, ReportedUsage())
    }

    private func request(_ image: ImageRequest, _ order: CompatibleOrder) async throws(ProviderFailure) -> HTTPRequest {
        var fields = fields(image, order)
        guard !image.inputReferences.isEmpty else {
            return door.post("/images/generations", Dictionary(fields))
        }
        var files: [CompatibleFile] = []
        for (index, input) in image.inputReferences.enumerated() {
            files.append(try await order.file(input, named: "image\(index + 1)"))
        }
        guard profile.references != .inside else {
            let texts = files.map { JSONValue.string(Data($0.bytes).base64EncodedString()) }
            fields.append(("ref_images", .array(texts)))
            return door.post("/images/generations", Dictionary(fields))
        }
        var form = MultipartBody(boundary: order.context.reference.externalID)
        form.add(fields)
        let isListed = files.count > 1 || profile.references == .listedFiles
        for file in files { form.add(isListed ? "image[]" : "image", file) }
        if let mask = image.mask { form.add("mask", try await order.file(mask, named: "mask")) }
        return door.post("/images/edits", type: form.contentType, form.bytes)
    }

    private func fields(_ image: ImageRequest, _ order: CompatibleOrder) -> [(name: String, value: JSONValue)] {
        var fields: [(name: String, value: JSONValue)] = [
            ("model", .string(order.model.providerModel)), ("prompt", .string(image.prompt)),
            ("n", .integer(Int64(image.n ?? 1))),
        ]
        if let size = image.size {
            switch profile.sizeForm {
            case .size: fields.append(("size", .string(size.description)))
            case .sides:
                fields.append(("width", .integer(Int64(size.width))))
                fields.append(("height", .integer(Int64(size.height))))
            }
        }
        switch profile.pictureForm {
        case .base64, .url: fields.append(("response_format", .string(profile.pictureForm.rawValue)))
        case .unsaid: break
        }
        if profile.saysFormat, let format = image.outputFormat { fields.append(("output_format", .string(format))) }
        if let text = image.negativePrompt { fields.append(("negative_prompt", .string(text))) }
        if let seed = image.seed { fields.append(("seed", .integer(seed))) }
        return fields + order.options
    }
}
