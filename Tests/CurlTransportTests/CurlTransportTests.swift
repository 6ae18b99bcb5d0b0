import CurlTransport
import Testing

@Suite struct CurlTransportTests {
    @Test func theLibraryTellsItsVersion() { #expect(CurlTransport.libraryVersion.contains("libcurl/")) }
}
