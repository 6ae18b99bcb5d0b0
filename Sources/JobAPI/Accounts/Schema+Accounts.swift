import JobCore

/// The forms of the routes about keys and workspaces.
extension Schema {
    /// Something is gone.
    static let deleted = Schema.object(["deleted": .bool])

    /// An amount that limits spending, as a client sends it.
    private static let limit = Schema.number(in: 0...1_000_000_000)
        .about("US dollars, with at most nine decimals.")
    private static let reset = Schema.word(SpendingPeriod.resetting.map(\.rawValue)).orNull
        .about("After what time the limit counts anew, at midnight UTC; weeks begin on Monday. Null: never.")

    /// A key as those who manage it see it.
    static let accountKey: Schema = {
        var members: [String: Schema] = [
            "hash": .string(pattern: "^[0-9a-f]{64}$").about("SHA-256 of the key."),
            "name": .string(), "label": .string(min: 1), "disabled": bool, "limit": dollars.orNull,
            "limit_remaining": dollars.orNull, "limit_reset": reset, "include_byok_in_limit": bool,
            "created_at": time, "updated_at": time.orNull, "last_used_at": time.orNull,
            "creator_user_id": .string().orNull, "external_user": .string().orNull, "workspace_id": .string(min: 1),
            "expires_at": time.orNull,
        ]
        for name in ["usage", "byok_usage"] {
            for period in ["", "_daily", "_weekly", "_monthly"] { members[name + period] = dollars }
        }
        return named("APIKey", object(members))
    }()

    /// The body of a request for a new key.
    static let keyCreation: Schema = {
        let optional: [String: Schema] = [
            "limit": limit, "limit_reset": reset, "include_byok_in_limit": onlyFalse,
            "expires_at": .string(max: 40, format: "date-time").about("When it stops opening anything."),
            "creator_user_id": text(max: KeyRequestReader.userCharactersMax),
            "external": object(["user": text(min: 1, max: KeyRequestReader.userCharactersMax)]),
            "workspace_id": text(max: 64).about("The id or the slug; by default the workspace of the request's key."),
        ]
        let needs = ["name": text(min: 1, max: KeyRequestReader.nameCharactersMax)]
        return named(
            "KeyCreation",
            object(optional.mapValues(\.orNull).merging(needs) { $1 }, optional: Set(optional.keys))
        )
    }()

    /// The body of a change to a key.
    static let keyChange: Schema = {
        let members: [String: Schema] = [
            "name": text(min: 1, max: KeyRequestReader.nameCharactersMax).orNull, "disabled": bool.orNull,
            "limit": limit.orNull.about("Null takes the limit away."), "limit_reset": reset,
            "include_byok_in_limit": onlyFalse.orNull,
            "workspace_id": text(max: 64).orNull.about("A key stays in its workspace: only that one is taken."),
        ]
        return named("KeyChange", object(members, optional: Set(members.keys)))
    }()

    // MARK: Workspaces

    /// A workspace as those who manage it see it.
    static let workspace: Schema = {
        var members: [String: Schema] = [
            "id": .string(format: "uuid"), "name": .string(), "slug": .string(min: 1), "description": .string().orNull,
            "created_at": time, "updated_at": time.orNull, "created_by": .string().orNull,
            "default_text_model": .string().orNull, "default_image_model": .string().orNull,
            "default_provider_sort": .string().orNull, "include_byok_in_budgets": bool,
            "default_guardrail_id": .string(min: 1), "io_logging_sampling_rate": integer(in: 1...1),
        ]
        for name in WorkspaceRequestReader.foreignSwitches { members[name] = bool }
        for name in WorkspaceRequestReader.foreignLists { members[name] = null }
        return named("Workspace", object(members))
    }()

    private static let workspaceDetails: [String: Schema] = {
        let model = text(max: WorkspaceRequestReader.modelCharactersMax)
        var members: [String: Schema] = [
            "description": text(max: WorkspaceRequestReader.summaryCharactersMax).orNull,
            "default_text_model": model.orNull, "default_image_model": model.orNull,
            "default_provider_sort": model.orNull,
            "io_logging_sampling_rate": integer(in: 1...1).orNull.about("No prompt is ever logged."),
        ]
        for name in WorkspaceRequestReader.foreignSwitches {
            members[name] = bool.orNull.about("Not done here: only `false` is taken.")
        }
        for name in WorkspaceRequestReader.foreignLists {
            members[name] = array(of: any, max: 0).orNull.about("Not done here: only an empty list is taken.")
        }
        return members
    }()

    /// The body of a request for a new workspace.
    static let workspaceCreation: Schema = {
        let slug = string(
            min: 1,
            max: WorkspaceRequestReader.slugBytesMax,
            pattern: WorkspaceRequestReader.slugPattern
        )
        let needs = ["name": text(min: 1, max: WorkspaceRequestReader.nameCharactersMax), "slug": slug]
        return named(
            "WorkspaceCreation",
            object(workspaceDetails.merging(needs) { $1 }, optional: Set(workspaceDetails.keys))
        )
    }()

    /// The body of a change to a workspace.
    static let workspaceChange: Schema = {
        let more = [
            "name": text(min: 1, max: WorkspaceRequestReader.nameCharactersMax).orNull,
            "slug": text(max: WorkspaceRequestReader.slugBytesMax).orNull.about("It stays: only its own is taken."),
        ]
        let members = workspaceDetails.merging(more) { $1 }
        return named("WorkspaceChange", object(members, optional: Set(members.keys)))
    }()

    // MARK: Budgets

    /// A budget.
    static let workspaceBudget = named(
        "WorkspaceBudget",
        object([
            "id": .string(format: "uuid"), "workspace_id": .string(format: "uuid"), "limit_usd": dollars,
            "reset_interval": reset, "created_at": time, "updated_at": time,
        ])
    )

    /// A budget, and what is said of all budgets of its workspace.
    static let budgetAnswer = object(["data": workspaceBudget, "include_byok_in_budgets": bool])

    /// The body that sets a budget.
    static let budgetRequest = named(
        "BudgetRequest",
        object(
            [
                "limit_usd": limit.about("US dollars above 0, with at most nine decimals."),
                "include_byok_in_budgets": onlyFalse.orNull,
            ],
            optional: ["include_byok_in_budgets"]
        )
    )

    /// A layer of what limits the spending of a key.
    static let keyBudget = named(
        "KeyBudget",
        object([
            "scope": word(["workspace", "key_limit"]), "limit_usd": dollars, "spend_usd": dollars,
            "remaining_usd": dollars, "include_byok": bool, "reset_interval": reset, "resets_at": time.orNull,
            "budget_id": .string(format: "uuid").orNull, "guardrail_id": null,
        ])
    )
}
