import AdapterCatalog
import Generation
import ProviderKit

/// The operator's own servers: the section `servers`.
extension OperatorFile {
    /// How long things take at a server, where the file does not say.
    private static let timings: [GenerationType: EndpointTiming] = [
        .video: timing(typical: 120, deadline: 7_200, send: 3_600, poll: 2),
        .image: timing(typical: 15, deadline: 1_800, send: 900, poll: 1),
        .speech: timing(typical: 3, deadline: 900, send: 600, poll: 1),
        .transcription: timing(typical: 15, deadline: 3_600, send: 1_800, poll: 1),
        .music: timing(typical: 60, deadline: 1_800, send: 900, poll: 1),
        .sound: timing(typical: 20, deadline: 1_800, send: 900, poll: 1),
    ]

    private static func timing(typical: Double, deadline: Int64, send: Int64, poll: Double) -> EndpointTiming {
        EndpointTiming(
            typicalSeconds: typical,
            deadlineSeconds: deadline,
            sendTimeoutSeconds: send,
            pollIntervalSeconds: poll
        )
    }

    /// The servers, in the order of the file.
    ///
    /// - Throws: `RequestProblem` for the first thing that cannot be followed.
    static func servers(
        _ reader: inout FieldReader,
        folder: String
    ) throws(RequestProblem) -> [ServerSettings] {
        var servers: [ServerSettings] = []
        for (element, path) in try reader.array("servers", countMax: 1_000) ?? [] {
            var entry = try FieldReader(element, path: path)
            let server = try server(&entry, path, folder: folder)
            guard !servers.contains(where: { $0.identity.slug == server.identity.slug }) else {
                throw RequestProblem(
                    .contradiction,
                    field: "\(path).name",
                    "`\(path).name` is \"\(server.identity.slug)\", as that of an earlier server is."
                )
            }
            servers.append(server)
        }
        return servers
    }

    private static func server(
        _ reader: inout FieldReader,
        _ path: String,
        folder: String
    ) throws(RequestProblem) -> ServerSettings {
        let kind = try kind(&reader)
        let identity = try identity(&reader)
        let slots = try whole("slots", 1...1_000_000, &reader) ?? 1
        let elements = try reader.array("models", countMax: entriesMax) ?? []
        guard !elements.isEmpty else {
            throw RequestProblem(
                .missingField,
                field: "\(path).models",
                "`\(path).models` is required: what the server is to be offered for, at least one model."
            )
        }
        var models: [ServerEntry.Model] = []
        for (element, place) in elements {
            let fields = try FieldReader(element, path: place)
            let model = try model(fields, place, of: identity, kind, slots: slots)
            guard !models.contains(where: { $0.capabilities.slug == model.capabilities.slug }) else {
                throw RequestProblem(
                    .contradiction,
                    field: "\(place).model",
                    "`\(place).model` is \"\(model.capabilities.slug)\", which this server offers already."
                )
            }
            models.append(model)
        }
        var entry = ServerEntry(identity: identity, folder: folder, fields: reader, models: models)
        let make = try kind.read(&entry)
        try entry.fields.finish()
        for model in entry.models { try model.fields.finish() }
        return ServerSettings(path: path, identity: identity, kind: kind, make: make)
    }

    private static func kind(_ reader: inout FieldReader) throws(RequestProblem) -> ServerKind {
        let kinds = AdapterCatalog.all.compactMap(\.serverKind)
        let word = try reader.requiredString("kind", charactersMax: 64)
        guard let kind = kinds.first(where: { $0.name == word }) else {
            throw RequestProblem(
                .invalidValue,
                field: reader.path(of: "kind"),
                "`\(reader.path(of: "kind"))` is \(RequestProblem.shown(.string(word))); allowed: \(RequestProblem.list(kinds.map(\.name)))."
            )
        }
        return kind
    }

    private static func identity(_ reader: inout FieldReader) throws(RequestProblem) -> ServerIdentity {
        let slug = try reader.requiredString("name", charactersMax: 64)
        let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789-".utf8)
        guard slug.utf8.allSatisfy(allowed.contains), slug.utf8.first != 45 else {
            throw RequestProblem(
                .invalidValue,
                field: reader.path(of: "name"),
                "`\(reader.path(of: "name"))` is \(RequestProblem.shown(.string(slug))); allowed: lower-case letters, digits and hyphens."
            )
        }
        let variable = try text("api_key_variable", &reader)
        if let variable, !isVariable(variable) {
            // A key that was put here by mistake must not be shown.
            throw RequestProblem(
                .invalidValue,
                field: reader.path(of: "api_key_variable"),
                "`\(reader.path(of: "api_key_variable"))` must be the name of an environment variable, such as LOCAL_KEY: capital letters, digits and underscores; the key itself must not stand in this file."
            )
        }
        return ServerIdentity(
            slug: slug,
            name: try text("title", &reader) ?? slug,
            baseURL: try text("base_url", &reader),
            keyVariable: variable
        )
    }

    private static func isVariable(_ text: String) -> Bool {
        text.utf8.first.map { !(48...57).contains($0) } ?? false
            && text.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == 95 }
    }

    // MARK: Models of a server

    private static func model(
        _ fields: FieldReader,
        _ path: String,
        of server: ServerIdentity,
        _ kind: ServerKind,
        slots: Int
    ) throws(RequestProblem) -> ServerEntry.Model {
        var reader = fields
        let slug = try slug("model", required: true, &reader) ?? ""
        guard let type = try reader.word("type", as: GenerationType.self), let timing = timings[type],
            kind.types.contains(type)
        else {
            throw RequestProblem(
                .missingField,
                field: reader.path(of: "type"),
                "`\(reader.path(of: "type"))` is required; servers of kind \(kind.name) make: \(RequestProblem.list(kind.types.map(\.rawValue)))."
            )
        }
        let title = slug.split(separator: "/").last.map(String.init) ?? slug
        var model = ModelCapabilities(
            slug: slug,
            name: title,
            summary: "\(title), on \(server.name).",
            parameters: try parameters(of: type, &reader),
            promptCharactersMax: 10_000,
            // A server of one's own sends no bill.
            prices: [ListPrice(unit: "request", usd: "0")],
            limits: EndpointLimits(slots: slots, sharedBy: server.slug),
            timing: timing,
            source: "the operator's file",
            options: try options(&reader)
        )
        do {
            try facts(&reader).apply(to: &model, at: path)
        } catch let problem as CatalogOverrideProblem {
            throw RequestProblem(.contradiction, field: path, problem.description)
        } catch let problem as RequestProblem {
            throw problem
        } catch {
            throw RequestProblem(.invalidValue, field: path, "\(error)")
        }
        return ServerEntry.Model(capabilities: model, fields: reader)
    }

    /// The names of what a client may hand to the server as it is.
    private static func options(_ reader: inout FieldReader) throws(RequestProblem) -> [String] {
        let names = try texts("options", &reader) ?? []
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_".utf8)
        for (index, name) in names.enumerated() where !name.utf8.allSatisfy(allowed.contains) || name.isEmpty {
            let place = "\(reader.path(of: "options"))[\(index)]"
            throw RequestProblem(
                .invalidValue,
                field: place,
                "`\(place)` is \(RequestProblem.shown(.string(name))); allowed: letters, digits and underscores."
            )
        }
        return names
    }
}
