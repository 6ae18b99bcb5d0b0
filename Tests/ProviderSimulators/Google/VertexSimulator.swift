import Cryptography
import Foundation
import Generation
import Synchronization

/// Vertex AI: Veo by `predictLongRunning`, its objects in Cloud Storage, Imagen by `predict`, Gemini's images and speech by
/// `generateContent`, and the token endpoint of service accounts.
///
/// Settings: `project`, `location` (Gemini's models are at `global`, Imagen at both); `access_token`, a token that always counts; `public_key`, the PEM of the service
/// account whose tokens are given out, and `client_email`; `token_seconds`, how long they last; `bucket`.
/// Storage is served under the same address: `/storage/v1/b/BUCKET/o`.
/// Source: google-genai 2.34.0 and 3.4.0, both run against it; RFC 7523 and developers.google.com/identity (service
/// accounts); cloud.google.com Storage JSON API, objects get and list.
package final class VertexSimulator: SimulatedProvider {
    package static let name = "vertex"
    /// Source: docs.cloud.google.com Veo 3.1 model page (copy of 2025-11): 50 requests a minute for each model.
    package static let limits = SimulatorLimits(rates: [.init(.submit, requests: 50, seconds: 60)])

    private let world: SimulatorWorld
    /// The tokens that were given out, and when they end.
    private let tokens = Mutex<[String: Int64]>([:])

    private static let models: [String: VeoRequestCheck.Model] = [
        "veo-3.1-generate-001": .init(hasFourK: true, takesReferences: true),
        "veo-3.1-fast-generate-001": .init(hasFourK: true, takesReferences: true),
        "veo-3.1-lite-generate-001": .init(hasFourK: false, takesReferences: false),
    ]

    package init(world: SimulatorWorld) { self.world = world }

    private var project: String { world.setting("project") ?? "demo-project" }
    private var location: String { world.setting("location") ?? "us-central1" }
    private var bucket: String { world.setting("bucket") ?? "bucket" }

    package func operation(of request: SimulatedRequest) -> SimulatedOperation {
        let path = request.path
        return switch request.method {
        case "POST" where path == "/token": .token
        case "POST" where path.hasSuffix(":predictLongRunning") || path.hasSuffix(":predict"): .submit
        case "POST" where ContentSimulation.isCall(path): .submit
        case "POST" where path.hasSuffix(":fetchPredictOperation"): .poll
        case "GET" where path.hasPrefix("/storage/v1/b/"): path.hasSuffix("/o") ? .list : .download
        case _: .other
        }
    }

    package func answer(_ request: SimulatedRequest) async -> SimulatedAnswer {
        let operation = operation(of: request)
        if operation == .token { return token(request) }
        guard let given = request.bearerToken, isValid(given) else {
            return GoogleWire.error(401, GoogleWire.message(401), reason: "ACCESS_TOKEN_EXPIRED")
        }
        switch operation {
        case .submit, .poll:
            let prefix = ["projects", project, "locations"]
            let parts = request.segments
            guard parts.count == 9, parts[0].hasPrefix("v1"), Array(parts[1..<4]) == prefix,
                Array(parts[5..<8]) == ["publishers", "google", "models"], let colon = parts[8].firstIndex(of: ":"),
                parts[4] == "global" || parts[4] == location
            else { return GoogleWire.error(403, "Permission 'aiplatform.endpoints.predict' denied on resource.") }
            let model = String(parts[8][..<colon])
            let isGlobal = parts[4] == "global"
            if ContentSimulation.isCall(request.path), isGlobal {
                return await ContentSimulation(world: world, door: .vertex).answer(request, call: parts[8])
            }
            if request.path.hasSuffix(":predict"),
                let answer = await ImagenSimulation(world: world).answer(request, model: model)
            {
                return answer
            }
            guard !isGlobal, request.path.hasSuffix("Running") || operation == .poll else { return unknown(model) }
            return operation == .submit ? start(request, model: model) : await fetch(request, model: model)
        case .list: return list(request)
        case .download: return await object(request)
        case .token, .cancel, .upload, .other: return .page(404)
        }
    }

    package func refusal(status: Int, retryAfterSeconds: Int?) -> SimulatedAnswer {
        GoogleWire.error(status, GoogleWire.message(status), retryAfterSeconds: retryAfterSeconds)
    }

    // MARK: Tokens

    private func isValid(_ token: String) -> Bool {
        if token == world.setting("access_token") ?? "test-token" { return true }
        let now = world.now()
        return tokens.withLock { $0[token].map { now < $0 } ?? false }
    }

    /// Forgets all tokens, as when the account's key is withdrawn.
    package func revokeTokens() { tokens.withLock { $0 = [:] } }

    private func token(_ request: SimulatedRequest) -> SimulatedAnswer {
        func refused(_ error: String, _ description: String) -> SimulatedAnswer {
            .json(400, ["error": .string(error), "error_description": .string(description)])
        }
        guard request.header("Content-Type")?.hasPrefix("application/x-www-form-urlencoded") == true else {
            return refused("invalid_request", "Bad Request")
        }
        var form: [String: String] = [:]
        for pair in request.text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1).map { $0.replacing("+", with: " ") }
            guard parts.count == 2 else { continue }
            form[String(parts[0])] = String(parts[1]).removingPercentEncoding
        }
        guard form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer" else {
            return refused("unsupported_grant_type", "Invalid grant_type: \(form["grant_type"] ?? "")")
        }
        let parts = (form["assertion"] ?? "").split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let header = Self.json(parts[0]), let claims = Self.json(parts[1]),
            let signature = Self.bytes(parts[2]), header["alg"] == "RS256",
            let key = try? RSAVerifier(pemRepresentation: world.setting("public_key") ?? ""),
            key.isValidSignature(signature, for: Array("\(parts[0]).\(parts[1])".utf8))
        else { return refused("invalid_grant", "Invalid JWT Signature.") }
        let now = world.now() / 1_000
        guard
            claims["iss"]?.stringValue == world.setting("client_email")
                ?? "mediary@demo-project.iam.gserviceaccount.com"
        else { return refused("invalid_grant", "Invalid grant: account not found") }
        guard claims["aud"]?.stringValue == "\(world.baseURL)/token" else {
            return refused("invalid_grant", "Invalid JWT: Failed audience check.")
        }
        guard claims["scope"] == "https://www.googleapis.com/auth/cloud-platform" else {
            return refused("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        }
        guard let issued = claims["iat"]?.integerValue, let ends = claims["exp"]?.integerValue, issued <= now + 300,
            ends > now, ends <= issued + 3_600
        else {
            return refused(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
            )
        }
        let seconds = Int64(world.setting("token_seconds") ?? "3599") ?? 3_599
        let token = world.newID("ya29.c.", digits: 64)
        let until = world.now() + seconds * 1_000
        tokens.withLock { $0[token] = until }
        return .json(
            200,
            ["access_token": .string(token), "expires_in": .integer(seconds), "token_type": "Bearer"]
        )
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        let padding = String(repeating: "=", count: (4 - text.count % 4) % 4)
        let plain = text.replacing("-", with: "+").replacing("_", with: "/") + padding
        return Data(base64Encoded: plain).map { Array($0) }
    }

    private static func json(_ text: String) -> JSONValue? {
        bytes(text).flatMap { try? JSONDecoder().decode(JSONValue.self, from: Data($0)) }
    }

    // MARK: Veo

    private func path(_ model: String) -> String {
        "projects/\(project)/locations/\(location)/publishers/google/models/\(model)"
    }

    private func unknown(_ model: String) -> SimulatedAnswer {
        GoogleWire.error(
            404,
            "Publisher Model `\(path(model))` was not found or your project does not have access to it."
        )
    }

    private func start(_ request: SimulatedRequest, model: String) -> SimulatedAnswer {
        guard let known = Self.models[model] else { return unknown(model) }
        let check: VeoRequestCheck
        do {
            check = try VeoRequestCheck(request.json, door: .vertex, model: known)
        } catch {
            return GoogleWire.error(400, error.message)
        }
        let id = world.newUUID()
        var fields: [String: JSONValue] = ["model": .string(model)]
        if let uri = check.storageURI {
            let place = uri.dropFirst("gs://".count)
            guard place.prefix(while: { $0 != "/" }) == bucket else {
                return GoogleWire.error(403, "The service account does not have access to the bucket of `storageUri`.")
            }
            let prefix = place.drop { $0 != "/" }.dropFirst()
            let folder = prefix.isEmpty || prefix.hasSuffix("/") ? String(prefix) : "\(prefix)/"
            fields["object"] = .string("\(folder)\(id.prefix(8))/sample_0.mp4")
        }
        let task = world.newTask(
            id: id,
            prompt: check.prompt,
            seconds: check.seconds,
            width: check.width,
            height: check.height,
            hasAudio: check.hasAudio,
            fields: fields
        )
        return .json(200, ["name": .string("\(path(model))/operations/\(task.id)")])
    }

    private func fetch(_ request: SimulatedRequest, model: String) async -> SimulatedAnswer {
        guard case .object(let members)? = request.json, members.keys.elementsEqual(["operationName"]),
            let name = members["operationName"]?.stringValue, name.hasPrefix("\(path(model))/operations/")
        else { return GoogleWire.error(400, "Invalid operationName.") }
        let id = String(name.dropFirst("\(path(model))/operations/".count))
        guard let task = world.task(id), task.fields["model"]?.stringValue == model else {
            return GoogleWire.error(404, "The Operation does not exist.")
        }
        var answer: [String: JSONValue] = ["name": .string(name)]
        func done(_ response: [String: JSONValue]) {
            let type = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
            answer["done"] = true
            answer["response"] = .object(["@type": .string(type)].merging(response) { $1 })
        }
        func failed(_ code: Int64, _ message: String) {
            answer["done"] = true
            answer["error"] = ["code": .integer(code), "message": .string(message)]
        }
        switch world.standing(of: task) {
        case .queued, .running: break
        case .unknown: answer["metadata"] = ["state": "DREAMING"]
        case .succeeded:
            var video: [String: JSONValue] = ["mimeType": "video/mp4"]
            if let object = task.fields["object"]?.stringValue {
                video["gcsUri"] = .string("gs://\(bucket)/\(object)")
            } else {
                do {
                    video["bytesBase64Encoded"] = .string(Data(try await world.video(of: task)).base64EncodedString())
                } catch {
                    return GoogleWire.error(500, "\(error)")
                }
            }
            done(["raiMediaFilteredCount": 0, "videos": [.object(video)]])
        case .withoutMedia, .cancelled, .vanished: done(["raiMediaFilteredCount": 0])
        case .filteredOutput:
            done([
                "raiMediaFilteredCount": 1,
                "raiMediaFilteredReasons": [
                    "Veo could not generate 1 videos based on the prompt provided. You will not be charged for this request. Try rephrasing the prompt. If you think this was an error, send feedback. Support codes: 42237218"
                ],
            ])
        case .filteredInput:
            failed(
                3,
                "Veo could not generate videos because the input image violates Google's Responsible AI practices. Try rephrasing the prompt. Support codes: 58061214"
            )
        case .failed: failed(13, "Internal error. Please try again.")
        }
        return .json(200, .object(answer))
    }

    // MARK: Storage

    private func finished(_ isWanted: (String) -> Bool) -> [(object: String, task: SimulatedTask)] {
        world.tasks.compactMap { task in
            guard let object = task.fields["object"]?.stringValue, isWanted(object),
                world.standing(of: task, isReported: false) == .succeeded
            else { return nil }
            return (object, task)
        }
    }

    private func list(_ request: SimulatedRequest) -> SimulatedAnswer {
        let parts = request.segments
        guard parts.count == 5, parts[3] == bucket else {
            return GoogleWire.error(404, "The specified bucket does not exist.")
        }
        let prefix = request.queryItem("prefix") ?? ""
        let items = finished { $0.hasPrefix(prefix) }
        var answer: [String: JSONValue] = ["kind": "storage#objects"]
        if !items.isEmpty {
            answer["items"] = .array(
                items.map {
                    [
                        "kind": "storage#object", "name": .string($0.object), "bucket": .string(bucket),
                        "contentType": "video/mp4",
                    ]
                }
            )
        }
        return .json(200, .object(answer))
    }

    private func object(_ request: SimulatedRequest) async -> SimulatedAnswer {
        let parts = request.segments
        guard parts.count == 6, parts[3] == bucket, let found = finished({ $0 == parts[5] }).first else {
            return .json(404, ["error": ["code": 404, "message": "No such object."]])
        }
        guard request.queryItem("alt") == "media" else {
            return .json(200, ["kind": "storage#object", "name": .string(found.object)])
        }
        return await GeminiSimulator.media(of: found.task, world)
    }
}
