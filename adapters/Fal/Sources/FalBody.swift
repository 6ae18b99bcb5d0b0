import Foundation
import Generation
import ProviderKit

extension FalOrder {
    /// The whole body, byte for byte the same for the same attempt; pictures go along as `data:` URLs.
    ///
    /// - Throws: What reading the pictures throws.
    func body(_ context: AttemptContext) async throws(ProviderFailure) -> [UInt8] {
        var members = fields.map { (name: $0.key, value: Array($0.value.canonicalText.utf8)) }
        for (name, pictures) in pictures.sorted(by: { $0.key < $1.key }) {
            switch pictures {
            case .one(let input): members.append((name, try await Self.text(input, context)))
            case .list(let inputs):
                var value: [UInt8] = [UInt8(ascii: "[")]
                for (index, input) in inputs.enumerated() {
                    if index > 0 { value.append(UInt8(ascii: ",")) }
                    value += try await Self.text(input, context)
                }
                members.append((name, value + [UInt8(ascii: "]")]))
            }
        }
        // Pictures are megabytes of base64, which no JSON writer needs to look at.
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        bytes.reserveCapacity(members.reduce(2) { $0 + $1.name.utf8.count + $1.value.count + 4 })
        for (index, member) in members.sorted(by: { $0.name < $1.name }).enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += Array("\"\(member.name)\":".utf8)
            bytes += member.value
        }
        return bytes + [UInt8(ascii: "}")]
    }

    private static func text(
        _ input: MediaInput,
        _ context: AttemptContext
    ) async throws(ProviderFailure) -> [UInt8] {
        guard case .stored(let stored) = input else {
            throw .notSent(
                .invalidRequest,
                "A picture of the request was not stored before it was sent.",
                details: "an input in its posted form reached the adapter"
            )
        }
        let bytes = try await context.bytes(of: stored)
        return Array("\"data:\(stored.mediaType);base64,".utf8) + Array(Data(bytes).base64EncodedData())
            + [UInt8(ascii: "\"")]
    }
}
