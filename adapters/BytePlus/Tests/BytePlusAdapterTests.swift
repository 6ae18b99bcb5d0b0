import BytePlusAdapter
import Testing

@Suite struct BytePlusAdapterTests {}
