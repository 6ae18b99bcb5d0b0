public import Generation
import HTTPTransport

/// Who a server of the operator's own is: what every kind of server has in the operator's file.
public struct ServerIdentity: Sendable {
    /// The provider's slug.
    public let slug: String
    /// What people call it.
    public let name: String
    /// Its address; nil: the kind's own variable holds it.
    public let baseURL: String?
    /// The environment variable that holds its key; nil for one that needs none.
    public let keyVariable: String?

    /// Describes a server.
    public init(slug: String, name: String, baseURL: String?, keyVariable: String? = nil) {
        self.slug = slug
        self.name = name
        self.baseURL = baseURL
        self.keyVariable = keyVariable
    }
}

/// A server of the operator's own: what the operator's file says about it, read and checked.
public struct ServerSettings: Sendable {
    /// Where it stands in the file, for messages: `servers[0]`.
    public let path: String
    /// Who it is.
    public let identity: ServerIdentity
    /// What it speaks.
    public let kind: ServerKind
    /// Makes its instance; nil without an address.
    public let make: @Sendable (ProviderSettings) -> (any ProviderAdapter)?

    /// Describes a server.
    public init(
        path: String,
        identity: ServerIdentity,
        kind: ServerKind,
        make: @escaping @Sendable (ProviderSettings) -> (any ProviderAdapter)?
    ) {
        self.path = path
        self.identity = identity
        self.kind = kind
        self.make = make
    }

    /// What keeps the server from being used with these settings, as a sentence that names the place; nil when nothing
    /// does.
    public func problem(_ settings: ProviderSettings) -> String? {
        if let variable = identity.keyVariable, settings.value(variable) == nil {
            return "`\(path).api_key_variable` is \"\(variable)\", and that variable is not set."
        }
        guard let address = settings.address(of: identity, kind) else {
            let other = kind.addressVariable.map { ", or set \($0)" } ?? ""
            return "`\(path).base_url` is required: the server's address\(other)."
        }
        do {
            let url = try RemoteURL(address)
            guard url.text.utf8.contains(UInt8(ascii: "?")) else { return nil }
            return "`\(path).base_url` must have no query."
        } catch {
            // Whatever else it is, it is not shown: it may hold a password.
            return "`\(path).base_url` \(error.text)"
        }
    }
}

/// A kind of server that a folder speaks to: `servers[].kind` in the operator's file.
public struct ServerKind: Sendable {
    /// What one becomes of which the file has told all.
    public typealias Maker = @Sendable (ProviderSettings) -> (any ProviderAdapter)?

    /// Its name in the file.
    public let name: String
    /// What such servers can make.
    public let types: [GenerationType]
    /// The environment variable that holds the address of a server for which the file names none.
    public let addressVariable: String?
    /// Reads what only this kind has, of a server and of its models.
    public let read: @Sendable (inout ServerEntry) throws(RequestProblem) -> Maker

    /// Describes a kind.
    public init(
        name: String,
        types: [GenerationType],
        addressVariable: String? = nil,
        read: @escaping @Sendable (inout ServerEntry) throws(RequestProblem) -> Maker
    ) {
        self.name = name
        self.types = types
        self.addressVariable = addressVariable
        self.read = read
    }
}

/// A server's entry while it is read: what all kinds have is known, the rest is the kind's to read.
public struct ServerEntry {
    /// A model of the server.
    public struct Model {
        /// What every kind of server has of a model.
        public var capabilities: ModelCapabilities
        /// Reads the rest.
        public var fields: FieldReader

        /// Describes a model.
        public init(capabilities: ModelCapabilities, fields: FieldReader) {
            self.capabilities = capabilities
            self.fields = fields
        }
    }

    /// Who the server is.
    public let identity: ServerIdentity
    /// The folder that paths in the file are relative to.
    public let folder: String
    /// Reads the rest of the server's own members.
    public var fields: FieldReader
    /// Its models.
    public var models: [Model]

    /// Describes an entry.
    public init(identity: ServerIdentity, folder: String, fields: FieldReader, models: [Model]) {
        self.identity = identity
        self.folder = folder
        self.fields = fields
        self.models = models
    }
}

extension ProviderSettings {
    /// A server's address: what the file says, or the variable of its kind; nil when neither does.
    public func address(of identity: ServerIdentity, _ kind: ServerKind) -> String? {
        identity.baseURL ?? kind.addressVariable.flatMap(value)
    }

    /// The key of a server as the header fields that carry it; none where none is needed.
    public func credentials(of identity: ServerIdentity) -> [(name: String, value: String)] {
        identity.keyVariable.flatMap(value).map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
    }

    /// The instances of the operator's own servers of a kind.
    public func instances(of kind: ServerKind) -> [any ProviderAdapter] {
        servers.filter { $0.kind.name == kind.name }.compactMap { $0.make(self) }
    }
}
