import Generation
import JobAPI
import Synchronization
import Testing

/// Goal: the description of the API is sound in itself, and has what the server has.
@Suite struct OpenAPIDocumentTests {
    @Test func theDocumentIsServedToAnybody() async throws {
        try await TestAPI.run {
            $0.publicURL = "https://media.example/"
        } _: { api in
            let connection = try await api.connect()
            let answer = try await connection.request("GET", "/openapi.json")
            #expect(answer.status == 200)
            #expect(answer.json["openapi"] == "3.1.1")
            #expect(answer.json["servers"] == [["url": "https://media.example"]])
        }
    }

    @Test func everyReferenceLeadsSomewhere() async throws {
        let document = try await Self.document()
        let references = document.all("$ref").compactMap(\.stringValue)
        #expect(references.count > 20)
        for reference in references { #expect(document.at(reference) != nil, "\(reference)") }
        for kind in ["schemas", "responses"] {
            for name in document["components"]?[kind]?.names ?? [] {
                #expect(references.contains("#/components/\(kind)/\(name)"), "\(name) is never used")
            }
        }
    }

    @Test func everyOperationIsNamedAndExplained() async throws {
        let document = try await Self.document()
        let operations = document.operations
        #expect(operations.count >= 9)
        let ids = operations.compactMap { $0.json["operationId"]?.stringValue }
        #expect(ids.count == operations.count)
        #expect(Set(ids).count == ids.count, "\(ids.sorted())")
        let tags = document["tags"]?.elements.compactMap { $0["name"] } ?? []
        for operation in operations {
            #expect(operation.json["summary"]?.stringValue?.isEmpty == false, "\(operation.name)")
            #expect(operation.json["tags"]?.elements.allSatisfy { tags.contains($0) } == true, "\(operation.name)")
            let statuses = operation.json["responses"]?.names ?? []
            #expect(statuses.contains { $0.hasPrefix("2") }, "\(operation.name)")
            #expect(statuses.contains("500"), "\(operation.name)")
            #expect(statuses.contains("401") == (operation.json["security"] != []), "\(operation.name)")
        }
    }

    @Test func everyParameterOfAPathIsDescribed() async throws {
        for operation in try await Self.document().operations {
            let inPath = operation.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
                String($0.dropFirst().dropLast())
            }
            let parameters = operation.json["parameters"]?.elements ?? []
            let described = parameters.filter { $0["in"] == "path" }.compactMap { $0["name"]?.stringValue }
            #expect(described.sorted() == inPath.sorted(), "\(operation.name)")
            #expect(parameters.filter { $0["in"] == "path" }.allSatisfy { $0["required"] == true })
            let names = parameters.map { "\($0["in"]?.stringValue ?? "") \($0["name"]?.stringValue ?? "")" }
            #expect(Set(names).count == names.count, "\(operation.name): \(names)")
        }
    }

    @Test func whatASchemaRequiresItHas() async throws {
        let objects = try await Self.document().allObjects.filter { $0["required"]?.elements.isEmpty == false }
        #expect(objects.count > 10)
        for object in objects {
            let names = object["properties"]?.names ?? []
            for name in object["required"]?.elements ?? [] {
                #expect(names.contains(name.stringValue ?? ""), "\(name) in \(names)")
            }
        }
    }

    /// The API says itself which parameters it knows: the description must say the same.
    @Test func theParametersOfTheQueryAreThoseThatAreRead() async throws {
        try await TestAPI.run { api in
            let id = try await api.submitted()
            for operation in try await api.get("/openapi.json").json.operations
            where operation.json["security"] != [] && operation.method != "POST"
                && operation.json["tags"] != ["OpenRouter"] && operation.json["tags"] != ["OpenAI"]
            {
                let path = operation.path.replacing("{id}", with: "\(id)").replacing("{index}", with: "0")
                let answer = try await api.request(operation.method, path + "?no-such-parameter=1")
                #expect(answer.status == 400, "\(operation.name)")
                let message = answer.json["error"]?["message"]?.stringValue ?? ""
                let known = message.split(separator: "known here: ").dropFirst().first?.dropLast() ?? ""
                let parameters = operation.json["parameters"]?.elements.filter { $0["in"] == "query" } ?? []
                #expect(
                    parameters.compactMap { $0["name"]?.stringValue }.sorted()
                        == known.split(separator: ", ").map(String.init).sorted(),
                    "\(operation.name): \(message)"
                )
            }
        }
    }

    @Test func whatIsDescribedIsServed() async throws {
        try await TestAPI.run { api in
            let document = try await api.get("/openapi.json").json
            for operation in document.operations {
                let path = operation.path.replacing("{id}", with: "x").replacing("{index}", with: "0")
                let answer = try await api.request(operation.method, path, headers: [("Content-Length", "0")])
                #expect(answer.status != 405, "\(operation.name)")
                #expect(answer.json["error"]?["metadata"]?["reason"] != "unknown_route", "\(operation.name)")
            }
            for path in Set(document.operations.map(\.path)) {
                let described = document.operations.filter { $0.path == path }.map(\.method)
                let asked = path.replacing("{id}", with: "x").replacing("{index}", with: "0")
                let answer = try await api.request("TRACE", asked)
                #expect(answer.status == 405)
                let allowed = answer[header: "allow"]?.split(separator: ", ").map(String.init) ?? []
                #expect(allowed.filter { $0 != "HEAD" }.sorted() == described.sorted(), "\(path)")
            }
        }
    }

    static func document() async throws -> JSONValue {
        let document = Mutex(JSONValue.null)
        try await TestAPI.run { api in
            let json = try await api.get("/openapi.json").json
            document.withLock { $0 = json }
        }
        return document.withLock { $0 }
    }
}

extension JSONValue {
    /// One operation of a document.
    struct Operation {
        let method: String
        let path: String
        let json: JSONValue

        var name: String { "\(method) \(path)" }
    }

    /// All operations of a document.
    var operations: [Operation] {
        (self["paths"]?.names ?? []).flatMap { path in
            (self["paths"]?[path]?.names ?? []).compactMap { method in
                self["paths"]?[path]?[method].map { Operation(method: method.uppercased(), path: path, json: $0) }
            }
        }
    }

    /// The names of an object's members, sorted.
    var names: [String] {
        guard case .object(let members) = self else { return [] }
        return members.keys.sorted()
    }

    /// The elements of an array.
    var elements: [JSONValue] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    /// This value, if it is an object, and all objects in it.
    var allObjects: [JSONValue] {
        switch self {
        case .object(let members): [self] + members.values.flatMap(\.allObjects)
        case .array(let elements): elements.flatMap(\.allObjects)
        case .null, .bool, .integer, .number, .string: []
        }
    }

    /// All members of a name, anywhere in it.
    func all(_ name: String) -> [JSONValue] { allObjects.compactMap { $0[name] } }

    /// What a reference such as `#/components/schemas/Job` leads to.
    func at(_ reference: String) -> JSONValue? {
        reference.split(separator: "/").dropFirst().reduce(Optional(self)) { $0?[String($1)] }
    }
}
