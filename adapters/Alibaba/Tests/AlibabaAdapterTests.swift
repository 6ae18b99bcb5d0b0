import AlibabaAdapter
import Testing

@Suite struct AlibabaAdapterTests {}
