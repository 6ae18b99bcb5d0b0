import Foundation
import HTTPTransport
import JobCore
import JobEngine
import ProviderKit

extension ProviderSettings {
    /// What the program's own settings say to its adapters, in the service and in commands that ask providers.
    ///
    /// - Parameters:
    ///   - configuration: Says where the data folder is.
    ///   - environment: The clock.
    ///   - transport: What every provider is spoken to through.
    init(_ configuration: Configuration, _ environment: EngineEnvironment, transport: any HTTPTransport) {
        let variables = ProcessInfo.processInfo.environment
        let now = environment.now
        self.init(
            environment: variables,
            workFolder: URL(filePath: "\(configuration.dataFolder)/work").absoluteURL.path,
            transport: transport,
            processorCount: ProcessInfo.processInfo.activeProcessorCount,
            now: { now().milliseconds }
        )
        let pictures = PictureTools(variables)
        self.pictures = PictureScaler(
            masked: { (bytes, mediaType, _) async throws(ProviderFailure) in
                try await pictures.whiteMask(bytes, mediaType)
            },
            scaled: { (bytes, mediaType, size) async throws(ProviderFailure) in
                try await pictures.scaled(bytes, mediaType, to: size)
            }
        )
    }
}
