import ArgumentParser
import Foundation
import FoundationNetworking
import Generation
import Glibc

/// What the client commands speak to the service with: its own HTTP API, as any program would.
struct APIClient {
    let baseURL: String
    let key: String

    /// A client for the configured service.
    init(_ configuration: Configuration) throws {
        guard let key = configuration.clientKey else {
            throw ValidationError("MEDIARY_API_KEY is not set; make a key with `mediary keys create --name NAME`.")
        }
        self.init(baseURL: configuration.baseURL, key: key)
    }

    init(baseURL: String, key: String) {
        // The service is reached directly: a proxy of the environment must see neither it nor the key.
        setenv("no_proxy", "*", 1)
        self.baseURL = baseURL
        self.key = key
    }

    /// Sends a request and reads the answer's JSON.
    ///
    /// - Throws: `ClientFailure` with what the service said, or that it cannot be reached.
    func json(
        _ method: String,
        _ path: String,
        body: JSONValue? = nil,
        idempotencyKey: String? = nil
    ) async throws
        -> JSONValue
    {
        var request = try request(method, path)
        if let body {
            request.httpBody = Data(body.canonicalText.utf8)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        if let idempotencyKey { request.setValue(idempotencyKey, forHTTPHeaderField: "Idempotency-Key") }
        let (data, response) = try await exchange(request)
        let value = (try? JSONDecoder().decode(JSONValue.self, from: data)) ?? .null
        guard (200..<300).contains(response.statusCode) else {
            let message = value["error"]?["message"]?.stringValue ?? "no message"
            throw ClientFailure(description: "The service answered \(response.statusCode): \(message)")
        }
        return value
    }

    /// Fetches bytes into a file.
    func download(_ url: String, to path: String) async throws {
        let text = url.hasPrefix("http") ? String(url.dropFirst(baseURL.count)) : url
        let (data, response) = try await exchange(try request("GET", text))
        guard response.statusCode == 200 else {
            throw ClientFailure(description: "The service answered \(response.statusCode) for \(url)")
        }
        try data.write(to: URL(filePath: path))
    }

    private func request(_ method: String, _ path: String) throws -> URLRequest {
        guard let url = URL(string: baseURL + path) else { throw ClientFailure(description: "\(path) is no path") }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization")
        return request
    }

    private func exchange(_ request: URLRequest) async throws -> (Data, HTTPURLResponse) {
        let answer: (Data, URLResponse)
        do {
            answer = try await URLSession.shared.data(for: request)
        } catch {
            throw ClientFailure(
                description: "No answer from \(baseURL). Is the service running? Start it with `mediary serve`."
            )
        }
        guard let response = answer.1 as? HTTPURLResponse else {
            throw ClientFailure(description: "\(baseURL) does not speak HTTP")
        }
        return (answer.0, response)
    }
}

/// Why a client command failed, for the person who gave it.
struct ClientFailure: Error, CustomStringConvertible {
    let description: String
}
