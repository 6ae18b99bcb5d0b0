import ServiceHarness
import Testing

@Suite struct WireCompatibilityTests {}
