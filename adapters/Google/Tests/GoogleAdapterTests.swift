import GoogleAdapter
import Testing

@Suite struct GoogleAdapterTests {}
