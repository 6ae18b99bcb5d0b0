import Foundation
import Generation
import ProviderKit
import Testing

extension AdapterConformance {
    static let fidelityChecks = [
        network("the provider takes every size, length, sound and picture that a model offers") { stage in
            for model in stage.adapter.models {
                var taken = 0
                let sound = stage.sound(for: model)
                for variant in VideoVariants.offers(of: model) + MediaVariants.offers(of: model, sound: sound) {
                    // What a model's rules exclude is refused before any provider sees it.
                    guard let request = stage.admitted(variant.request, model) else { continue }
                    let outcome = await stage.submit(request, stage.attempt(inputs: variant.inputs))
                    switch outcome {
                    case .accepted(let operation):
                        if let id = stage.provider.started().last { stage.provider.finish(id) }
                        #expect(!operation.remoteID.isEmpty)
                    case .completed(let outputs): #expect(!outputs.isEmpty, "\(model.slug), \(variant.name)")
                    case .failed:
                        Issue.record("\(model.slug), \(variant.name): \(outcome)")
                        continue
                    }
                    taken += 1
                }
                #expect(taken > 0, "nothing of \(model.slug) was taken")
            }
        },
        network("every field of a request reaches the provider") { stage in
            for model in stage.adapter.models {
                let sound = stage.sound(for: model)
                for pair in VideoVariants.pairs(of: model) + MediaVariants.pairs(of: model, sound: sound) {
                    guard let one = stage.admitted(pair.one, model), let other = stage.admitted(pair.other, model),
                        one != other
                    else { continue }
                    let first = try await body(stage, one, pair.inputs)
                    let second = try await body(stage, other, pair.inputs)
                    #expect(first != second, "\(model.slug): \(pair.field) makes no difference")
                }
            }
        },
        network("pictures reach the provider byte for byte") { stage in
            for model in stage.adapter.models {
                for variant in VideoVariants.pictures(of: model) + MediaVariants.pictures(of: model) {
                    guard let request = stage.admitted(variant.request, model) else { continue }
                    let before = stage.provider.journal().count
                    let outcome = await stage.submit(request, stage.attempt(inputs: variant.inputs))
                    guard outcome.failure == nil else {
                        Issue.record("\(model.slug), \(variant.name): \(outcome)")
                        continue
                    }
                    let sent = stage.provider.journal().dropFirst(before).map(\.body)
                    for (name, bytes) in variant.pictures {
                        #expect(
                            sent.contains { holds($0, bytes) },
                            "\(model.slug), \(variant.name): the \(name) did not arrive as it was"
                        )
                    }
                }
            }
        },
        network("a seed, a length and every other figure that was not asked for twice gives the same body") { stage in
            for request in try stage.requests() {
                // A body that changes by itself could never be told from another request.
                let attempt = stage.attempt()
                let first = try await body(stage, request, [:], attempt)
                let second = try await body(stage, request, [:], attempt)
                #expect(first == second, "\(request.model)")
            }
        },
    ]

    /// What would be sent: its address and its body.
    private static func body(
        _ stage: NetworkStage,
        _ request: GenerationRequest,
        _ inputs: [String: [UInt8]],
        _ attempt: TestAttempt? = nil
    ) async throws -> [UInt8] {
        // The same attempt for both, so that nothing else differs.
        let reference = TestAttempt(
            at: stage.adapter,
            externalID: "att_check_fields",
            sentAtMilliseconds: 0,
            inputs: stage.subject.inputs.merging(inputs) { $1 }
        )
        return await (attempt ?? reference).body(of: request, at: stage.adapter)
    }

    /// Whether bytes stand in a body, plain or in base64.
    private static func holds(_ body: [UInt8], _ bytes: [UInt8]) -> Bool {
        let data = Data(body)
        return data.range(of: Data(bytes)) != nil
            || data.range(of: Data(Data(bytes).base64EncodedString().utf8)) != nil
    }
}
