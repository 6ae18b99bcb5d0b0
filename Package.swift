// swift-tools-version: 6.2
import PackageDescription

// Registration of a provider, part 1 of 2: the name of its folder under adapters/, and what it needs besides the port.
// Part 2 is one line in adapters/AdapterCatalog.swift. The list is explicit on purpose: a manifest that looks for
// folders is cached and goes stale.
let adapters: [(name: String, dependencies: [Target.Dependency])] = [
    ("Sandbox", ["Cryptography"]),
    ("Studio", ["Cryptography", .product(name: "Subprocess", package: "swift-subprocess")]),
    ("OpenAI", []),
    ("Google", ["Cryptography"]),
    ("BytePlus", ["Cryptography", "MediaInspection"]),
    ("Alibaba", ["MediaInspection"]),
    ("Kling", ["Cryptography"]),
    ("BlackForestLabs", ["Cryptography"]),
    ("ElevenLabs", []),
    ("Fal", []),
    ("Replicate", []),
    ("OpenAICompatible", []),
    ("ComfyUI", ["Cryptography"]),
    ("MiniMax", ["MediaInspection"]),
    ("Runway", ["MediaInspection"]),
    ("Together", ["MediaInspection"]),
]

// The catalog imports every adapter, so that a provider is one line there and not two.
let adapterImports: [String] = adapters.flatMap { adapter -> [String] in
    ["-Xfrontend", "-import-module", "-Xfrontend", "\(adapter.name)Adapter"]
}

// Every store: the name of its folder under storage/, and what it needs besides the port.
let stores: [(name: String, dependencies: [Target.Dependency])] = [
    ("JobStoreMemory", []),
    (
        "JobStoreSQLite",
        [
            "Cryptography", .product(name: "GRDB", package: "GRDB.swift"),
            .product(name: "GRDBSQLite", package: "GRDB.swift"),
        ]
    ),
    ("ArtifactStoreFiles", ["Cryptography"]),
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let hummingbird: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
]

// Dependencies are exact: each one is chosen, and each one costs build time (see Decisions in the documentation).
let package = Package(
    name: "mediary",
    products: [
        .executable(name: "mediary", targets: ["mediary"]),
        .executable(name: "provider-simulator", targets: ["ProviderSimulatorTool"]),
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        // Values and ports.
        .target(name: "Generation"),
        .target(name: "Ledger"),
        .target(name: "HTTPTransport"),
        .target(name: "MediaInspection"),
        .target(name: "JobCore", dependencies: ["Generation", "Ledger"]),
        .target(name: "ProviderKit", dependencies: ["Generation", "HTTPTransport"]),
        // Which endpoint serves a request: pure rules, seeded.
        .target(name: "Routing", dependencies: ["Generation", "Ledger"]),

        // System libraries.
        .systemLibrary(name: "CLibUUID", pkgConfig: "uuid", providers: [.apt(["uuid-dev"])]),
        .systemLibrary(name: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(name: "Cryptography", dependencies: ["CLibUUID", "CLibcrypto"]),
        .target(name: "CurlTransport", dependencies: ["CCurl", "HTTPTransport"]),

        // The service.
        .target(
            name: "JobEngine",
            dependencies: [
                "Generation", "Ledger", "HTTPTransport", "MediaInspection", "JobCore", "ProviderKit", "Cryptography",
                "Routing", logging, lifecycle,
            ]
        ),
        .target(
            name: "JobAPI",
            dependencies: [
                "Generation", "Ledger", "HTTPTransport", "MediaInspection", "JobCore", "JobEngine", "Cryptography",
                "Routing", logging, lifecycle,
            ] + hummingbird
        ),
        .target(
            name: "AdapterCatalog",
            dependencies: ["Generation", "ProviderKit"] + adapters.map { .target(name: "\($0.name)Adapter") },
            path: "adapters",
            exclude: adapters.map(\.name),
            sources: ["AdapterCatalog.swift"],
            swiftSettings: [.unsafeFlags(adapterImports)]
        ),
        .executableTarget(
            name: "mediary",
            dependencies: [
                "Generation", "Ledger", "JobCore", "ProviderKit", "Cryptography", "JobEngine", "JobAPI",
                "AdapterCatalog", "HTTPTransport", "CurlTransport", "MediaInspection", logging, lifecycle,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ] + stores.map { .target(name: $0.name) }
        ),

        // What the service's speed is measured against: hello-world on the same server.
        .executableTarget(
            name: "HelloWorld",
            dependencies: [.product(name: "Hummingbird", package: "hummingbird"), logging],
            path: "bench/HelloWorld"
        ),

        // Suites that every implementation of a port passes.
        .target(
            name: "ConformanceKit",
            dependencies: [
                "Generation", "Ledger", "HTTPTransport", "MediaInspection", "JobCore", "ProviderKit", "Cryptography",
            ]
        ),

        .testTarget(name: "GenerationTests", dependencies: ["Generation"]),
        .testTarget(name: "LedgerTests", dependencies: ["Ledger", "ConformanceKit"]),
        .testTarget(
            name: "RoutingTests",
            dependencies: ["Routing", "Generation", "Ledger", "JobCore", "ConformanceKit"]
        ),
        .testTarget(name: "JobCoreTests", dependencies: ["JobCore", "Generation", "Ledger", "ConformanceKit"]),
        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography"]),
        .testTarget(
            name: "ProviderKitTests",
            dependencies: ["ProviderKit", "Generation", "HTTPTransport", "ConformanceKit"]
        ),
        .testTarget(name: "MediaInspectionTests", dependencies: ["MediaInspection"]),
        .testTarget(
            name: "JobEngineTests",
            dependencies: [
                "JobEngine", "JobCore", "ProviderKit", "Generation", "Ledger", "HTTPTransport", "ConformanceKit",
                "Routing", "Cryptography", "JobStoreMemory", "JobStoreSQLite", "ArtifactStoreFiles", "SandboxAdapter",
                logging,
                lifecycle,
            ]
        ),
        .testTarget(
            name: "JobAPITests",
            dependencies: [
                "JobAPI", "JobEngine", "JobCore", "ProviderKit", "Generation", "Ledger", "HTTPTransport",
                "Cryptography", "JobStoreMemory", logging, lifecycle,
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ] + hummingbird
        ),
        .testTarget(
            name: "AdapterCatalogTests",
            dependencies: ["AdapterCatalog", "JobCore", "Ledger", "Generation", "HTTPTransport", "ProviderKit"]
        ),
        .testTarget(
            name: "MediaryCommandTests",
            dependencies: [
                "mediary", "AdapterCatalog", "Generation", "Ledger", "HTTPTransport", "JobCore", "JobEngine",
                "Cryptography",
                "ConformanceKit",
                "MediaInspection", "ProviderKit", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .testTarget(name: "TidyTests"),
        .testTarget(name: "HTTPTransportTests", dependencies: ["HTTPTransport"]),
        .testTarget(name: "CurlTransportTests", dependencies: ["CurlTransport", "HTTPTransport", "ConformanceKit"]),
        // Runs the real program in folders of a test's own. The program itself is a dependency so that it is built; what
        // runs is the binary beside the tests.
        .target(
            name: "ServiceHarness",
            dependencies: [
                "mediary", "Generation", "Ledger", "JobCore", "JobEngine", "JobStoreSQLite", "ConformanceKit",
            ],
            path: "Tests/ServiceHarness"
        ),
        .testTarget(
            name: "CrashTests",
            dependencies: [
                "ServiceHarness", "Generation", "Ledger", "JobCore", "JobEngine", "JobStoreSQLite", "ConformanceKit",
                "Cryptography",
            ]
        ),
        // The providers' side of the wires, for tests and measurements: in a test, or as a program.
        .target(
            name: "ProviderSimulators",
            dependencies: [
                "Generation", "HTTPTransport", "CurlTransport", "Cryptography", "MediaInspection", logging,
            ] + hummingbird,
            path: "Tests/ProviderSimulators"
        ),
        // What lets the suite of adapters use them.
        .target(
            name: "SimulatorConformance",
            dependencies: ["ProviderSimulators", "ConformanceKit", "CurlTransport", "HTTPTransport"],
            path: "Tests/SimulatorConformance"
        ),
        .executableTarget(
            name: "ProviderSimulatorTool",
            dependencies: [
                "ProviderSimulators", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/ProviderSimulatorTool"
        ),
        .testTarget(
            name: "ProviderSimulatorTests",
            dependencies: [
                "ProviderSimulators", "SimulatorConformance", "ConformanceKit", "ProviderKit", "Generation",
                "HTTPTransport", "CurlTransport", "MediaInspection",
            ]
        ),
        // The real program under the official clients of others.
        .testTarget(
            name: "WireCompatibilityTests",
            dependencies: [
                "ServiceHarness", "ProviderSimulators", "Generation", "Ledger", "MediaInspection", "ConformanceKit",
            ],
            exclude: ["requirements.txt", "requirements-earlier.txt", "Clients"]
        ),
    ]
        + adapters.flatMap { adapter -> [Target] in
            [
                .target(
                    name: "\(adapter.name)Adapter",
                    dependencies: ["Generation", "HTTPTransport", "ProviderKit"] + adapter.dependencies,
                    path: "adapters/\(adapter.name)/Sources"
                ),
                .testTarget(
                    name: "\(adapter.name)AdapterTests",
                    dependencies: [
                        .target(name: "\(adapter.name)Adapter"), "Generation", "HTTPTransport", "ProviderKit",
                        "MediaInspection", "ConformanceKit", "CurlTransport", "Cryptography", "ProviderSimulators",
                        "SimulatorConformance",
                    ],
                    path: "adapters/\(adapter.name)/Tests"
                ),
            ]
        }
        + stores.flatMap { store -> [Target] in
            [
                .target(
                    name: store.name,
                    dependencies: ["Generation", "Ledger", "JobCore"] + store.dependencies,
                    path: "storage/\(store.name)/Sources"
                ),
                .testTarget(
                    name: "\(store.name)Tests",
                    dependencies: [
                        .target(name: store.name), "Generation", "Ledger", "JobCore", "ConformanceKit", "Cryptography",
                    ],
                    path: "storage/\(store.name)/Tests"
                ),
            ]
        },
    swiftLanguageModes: [.v6]
)

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

for target in package.targets where target.type != .system {
    target.swiftSettings = (target.swiftSettings ?? []) + strict
}
