import HTTPTransport
import Testing

@Suite struct RemoteURLTests {
    @Test func anOriginIsWrittenInOneWayOnly() throws {
        #expect(try RemoteURL("HTTPS://Example.com/a").origin == RemoteURL("https://example.com.:443/b?c").origin)
        #expect(try RemoteURL("http://127.0.0.1/").origin == RemoteURL("http://[::ffff:7f00:1]:80/").origin)
        #expect(try RemoteURL("http://a/").origin != RemoteURL("https://a/").origin)
        #expect(try RemoteURL("http://a/").origin != RemoteURL("http://a:81/").origin)
    }

    @Test(arguments: [("127.0.0.1", "127.0.0.1"), ("::1", "0:0:0:0:0:0:0:1"), ("2001:DB8::A", "2001:db8:0:0:0:0:0:a")])
    func anAddressIsWrittenInOneWayOnly(_ text: String, _ written: String) throws {
        #expect(try #require(IPAddress(text)).description == written)
    }

    @Test func whatIsNotPublicIsReachedOnlyWhenNamed() throws {
        let loopback = try #require(IPAddress("127.0.0.1"))
        let range = try #require(NetworkRange("127.0.0.0/8"))
        #expect(NetworkReach.anywhere.allows(loopback))
        #expect(!NetworkReach.publicInternet().allows(loopback))
        #expect(NetworkReach.publicInternet(and: [range]).allows(loopback))
    }
}
