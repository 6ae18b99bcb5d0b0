import AdapterCatalog
import Foundation
import Generation
import HTTPTransport
import ProviderKit
import Testing

/// A folder under `adapters/`, a name in the manifest, and a line in the catalog: never one without the others.
@Suite struct AdapterCatalogTests {
    private let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test func everyFolderIsRegistered() throws {
        let folders = try FileManager.default
            .contentsOfDirectory(at: root.appending(path: "adapters"), includingPropertiesForKeys: [.isDirectoryKey])
            .filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
            .map(\.lastPathComponent)
        #expect(folders.sorted() == AdapterCatalog.all.map(\.folder).sorted())
    }

    @Test func theManifestNamesTheSameFolders() throws {
        let manifest = try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)
        let start = try #require(manifest.firstRange(of: "let adapters:"))
        let end = try #require(manifest[start.upperBound...].firstRange(of: "\n]"))
        let names = manifest[start.upperBound..<end.lowerBound].matches(of: /\n {4}\("([A-Za-z0-9]+)"/).map {
            String($0.output.1)
        }
        #expect(names.sorted() == AdapterCatalog.all.map(\.folder).sorted())
    }

    @Test func everyFolderHasTheSameShape() {
        for folder in AdapterCatalog.all.map(\.folder) {
            let sources = root.appending(path: "adapters/\(folder)/Sources").path
            let files = (try? FileManager.default.contentsOfDirectory(atPath: sources)) ?? []
            for end in ["Adapter.swift", "Models.swift"] {
                #expect(files.contains { $0.hasSuffix(end) }, "\(folder) lacks a file …\(end)")
            }
            let tests = root.appending(path: "adapters/\(folder)/Tests").path
            #expect(FileManager.default.fileExists(atPath: tests), "\(folder) lacks Tests")
        }
    }

    @Test func slugsOfProvidersAndModelsAreUnique() throws {
        let work = FileManager.default.temporaryDirectory.appending(path: "mediary-catalog-\(getpid())")
        defer { try? FileManager.default.removeItem(at: work) }
        let settings = ProviderSettings(
            environment: ProcessInfo.processInfo.environment,
            workFolder: work.path,
            transport: UnavailableTransport(),
            processorCount: 2,
            now: { 0 }
        )
        let adapters = AdapterCatalog.instances(settings)
        #expect(adapters.contains { $0.id == ProviderID("fake-provider") })
        #expect(Set(adapters.map { "\($0.id) \($0.account)" }).count == adapters.count)
        for adapter in adapters {
            #expect(Set(adapter.models.map(\.slug)).count == adapter.models.count)
        }
    }
}
