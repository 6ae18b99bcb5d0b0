/// The environment's chance as a generator: a test that sets it gets the same plans again.
struct EnvironmentRandom: RandomNumberGenerator {
    let environment: EngineEnvironment

    func next() -> UInt64 { environment.randomBytes(8).reduce(0) { $0 << 8 | UInt64($1) } }
}
