/// Every wire that can be simulated, one line each.
package enum Wires {
    /// All of them.
    package static let all: [any SimulatedProvider.Type] = [
        ExampleWire.self,
        OpenAISimulator.self,
        GeminiSimulator.self,
        VertexSimulator.self,
        ArkWire.self,
        DashScopeSimulator.self,
        KlingSimulator.self,
        KlingKeyedSimulator.self,
        FluxSimulator.self,
        ElevenWire.self,
        FalSimulator.self,
        ReplicateSimulator.self,
        CompatibleSimulator.self,
        ComfySimulator.self,
        MiniMaxSimulator.self,
        RunwaySimulator.self,
        TogetherSimulator.self,
    ]

    /// A wire by its name.
    package static func named(_ name: String) -> (any SimulatedProvider.Type)? { all.first { $0.name == name } }
}
