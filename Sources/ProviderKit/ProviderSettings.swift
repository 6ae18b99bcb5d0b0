public import Generation
public import HTTPTransport

/// What an adapter's folder is given when its instances are made: settings by name, and the outside world.
public struct ProviderSettings: Sendable {
    /// The process's environment: `OPENAI_API_KEY` and the like.
    public let environment: [String: String]
    /// A folder that the adapters may keep files in; each uses a subfolder of its own name.
    public let workFolder: String
    /// What network providers speak through.
    public let transport: any HTTPTransport
    /// The time, in milliseconds since 1970.
    public let now: @Sendable () -> Int64
    /// How many processors this machine has.
    public let processorCount: Int
    /// Scales pictures for providers that demand a size.
    public var pictures = PictureScaler()
    /// What the operator's file says about the models of an instance; by default nothing.
    public var changeModels: @Sendable (ProviderID, [ModelCapabilities]) -> [ModelCapabilities] = { $1 }

    /// The operator's own servers, of the operator's file.
    public var servers: [ServerSettings] = []

    /// Makes settings.
    public init(
        environment: [String: String],
        workFolder: String,
        transport: any HTTPTransport,
        processorCount: Int,
        now: @escaping @Sendable () -> Int64
    ) {
        self.environment = environment
        self.workFolder = workFolder
        self.transport = transport
        self.processorCount = processorCount
        self.now = now
    }

    /// A variable that is set and not empty.
    public func value(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The models of an instance: its own, as the operator's file changes them.
    ///
    /// - Parameters:
    ///   - instance: The instance.
    ///   - own: What it offers by itself.
    ///   - isVendor: Whether it speaks to the vendor's own address: only there do models end on their day.
    /// - Returns: The models to offer.
    public func models(
        _ instance: ProviderID,
        _ own: [ModelCapabilities],
        isVendor: Bool = true
    ) -> [ModelCapabilities] {
        let lasting = own.map { model in
            var model = model
            if !isVendor { model.availableUntil = nil }
            return model
        }
        return changeModels(instance, lasting)
    }
}

/// Where a mask says that a picture is to be changed.
public enum MaskForm: String, Sendable, CaseIterable {
    /// Where it is transparent: how clients send masks here.
    case transparentIsEdit
    /// Where it is white; black is kept.
    case whiteIsEdit
}

/// Brings a picture to an exact size or a mask to another form, for providers that take no other.
public struct PictureScaler: Sendable {
    private let masked:
        @Sendable (_ bytes: [UInt8], _ mediaType: String, MaskForm) async throws(ProviderFailure) -> (
            bytes: [UInt8], mediaType: String
        )
    private let scaled:
        @Sendable (_ bytes: [UInt8], _ mediaType: String, PixelSize) async throws(ProviderFailure) -> (
            bytes: [UInt8], mediaType: String
        )

    /// Makes one that can do nothing: every call fails unsent.
    public init() {
        self.init { (_, _, _) async throws(ProviderFailure) in
            throw .notSent(.invalidRequest, "This service cannot scale pictures: ffmpeg is not there.")
        }
    }

    /// Makes one.
    ///
    /// - Parameters:
    ///   - masked: Brings a mask, transparent where the picture is to be changed, into another form, as PNG.
    ///   - scaled: Covers the size with the picture and cuts what is over at the edges. A picture that has the size
    ///     already comes back byte for byte; the same input gives the same bytes.
    public init(
        masked:
            @escaping @Sendable (_ bytes: [UInt8], _ mediaType: String, MaskForm) async throws(ProviderFailure) -> (
                bytes: [UInt8], mediaType: String
            ) = { (_, _, _) async throws(ProviderFailure) in
                throw .notSent(.invalidRequest, "This service cannot convert masks: ffmpeg is not there.")
            },
        scaled:
            @escaping @Sendable (_ bytes: [UInt8], _ mediaType: String, PixelSize) async throws(ProviderFailure) -> (
                bytes: [UInt8], mediaType: String
            )
    ) {
        self.masked = masked
        self.scaled = scaled
    }

    /// A mask in another form; one that has it already comes back byte for byte.
    ///
    /// - Throws: `invalidRequest` for what is no mask, and where there is nothing to convert it with; nothing was sent.
    public func mask(
        _ bytes: [UInt8],
        mediaType: String,
        as form: MaskForm
    ) async throws(ProviderFailure) -> (bytes: [UInt8], mediaType: String) {
        switch form {
        case .transparentIsEdit: (bytes, mediaType)
        case .whiteIsEdit: try await masked(bytes, mediaType, form)
        }
    }

    /// The picture in that size.
    public func scale(
        _ bytes: [UInt8],
        mediaType: String,
        to size: PixelSize
    ) async throws(ProviderFailure) -> (bytes: [UInt8], mediaType: String) {
        try await scaled(bytes, mediaType, size)
    }
}
