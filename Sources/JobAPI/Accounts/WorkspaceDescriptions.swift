import Generation
import JobCore

/// What the routes about workspaces take and answer.
extension RouteDescription {
    private static let workspacePath = Parameter.path(
        "id",
        .string(min: 1, max: 64),
        "The workspace's id, or its slug."
    )
    private static let interval = Parameter.path(
        "interval",
        .word(SpendingPeriod.self),
        "After what time the budget counts anew, at midnight UTC; weeks begin on Monday."
    )

    static let listWorkspaces = RouteDescription(
        id: "listWorkspaces",
        tag: .openRouter,
        summary: "List workspaces",
        details: "Oldest first. Needs a management key, as do all routes about workspaces.",
        parameters: [
            .query("offset", .integer(in: 0...Int64(Int32.max)), "How many to skip."),
            .query("limit", Schema.integer(in: 1...100).byDefault(50), "How many to list."),
        ],
        answers: [
            200: .json(Schema.object(["data": .array(of: .workspace, max: 100), "total_count": .count]), "Workspaces.")
        ],
        errors: [403]
    )

    static let createWorkspace = RouteDescription(
        id: "createWorkspace",
        tag: .openRouter,
        summary: "Make a workspace",
        details: "Keys and credits belong to it. Its slug is what commands and bills know it by, and stays.",
        body: .json(.workspaceCreation),
        answers: [
            201: .json(
                Schema.object(["data": .workspace]),
                "The workspace.",
                links: ["getWorkspace", "updateWorkspace", "listBudgets", "deleteWorkspace"].map {
                    Link($0, ["id": "$response.body#/data/id"])
                }
            )
        ],
        errors: [403]
    )

    static let getWorkspace = RouteDescription(
        id: "getWorkspace",
        tag: .openRouter,
        summary: "Show a workspace",
        parameters: [workspacePath],
        answers: [200: .json(Schema.object(["data": .workspace]), "The workspace.")],
        errors: [403, 404]
    )

    static let updateWorkspace = RouteDescription(
        id: "updateWorkspace",
        tag: .openRouter,
        summary: "Change a workspace",
        details: "What is absent stays. Default models are kept and told; a request names its model all the same.",
        parameters: [workspacePath],
        body: .json(.workspaceChange),
        answers: [200: .json(Schema.object(["data": .workspace]), "The workspace as it is now.")],
        errors: [403, 404]
    )

    static let deleteWorkspace = RouteDescription(
        id: "deleteWorkspace",
        tag: .openRouter,
        summary: "Delete a workspace that has nothing",
        details: "One that has keys, or ever had jobs or credits, stays: its bills do.",
        parameters: [workspacePath],
        answers: [200: .json(.deleted, "It is gone.")],
        errors: [403, 404]
    )

    static let listWorkspaceMembers = RouteDescription(
        id: "listWorkspaceMembers",
        tag: .openRouter,
        summary: "List a workspace's members",
        details: "There are no user accounts, so the list is empty.",
        parameters: [
            workspacePath, .query("offset", .string(), "Passed over."), .query("limit", .string(), "Passed over."),
        ],
        answers: [
            200: .json(Schema.object(["data": .array(of: .any, max: 0), "total_count": .count]), "An empty list.")
        ],
        errors: [403, 404]
    )

    // MARK: Budgets

    static let listBudgets = RouteDescription(
        id: "listBudgets",
        tag: .openRouter,
        summary: "List a workspace's budgets",
        parameters: [workspacePath],
        answers: [
            200: .json(
                Schema.object(["data": .array(of: .workspaceBudget, max: 4), "include_byok_in_budgets": .bool]),
                "The budgets, the shortest period first."
            )
        ],
        errors: [403, 404]
    )

    static let getBudget = RouteDescription(
        id: "getBudget",
        tag: .openRouter,
        summary: "Show a budget",
        parameters: [workspacePath, interval],
        answers: [200: .json(.budgetAnswer, "The budget.")],
        errors: [403, 404]
    )

    static let setBudget = RouteDescription(
        id: "setBudget",
        tag: .openRouter,
        summary: "Set a budget",
        details: """
            The most that all keys of the workspace may spend together, holds included. A shorter period must allow less \
            than a longer one. A job that does not fit is refused with 403.
            """,
        parameters: [workspacePath, interval],
        body: .json(.budgetRequest),
        answers: [200: .json(.budgetAnswer, "The budget as it is now.")],
        errors: [403, 404]
    )

    static let deleteBudget = RouteDescription(
        id: "deleteBudget",
        tag: .openRouter,
        summary: "Take a budget away",
        parameters: [workspacePath, interval],
        answers: [200: .json(.deleted, "There is no such budget, now or before.")],
        errors: [403, 404]
    )
}
