import Generation
package import ProviderKit

/// What this folder registers: a kind of server, of which there may be any number.
///
/// Each model is a workflow that the operator has saved from the program and named in the operator's file. Clients fill in
/// what the file says, and nothing else: no graph is ever taken from a request.
package enum ComfyUIAdapters: ProviderFolder {
    package static let folder = "ComfyUI"

    package static var serverKind: ServerKind? { kind }

    static let kind = ServerKind(
        name: "comfyui",
        types: [.image, .video, .speech, .music, .sound],
        addressVariable: "COMFYUI_URL",
        read: { entry throws(RequestProblem) in
            var workflows: [String: ComfyWorkflow] = [:]
            for index in entry.models.indices {
                var model = entry.models[index]
                let workflow = try ComfyWorkflow.read(&model.fields, of: model.capabilities, folder: entry.folder)
                try ComfyModels.check(model, against: workflow)
                workflows[model.capabilities.slug] = workflow
                entry.models[index] = model
            }
            let (identity, models, all) = (entry.identity, entry.models.map(\.capabilities), workflows)
            return { settings in ComfyAdapter(identity, models: models, workflows: all, settings) }
        }
    )

    package static func instances(_ settings: ProviderSettings) -> [any ProviderAdapter] {
        settings.instances(of: kind)
    }
}
