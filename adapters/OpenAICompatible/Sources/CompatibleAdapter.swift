package import Generation
package import HTTPTransport
package import ProviderKit

/// One server of the operator's own that speaks the common dialect of images, videos, speech and transcriptions.
///
/// - Images, speech, transcriptions, and videos of a server that waits, are answered at once; other videos are polled for.
/// - A lost answer cannot be found: no server of the kind takes an idempotency key or repeats what it was asked for, so
///   the recovery class is C throughout. It costs time on the operator's own machine, and no money.
/// - Nothing can be cancelled: a `DELETE` takes away what could tell how a generation ended.
package struct CompatibleAdapter: ValidatingAdapter, OutputAuthorizingAdapter {
    package let id: ProviderID
    package let name: String
    package let account = "default"
    package let models: [ModelCapabilities]
    package let trustedOrigins: Set<String>

    package var transport: any HTTPTransport { door.http.transport }

    let door: ProviderDoor
    let profile: CompatibleProfile

    /// Nil without an address.
    init?(
        _ identity: ServerIdentity,
        profile: CompatibleProfile,
        models: [ModelCapabilities],
        _ settings: ProviderSettings
    ) {
        guard let address = identity.baseURL else { return nil }
        let http = ProviderHTTP(baseURL: address, transport: settings.transport)
        id = ProviderID(identity.slug)
        name = identity.name
        door = ProviderDoor(http: http, credentials: settings.credentials(of: identity))
        trustedOrigins = http.origin.map { [$0] } ?? []
        self.profile = profile
        self.models = settings.models(id, models, isVendor: false)
    }

    package func outputHeaders() async throws(ProviderFailure) -> [(name: String, value: String)] { door.credentials }

    /// A URL as an answer names it: some servers name it from their root.
    func address(_ url: String) -> String {
        let base = door.http.baseURL
        guard url.hasPrefix("/"), let scheme = base.firstRange(of: "://") else { return url }
        return base[..<scheme.upperBound] + base[scheme.upperBound...].prefix { $0 != "/" } + url
    }

    // MARK: - Submitting

    package func validate(_ request: GenerationRequest) throws(RequestProblem) {
        _ = try ServerOptions(request, model: models.first { $0.slug == request.model }, provider: id)
    }

    package func submit(
        _ request: GenerationRequest,
        attempt context: AttemptContext
    ) async throws(ProviderFailure) -> Submission {
        guard let model = models.first(where: { $0.slug == request.model }) else {
            throw .notSent(.invalidRequest, "The request does not fit the model.")
        }
        let options: ServerOptions
        do {
            options = try ServerOptions(request, model: model, provider: id)
        } catch {
            throw .notSent(.invalidRequest, error.message)
        }
        let order = CompatibleOrder(model: model, options: options.fields, context: context)
        switch request.content {
        case .image(let image): return try await submitImage(image, order)
        case .video(let video): return try await submitVideo(video, order)
        case .speech(let speech): return try await submitSpeech(speech, order)
        case .transcription(let transcription): return try await submitTranscription(transcription, order)
        case .music, .sound: throw .notSent(.invalidRequest, "The request does not fit the model.")
        }
    }

    // MARK: - Asking

    package func status(of operation: ProviderOperation) async throws(ProviderFailure) -> OperationStatus {
        guard ProviderHTTP.isPlain(operation.remoteID) else { throw .strangeOperation }
        let answer = try await door.http.exchange(door.get("/videos/\(operation.remoteID)"))
        return try standing(answer, of: operation)
    }
}

/// What every submit needs besides what is asked for.
struct CompatibleOrder {
    let model: ModelCapabilities
    /// What the client hands to the server as it is.
    let options: [(name: String, value: JSONValue)]
    let context: AttemptContext

    /// A stored medium and its bytes.
    func file(_ input: MediaInput, named name: String) async throws(ProviderFailure) -> CompatibleFile {
        guard case .stored(let stored) = input else { throw .notSent(.invalidRequest, "A medium is not there.") }
        let ending = stored.mediaType.split(separator: "/").last.map(String.init) ?? ""
        return CompatibleFile(
            name: "\(name).\(Self.endings[stored.mediaType] ?? ending)",
            mediaType: stored.mediaType,
            bytes: try await context.bytes(of: stored)
        )
    }

    /// Servers go by a file's name: the endings that are not the type's own second part.
    private static let endings = ["audio/mpeg": "mp3", "audio/mp4": "m4a"]
}

/// A file of a form.
struct CompatibleFile {
    let name: String
    let mediaType: String
    let bytes: [UInt8]
}

extension MultipartBody {
    /// Adds fields in order, each as its text.
    mutating func add(_ fields: [(name: String, value: JSONValue)]) {
        for field in fields { add(field.name, field.value.stringValue ?? field.value.canonicalText) }
    }

    /// Adds a file.
    mutating func add(_ name: String, _ file: CompatibleFile) {
        add(name, fileName: file.name, mediaType: file.mediaType, file.bytes)
    }
}

extension Dictionary where Key == String, Value == JSONValue {
    /// The fields of a body, the later one of two with a name.
    init(_ fields: [(name: String, value: JSONValue)]) {
        self.init(fields.map { ($0.name, $0.value) }) { $1 }
    }
}
