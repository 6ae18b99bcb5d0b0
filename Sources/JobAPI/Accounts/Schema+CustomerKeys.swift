import Generation

/// What the routes for customers' own provider keys take and answer.
extension Schema {
    private static let slug = Schema.text(min: 1, max: CustomerKeyBody.slugMax)
    private static let ownModels = array(of: slug, min: 1, max: CustomerKeyBody.listMax)
    private static let hashes = array(of: .string(pattern: "^[0-9a-f]{64}$"), min: 1, max: CustomerKeyBody.listMax)
    private static let region = word(CustomerKeyBody.Region.self)
    private static let secret = Schema.text(min: 1, max: CustomerKeyBody.textMax)

    /// What may be said about a key when it is handed in, and later.
    private static let terms: [String: Schema] = [
        "name": text(max: CustomerKeyBody.nameMax).orNull, "disabled": bool.orNull, "is_fallback": bool.orNull,
        "is_required": bool.orNull, "is_byok_only": bool.orNull, "allowed_models": ownModels.orNull,
        "allowed_api_key_hashes": hashes.orNull, "allowed_user_ids": null, "declared_zdr": bool.orNull,
        "declared_region": region.orNull,
    ]

    static let customerKeyCreation: Schema = {
        let members = terms.merging(["provider": text(min: 1, max: 64), "key": secret, "workspace_id": slug.orNull]) {
            $1
        }
        return named("BYOKKeyCreation", object(members, optional: Set(terms.keys).union(["workspace_id"])))
    }()

    static let customerKeyUpdate: Schema = {
        let members = terms.merging(["key": secret.orNull]) { $1 }
        return named("BYOKKeyUpdate", object(members, optional: Set(members.keys)))
    }()

    private static let customerKey = named(
        "BYOKKey",
        object([
            "id": .string(format: "uuid"), "provider": .string(min: 1), "label": .string(min: 1),
            "name": Schema.string().orNull, "workspace_id": .string(format: "uuid"), "disabled": bool,
            "is_fallback": bool,
            "is_required": bool, "is_byok_only": bool, "sort_order": count, "allowed_models": words.orNull,
            "allowed_api_key_hashes": words.orNull, "allowed_user_ids": words.orNull, "declared_zdr": bool.orNull,
            "declared_region": region.orNull, "created_at": time,
        ])
    )

    static let customerKeyAnswer = object(["data": customerKey])

    static let customerKeys = object(["data": array(of: customerKey), "total_count": count])
}

extension RouteDescription {
    static let createCustomerKey = RouteDescription(
        id: "createByokKey",
        tag: .openRouter,
        summary: "Hand in a provider key of your own",
        details: """
            Jobs of the workspace are then served with it before all others, or after them (`is_fallback`). It is kept \
            encrypted and given back to nobody; `label` shows a few of its characters. Needs a management key, which may \
            hand in keys for any workspace: `workspace_id` names it by id or slug, by default it is the key's own.
            """,
        body: .json(.customerKeyCreation),
        answers: [201: .json(.customerKeyAnswer, "The key is kept.")],
        errors: [403]
    )

    static let listCustomerKeys = RouteDescription(
        id: "listByokKeys",
        tag: .openRouter,
        summary: "List the provider keys of the workspace",
        details: "By provider, then in the order in which they are tried. Needs a management key.",
        parameters: [
            .query("offset", Schema.integer(in: 0...Int64(Int32.max)).byDefault(0), "How many to leave out."),
            .query("limit", Schema.integer(in: 1...100).byDefault(50), "How many at most."),
            .query("provider", .string(), "Only keys of this provider."),
            .query("workspace_id", .string(), "Of this workspace, by id or slug; by default of the key's own."),
        ],
        answers: [200: .json(.customerKeys, "The keys, and how many there are.")],
        errors: [403]
    )

    static let getCustomerKey = RouteDescription(
        id: "getByokKey",
        tag: .openRouter,
        summary: "Show a provider key",
        answers: [200: .json(.customerKeyAnswer, "The key, but for its text.")],
        errors: [403, 404]
    )

    static let updateCustomerKey = RouteDescription(
        id: "updateByokKey",
        tag: .openRouter,
        summary: "Change a provider key",
        details: """
            What is absent stays as it is. A new `key` takes the place of the old one at once, for jobs under way too.
            """,
        body: .json(.customerKeyUpdate),
        answers: [200: .json(.customerKeyAnswer, "The key as it is now.")],
        errors: [403, 404]
    )

    static let deleteCustomerKey = RouteDescription(
        id: "deleteByokKey",
        tag: .openRouter,
        summary: "Delete a provider key",
        details: "No new job is served with it. Those under way are followed to their ends with it; then it is gone.",
        answers: [200: .json(.object(["deleted": .bool]), "It is deleted.")],
        errors: [403, 404]
    )
}
