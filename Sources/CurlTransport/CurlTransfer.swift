import CCurl
import HTTPTransport

/// One request on the wire: a handle of libcurl, what it calls back, and what is known of how far it came.
///
/// Lives on the driving thread alone.
final class CurlTransfer {
    /// How a transfer ended.
    enum Outcome {
        /// By itself, with what libcurl says.
        case result(CURLcode)
        /// By our hand.
        case failure(TransportFailure.Kind, String)
    }

    let easy: UnsafeMutableRawPointer
    let channel: Channel
    let order: ExchangeOrder
    private let errorText: UnsafeMutablePointer<CChar>
    private var fields: UnsafeMutablePointer<curl_slist>?
    private var head = HeadReader()
    /// Whether the request may be on the wire: from here on nobody can say that it is not.
    private var hasBegun = false
    /// Why one of the callbacks gave up.
    private var gaveUp: (kind: TransportFailure.Kind, reason: String)?
    private var socketsOpened = 0
    private var socketsRefused = 0
    private var bytesSent = 0
    private var headBytes: Int64 = 0
    private var bodyBytes: Int64 = 0
    private var isHeldUp = false
    private var movedAt: Double
    private var bytesAtMove: Int64 = 0

    /// Makes a transfer that is ready to be driven; nil without memory.
    init?(
        _ order: ExchangeOrder,
        _ channel: Channel,
        _ settings: CurlTransport.Settings,
        _ addresses: UnsafeMutablePointer<curl_slist>?,
        startedAt: Double
    ) {
        guard let easy = curl_easy_init() else { return nil }
        self.easy = easy
        self.channel = channel
        self.order = order
        movedAt = startedAt
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        guard prepare(settings, addresses) else { return nil }
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(fields)
        errorText.deallocate()
    }

    private var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    private static func from(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
        context.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: Options

    /// Sets everything that the exchange demands; false when libcurl does not take it.
    private func prepare(
        _ settings: CurlTransport.Settings,
        _ addresses: UnsafeMutablePointer<curl_slist>?
    ) -> Bool {
        let limit = max(1, order.options.totalTimeoutSeconds)
        var codes = [
            cc_set_pointer(easy, CURLOPT_PRIVATE, context),
            cc_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText),
            cc_set_string(easy, CURLOPT_URL, order.request.url),
            // Nothing that the caller did not write.
            cc_set_long(easy, CURLOPT_PATH_AS_IS, 1),
            cc_set_long(easy, CURLOPT_FOLLOWLOCATION, 0),
            cc_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https"),
            cc_set_string(easy, CURLOPT_PROXY, ""),
            cc_set_long(easy, CURLOPT_NOSIGNAL, 1),
            // What is packed stays packed: a small answer cannot become a large one.
            cc_set_long(easy, CURLOPT_HTTP_CONTENT_DECODING, 0),
            cc_set_long(easy, CURLOPT_HTTP09_ALLOWED, 0),
            // Under load libcurl 7.88 loses streams of HTTP/2.
            cc_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)),
            cc_set_long(easy, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)),
            cc_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, Int(min(limit, settings.connectTimeoutSeconds)) * 1_000),
            // A peer that is gone is noticed even while an answer may take minutes.
            cc_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1),
            cc_set_long(easy, CURLOPT_TCP_KEEPIDLE, 30),
            cc_set_long(easy, CURLOPT_TCP_KEEPINTVL, 15),
            // Without it, giving up on a name that is still being resolved would hold up every other transfer.
            cc_set_long(easy, CURLOPT_QUICK_EXIT, 1),
            cc_set_socket_opener(easy, { CurlTransfer.from($0)?.openSocket($2) ?? CURL_SOCKET_BAD }, context),
            cc_set_asker(
                easy,
                { context, address, _, _, _ in
                    let mayBegin = CurlTransfer.from(context)?.mayBegin(at: address) ?? false
                    return mayBegin ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
                },
                context
            ),
            cc_set_header_writer(easy, { CurlTransfer.from($3)?.takeLine($0, $1 * $2) ?? 0 }, context),
            cc_set_writer(easy, { CurlTransfer.from($3)?.takeBody($0, $1 * $2) ?? 0 }, context),
        ]
        if let addresses { codes.append(cc_set_list(easy, CURLOPT_RESOLVE, addresses)) }
        if let file = settings.certificateFile { codes.append(cc_set_string(easy, CURLOPT_CAINFO, file)) }
        if let folder = settings.certificateFolder { codes.append(cc_set_string(easy, CURLOPT_CAPATH, folder)) }
        if order.options.isSubmit {
            // On a kept connection libcurl sends a second time by itself when the peer closes without an answer.
            codes.append(cc_set_long(easy, CURLOPT_FRESH_CONNECT, 1))
            codes.append(cc_set_long(easy, CURLOPT_FORBID_REUSE, 1))
        }
        codes += prepareRequest(userAgent: settings.userAgent)
        return codes.allSatisfy { $0 == CURLE_OK }
    }

    /// The method, the header and the body.
    private func prepareRequest(userAgent: String) -> [CURLcode] {
        let request = order.request
        let hasBody = !request.body.isEmpty || request.method == .post || request.method == .put
        var lines: [String] = []
        for (name, value) in request.headers
        where !["content-length", "transfer-encoding", "expect"].contains(name.lowercased()) {
            lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        if request.header("User-Agent") == nil { lines.append("User-Agent: \(userAgent)") }
        // A name without a value takes away what libcurl would add.
        if hasBody, request.header("Content-Type") == nil { lines.append("Content-Type:") }
        lines.append("Expect:")
        for line in lines {
            guard let longer = curl_slist_append(fields, line) else { return [CURLE_OUT_OF_MEMORY] }
            fields = longer
        }
        var codes = [cc_set_list(easy, CURLOPT_HTTPHEADER, fields)]
        if hasBody {
            codes.append(cc_set_long(easy, CURLOPT_POST, 1))
            codes.append(cc_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, request.body.count))
            if request.body.isEmpty {
                codes.append(cc_set_string(easy, CURLOPT_COPYPOSTFIELDS, ""))
            } else {
                // Read, not handed over: libcurl cannot go back to the start, so it cannot send a body twice.
                codes.append(cc_set_reader(easy, { CurlTransfer.from($3)?.giveBody($0, $1 * $2) ?? 0 }, context))
            }
        }
        if request.method != (hasBody ? .post : .get) {
            codes.append(cc_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method.rawValue))
        }
        return codes
    }

    // MARK: Callbacks of libcurl

    /// Opens a socket, unless its address is out of reach: then there is none to connect.
    private func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t {
        guard let address, let peer = cc_address(address).flatMap(IPAddress.init), order.reach.allows(peer) else {
            socketsRefused += 1
            return CURL_SOCKET_BAD
        }
        socketsOpened += 1
        return cc_open_socket(address)
    }

    /// Asked when the connection stands and before the first byte of the request.
    private func mayBegin(at address: UnsafeMutablePointer<CChar>?) -> Bool {
        // A kept connection that was closed is replaced by a new one: of use to a GET, a second send of anything else.
        guard !hasBegun || (order.request.method == .get && !order.options.isSubmit) else {
            gaveUp = (.connectionLost, "the kept connection was closed without an answer")
            return false
        }
        // A kept connection's socket was opened for another exchange, which may have been allowed more.
        let peer = address.flatMap { IPAddress(String(cString: $0)) }
        guard order.reach == .anywhere || peer.map(order.reach.allows) ?? false else {
            gaveUp = (.forbidden, "the connection leads to an address out of reach")
            return false
        }
        guard order.options.mayStillSend() else {
            gaveUp = (.sendWindowPassed, "the send window has passed")
            return false
        }
        hasBegun = true
        return true
    }

    private func giveBody(_ room: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        let count = min(count, order.request.body.count - bytesSent)
        order.request.body.withUnsafeBytes { body in
            UnsafeMutableRawBufferPointer(start: room, count: count)
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: body[bytesSent..<bytesSent + count]))
        }
        bytesSent += count
        return count
    }

    private func takeLine(_ line: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        headBytes += Int64(count)
        switch head.take(UnsafeRawBufferPointer(start: line, count: count)) {
        case .more: return count
        case .refused(let kind, let reason):
            gaveUp = (kind, reason)
            return 0
        case .head(let head):
            channel.deliver(head)
            // The status may be all that the caller wants to know; the body is refused when it is asked for.
            if let limit = order.options.bodyBytesMax, let length = head.contentLength, length > limit {
                gaveUp = (.tooLarge, "the body has \(length) bytes, more than \(limit)")
                return 0
            }
            return count
        }
    }

    private func takeBody(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard count > 0 else { return 0 }
        if let limit = order.options.bodyBytesMax, bodyBytes + Int64(count) > limit {
            gaveUp = (.tooLarge, "the body exceeds \(limit) bytes")
            return 0
        }
        guard channel.offer(UnsafeRawBufferPointer(start: bytes, count: count)) else {
            isHeldUp = true
            return Int(CURL_WRITEFUNC_PAUSE)
        }
        bodyBytes += Int64(count)
        return count
    }

    // MARK: The driver's questions

    /// Lets a transfer go on that was held up for its reader.
    ///
    /// - Returns: What libcurl says of the piece that was held back.
    func goOn(at now: Double) -> CURLcode {
        isHeldUp = false
        movedAt = now
        return curl_easy_pause(easy, CURLPAUSE_CONT)
    }

    /// Why the transfer must end now; nil when it need not.
    func overdue(at now: Double) -> String? {
        guard now < order.deadline else { return "not done within \(order.options.totalTimeoutSeconds) s" }
        let bytes = headBytes + bodyBytes + Int64(bytesSent)
        if bytes != bytesAtMove || isHeldUp { (bytesAtMove, movedAt) = (bytes, now) }
        let limit = order.options.idleTimeoutSeconds
        return now - movedAt < Double(limit) ? nil : "nothing came for \(limit) s"
    }

    /// What the exchange failed of; nil when it is whole.
    func failure(_ outcome: Outcome) -> TransportFailure? {
        let reached: Reached = head.hasStatus ? .yes : hasBegun ? .unknown : .no
        switch outcome {
        case .failure(let kind, let reason): return TransportFailure(kind, requestReachedPeer: reached, reason)
        case .result(CURLE_OK):
            // libcurl is content with a head that ends in its midst.
            guard !head.isComplete else { return nil }
            return TransportFailure(.connectionLost, requestReachedPeer: reached, "the answer's head is not whole")
        case .result(let code):
            if let gaveUp { return TransportFailure(gaveUp.kind, requestReachedPeer: reached, gaveUp.reason) }
            return TransportFailure(kind(of: code), requestReachedPeer: reached, detail(of: code))
        }
    }

    private func kind(of code: CURLcode) -> TransportFailure.Kind {
        switch code {
        // What libcurl says of a line of the head that is longer than it takes.
        case CURLE_OUT_OF_MEMORY, CURLE_FILESIZE_EXCEEDED: return .tooLarge
        case _ where hasBegun: return .connectionLost
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT: return .forbidden
        case _: return socketsRefused > 0 && socketsOpened == 0 ? .forbidden : .noConnection
        }
    }

    /// libcurl's words, where they cannot hold a part of the URL.
    private func detail(of code: CURLcode) -> String {
        if socketsRefused > 0, socketsOpened == 0 { return "every address is out of reach" }
        let general = String(cString: curl_easy_strerror(code))
        guard code != CURLE_URL_MALFORMAT, code != CURLE_UNSUPPORTED_PROTOCOL, errorText.pointee != 0 else {
            return general
        }
        return "\(general): \(String(cString: errorText))"
    }
}
