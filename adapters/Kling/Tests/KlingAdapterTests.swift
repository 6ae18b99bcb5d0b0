import KlingAdapter
import Testing

@Suite struct KlingAdapterTests {}
