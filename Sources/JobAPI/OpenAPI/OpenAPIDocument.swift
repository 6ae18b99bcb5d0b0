import Generation
import Hummingbird
import Synchronization

/// The description of the API in the form of OpenAPI 3.1, made from the routes that the server really has.
final class OpenAPIDocument: Sendable {
    private let version: String
    private let operations = Mutex<[RouteTable.Operation]>([])

    init(version: String) { self.version = version }

    /// Takes note of all routes; before that the document is empty.
    func describe(_ routes: RouteTable) { operations.withLock { $0 = routes.operations } }

    /// The document for a service at a URL.
    func json(publicURL: String) -> JSONValue {
        let operations = operations.withLock { $0 }
        var paths: [String: [String: JSONValue]] = [:]
        var components = Components()
        var tags: [RouteDescription.Tag] = []
        for operation in operations {
            if !tags.contains(operation.description.tag) { tags.append(operation.description.tag) }
            paths[operation.path, default: [:]][operation.method] = Self.json(operation, &components)
        }
        return [
            "openapi": "3.1.1",
            "info": [
                "title": "Mediary",
                "version": .string(version),
                "summary": "One asynchronous job API for image, audio and video models.",
                "description": .string(Self.about),
            ],
            "servers": [["url": .string(publicURL)]],
            "tags": .array(tags.map { ["name": .string($0.name), "description": .string($0.about)] }),
            "paths": .object(paths.mapValues(JSONValue.object)),
            "components": [
                "schemas": .object(components.schemas),
                "responses": .object(components.responses),
                "securitySchemes": [
                    "key": [
                        "type": "http", "scheme": "bearer", "bearerFormat": "sk-med-v1-...",
                        "description": "A key that `mediary keys create` printed.",
                    ]
                ],
            ],
        ]
    }

    private static let about = """
        Every GET is also taken as HEAD. A path that does not exist is answered 404, a method that a path does not take \
        405 with the header `Allow`, a request whose headers are too large 431, all in the form of `Error`. Unknown \
        parameters and fields are refused, or told in a job's `adjustments` where a dialect wants them accepted. Every answer has the header `X-Request-Id`.
        """

    // MARK: One operation

    /// What is referred to from several operations.
    private struct Components {
        var schemas: [String: JSONValue] = [:]
        var responses: [String: JSONValue] = [:]

        mutating func json(_ schema: Schema) -> JSONValue {
            schemas.merge(schema.named) { one, other in
                precondition(one == other, "two schemas have one name")
                return one
            }
            return .object(schema.json)
        }
    }

    private static func json(_ operation: RouteTable.Operation, _ components: inout Components) -> JSONValue {
        let description = operation.description
        var json: [String: JSONValue] = [
            "operationId": .string(description.id),
            "tags": [.string(description.tag.name)],
            "summary": .string(description.summary),
            "security": .array(security(description)),
        ]
        json["description"] = description.details.map(JSONValue.string)
        let parameters = parameters(of: operation)
        if !parameters.isEmpty { json["parameters"] = .array(parameters.map { self.json($0, &components) }) }
        switch description.body {
        case .json(let schema):
            json["requestBody"] = body(["application/json": components.json(schema)])
        case .multipart(let schema):
            json["requestBody"] = body(["multipart/form-data": components.json(schema)])
        case .jsonOrForm(let schema, let form):
            json["requestBody"] = body([
                "application/json": components.json(schema), "multipart/form-data": components.json(form),
            ])
        case nil: break
        }
        var answers: [String: JSONValue] = [:]
        for (status, answer) in description.answers { answers["\(status)"] = self.json(answer, &components) }
        for status in description.allErrors {
            answers["\(status)"] = error(status, description.errorForm, &components)
        }
        json["responses"] = .object(answers)
        return .object(json)
    }

    private static func security(_ description: RouteDescription) -> [JSONValue] {
        guard description.isOpen else { return [["key": []]] }
        return description.checksKey ? [[:], ["key": []]] : []
    }

    private static func body(_ schemas: [String: JSONValue]) -> JSONValue {
        ["required": true, "content": .object(schemas.mapValues { ["schema": $0] })]
    }

    /// The parameters that were described, and those of the path that were not.
    private static func parameters(of operation: RouteTable.Operation) -> [RouteDescription.Parameter] {
        let described = operation.description.parameters
        let names = operation.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
            String($0.dropFirst().dropLast())
        }
        let others = names.filter { name in !described.contains { $0.place == .path && $0.name == name } }
        return others.map { .path($0, .string(min: 1), "What the path names.") } + described
    }

    private static func json(_ parameter: RouteDescription.Parameter, _ components: inout Components) -> JSONValue {
        var json: [String: JSONValue] = [
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
            "description": .string(parameter.about), "schema": components.json(parameter.schema),
        ]
        if parameter.isRequired { json["required"] = true }
        if parameter.schema.json["type"] == "array" {
            json["style"] = "form"
            json["explode"] = false
        }
        return .object(json)
    }

    private static func json(_ answer: RouteDescription.Answer, _ components: inout Components) -> JSONValue {
        var headers: [String: JSONValue] = [:]
        for header in [.requestID] + answer.headers {
            headers[header.name] = [
                "description": .string(header.about), "schema": components.json(header.schema),
                "required": .bool(header.isAlways),
            ]
        }
        var contents: [String: JSONValue] = [:]
        var links: [String: JSONValue] = [:]
        for content in answer.contents {
            contents[content.mediaType] = ["schema": components.json(content.schema)]
        }
        var json: [String: JSONValue] = ["description": .string(answer.about), "headers": .object(headers)]
        if !contents.isEmpty { json["content"] = .object(contents) }
        for link in answer.links {
            links[link.route] = [
                "operationId": .string(link.route), "parameters": .object(link.parameters.mapValues(JSONValue.string)),
            ]
        }
        if !links.isEmpty { json["links"] = .object(links) }
        return .object(json)
    }

    // MARK: Errors

    private static func error(_ status: Int, _ form: Schema, _ components: inout Components) -> JSONValue {
        let formName = form.json["$ref"]?.stringValue?.split(separator: "/").last.map(String.init) ?? "Error"
        let name = "\(formName)\(status)"
        let answer = RouteDescription.Answer.json(form, words(for: status), headers: headers(of: status))
        components.responses[name] = json(answer, &components)
        return ["$ref": .string("#/components/responses/\(name)")]
    }

    private static func words(for status: Int) -> String {
        switch status {
        case 400: "The request is wrong; `param` names the field. Nothing was written."
        case 401: "The API key is missing, malformed, unknown or revoked."
        case 402: "The credits, or what the key may spend, do not suffice. Nothing was written."
        case 403: "The key may not do this."
        case 404: "There is no such thing, or it is not yours to see."
        case 408: "The body arrives too slowly."
        case 409: "Not possible in the state that it is in."
        case 410: "It was there, and was kept for as long as was asked."
        case 413: "The body is too large."
        case 415: "The body is of another media type."
        case 416: "The artifact does not have these bytes."
        case 422: "The Idempotency-Key came with another request before, or an accepted job failed."
        case 429: "Too many requests."
        case 500: "Something failed on our side."
        case 502: "The provider failed."
        case 503: "The service cannot take it now; nothing was written."
        case _: "The request failed."
        }
    }

    private static func headers(of status: Int) -> [RouteDescription.Header] {
        switch status {
        case 401: [.init(name: "WWW-Authenticate", schema: .string(min: 1), about: "`Bearer`, and why.")]
        case 416: [.init(name: "Content-Range", schema: .string(min: 1), about: "The length that there is.")]
        case 429, 503: [.init(name: "Retry-After", schema: .string(), about: "Seconds.", isAlways: false)]
        case _: []
        }
    }
}
