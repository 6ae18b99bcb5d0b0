import OpenAIAdapter
import Testing

@Suite struct OpenAIAdapterTests {}
