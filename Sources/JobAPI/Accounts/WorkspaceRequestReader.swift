import Generation
import JobCore
import JobEngine
import Ledger

/// Reads what is said about workspaces and their budgets: strictly, as all that limits spending.
enum WorkspaceRequestReader {
    static let nameCharactersMax = 100
    static let summaryCharactersMax = 2_000
    static let modelCharactersMax = 200
    static let slugPattern = "^[a-z0-9]+(-[a-z0-9]+)*$"
    static let slugBytesMax = 64

    /// Reads the body of a request for a new workspace.
    ///
    /// - Throws: The first problem.
    static func creation(_ body: JSONValue) throws(RequestProblem) -> NewWorkspace {
        var reader = try FieldReader(body)
        let title = try reader.requiredString("name", charactersMax: nameCharactersMax)
        let slug = try reader.requiredString("slug", charactersMax: slugBytesMax)
        guard isSlug(slug) else {
            throw RequestProblem(
                .invalidValue,
                field: "slug",
                "`slug` is \(RequestProblem.shown(.string(slug))); allowed: 1 to \(slugBytesMax) of a-z and 0-9, in parts joined by single hyphens."
            )
        }
        var new = NewWorkspace(name: slug, title: title)
        new.details = try details(body, &reader)
        try reader.finish()
        return new
    }

    /// Reads the body of a change, and the slug that it names.
    ///
    /// - Throws: The first problem.
    static func change(_ body: JSONValue) throws(RequestProblem) -> (change: WorkspaceChange, slug: String?) {
        var reader = try FieldReader(body)
        var title: String?
        if reader.value("name") != nil {
            title = try reader.requiredString("name", charactersMax: nameCharactersMax)
        }
        let slug = try reader.string("slug", charactersMax: slugBytesMax)
        var change = try details(body, &reader)
        change.title = title
        try reader.finish()
        return (change, slug)
    }

    /// Reads the body of a budget.
    ///
    /// - Throws: The first problem.
    static func budget(_ body: JSONValue) throws(RequestProblem) -> Credits {
        var reader = try FieldReader(body)
        guard let limit = try reader.dollars("limit_usd", mayBeZero: false) else {
            throw RequestProblem(
                .missingField,
                field: "limit_usd",
                "`limit_usd` is required: a number of US dollars above 0."
            )
        }
        try KeyRequestReader.refuseByok("include_byok_in_budgets", &reader)
        try reader.finish()
        return limit
    }

    private static func isSlug(_ text: String) -> Bool {
        text.utf8.count <= slugBytesMax
            && text.split(separator: "-", omittingEmptySubsequences: false).allSatisfy { part in
                !part.isEmpty && part.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) }
            }
    }

    private static func details(
        _ body: JSONValue,
        _ reader: inout FieldReader
    ) throws(RequestProblem) -> WorkspaceChange {
        func given(_ name: String, _ text: String?) -> String?? {
            text != nil || body[name] == .null ? .some(text) : nil
        }
        var change = WorkspaceChange()
        change.summary = given("description", try reader.string("description", charactersMax: summaryCharactersMax))
        let (text, image, sort) = ("default_text_model", "default_image_model", "default_provider_sort")
        change.textModel = given(text, try reader.string(text, charactersMax: modelCharactersMax))
        change.imageModel = given(image, try reader.string(image, charactersMax: modelCharactersMax))
        change.providerSort = given(sort, try reader.string(sort, charactersMax: modelCharactersMax))
        try refuseForeign(&reader)
        return change
    }

    /// Settings for what this service does not do: taken as long as they ask for nothing.
    private static func refuseForeign(_ reader: inout FieldReader) throws(RequestProblem) {
        for name in foreignSwitches {
            guard try reader.bool(name) != true else { throw unsupported(name, "false") }
        }
        for name in foreignLists {
            guard let value = reader.value(name), value != .array([]) else { continue }
            throw unsupported(name, "null")
        }
        if let rate = reader.value("io_logging_sampling_rate"), rate.wholeNumber != 1 {
            throw unsupported("io_logging_sampling_rate", "1")
        }
    }

    /// What cannot be switched on.
    static let foreignSwitches = [
        "is_data_discount_logging_enabled", "is_observability_broadcast_enabled",
        "is_observability_io_logging_enabled",
    ]
    /// What nothing can be listed in.
    static let foreignLists = ["disabled_server_tools", "io_logging_api_key_ids"]

    private static func unsupported(_ name: String, _ allowed: String) -> RequestProblem {
        RequestProblem(
            .unsupportedParameter,
            field: name,
            "`\(name)` is for something that this service does not do; allowed: \(allowed)."
        )
    }
}
