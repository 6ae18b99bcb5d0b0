/// What the routes about keys and workspaces take and answer.
extension RouteDescription {
    private static let keyPath = Parameter.path(
        "hash",
        .string(pattern: "^[0-9a-fA-F]{64}$"),
        "SHA-256 of the key, in hexadecimal digits."
    )

    static let listKeys = RouteDescription(
        id: "listKeys",
        tag: .openRouter,
        summary: "List keys",
        details: "Newest first, at most 100 at once. Needs a management key, as do all routes about keys.",
        parameters: [
            .query("offset", .integer(in: 0...Int64(Int32.max)), "How many to skip."),
            .query("include_disabled", .bool, "Whether disabled keys are listed; by default not."),
            .query("include_expired", .bool, "Whether expired keys are listed; by default not."),
            .query("workspace_id", .string(min: 1), "Of this workspace, by id or slug; by default of the key's own."),
        ],
        answers: [200: .json(Schema.object(["data": .array(of: .accountKey, max: 100)]), "The keys.")],
        errors: [403]
    )

    static let createKey = RouteDescription(
        id: "createKey",
        tag: .openRouter,
        summary: "Make a key",
        details:
            "The key's text is told once, and stored nowhere. Unknown fields are refused: a mistyped limit is none.",
        body: .json(.keyCreation),
        answers: [
            201: .json(
                Schema.object(["key": .string(min: 1), "data": .accountKey]),
                "The key.",
                links: ["getKey", "updateKey", "deleteKey"].map { Link($0, ["hash": "$response.body#/data/hash"]) }
            )
        ],
        errors: [403]
    )

    static let getKey = RouteDescription(
        id: "getKey",
        tag: .openRouter,
        summary: "Show a key",
        parameters: [keyPath],
        answers: [200: .json(Schema.object(["data": .accountKey]), "The key, and what it has spent.")],
        errors: [403, 404]
    )

    static let updateKey = RouteDescription(
        id: "updateKey",
        tag: .openRouter,
        summary: "Change a key",
        details: "What is absent stays. A running service follows within a second; jobs that were accepted go on.",
        parameters: [keyPath],
        body: .json(.keyChange),
        answers: [200: .json(Schema.object(["data": .accountKey]), "The key as it is now.")],
        errors: [403, 404, 409]
    )

    static let deleteKey = RouteDescription(
        id: "deleteKey",
        tag: .openRouter,
        summary: "Revoke a key",
        details: "For good. Its jobs go on, and its bills stay.",
        parameters: [keyPath],
        answers: [200: .json(.deleted, "It is revoked.")],
        errors: [403, 404]
    )
}
