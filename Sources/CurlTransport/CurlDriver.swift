import CCurl
import Foundation
import HTTPTransport

/// The driving thread's own: all transfers, and the connections that are kept between them.
///
/// Nothing of it is touched by any other thread.
final class CurlDriver {
    /// How often time-outs are looked at while anything is under way, in seconds.
    private static let sweepSeconds = 0.2
    /// How many idle connections are kept.
    private static let connectionsKeptMax = 128

    private let multi: UnsafeMutableRawPointer
    private let commands: CommandQueue
    private let settings: CurlTransport.Settings
    private let bootSeconds: @Sendable () -> Double
    private let addresses: UnsafeMutablePointer<curl_slist>?
    private var transfers: [ObjectIdentifier: CurlTransfer] = [:]
    private var sweptAt = 0.0

    /// Makes a driver on the thread that will run it; nil without memory.
    init?(
        _ commands: CommandQueue,
        settings: CurlTransport.Settings,
        bootSeconds: @escaping @Sendable () -> Double
    ) {
        guard let multi = curl_multi_init() else { return nil }
        cc_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.connectionsKeptMax)
        self.multi = multi
        self.commands = commands
        self.settings = settings
        self.bootSeconds = bootSeconds
        addresses = settings.addresses.reduce(nil) { curl_slist_append($0, $1) }
        commands.begin(Wakeable(multi: multi))
    }

    deinit {
        curl_multi_cleanup(multi)
        curl_slist_free_all(addresses)
    }

    /// Drives until it is told to stop.
    func run() {
        // Signals are for the process's other threads. Above all SIGPIPE: a peer that closes must not end the process.
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        while let commands = commands.take() {
            commands.forEach(obey)
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            collect()
            sweep()
            let patience = transfers.isEmpty ? 60_000 : Int32(Self.sweepSeconds * 1_000)
            curl_multi_poll(multi, nil, 0, patience, nil)
        }
        for transfer in transfers.values { end(transfer, .failure(.cancelled, "the transport is shut down")) }
        commands.sleepNoMore()
    }

    private func obey(_ command: Command) {
        switch command {
        case .start(let order, let channel):
            guard let transfer = CurlTransfer(order, channel, settings, addresses, startedAt: bootSeconds()) else {
                return channel.end(.init(.noConnection, requestReachedPeer: .no, "libcurl takes no such transfer"))
            }
            guard !channel.isUnwanted else { return end(transfer, .failure(.cancelled, "the caller was cancelled")) }
            transfers[ObjectIdentifier(channel)] = transfer
            let code = curl_multi_add_handle(multi, transfer.easy)
            if code != CURLM_OK { end(transfer, .failure(.noConnection, String(cString: curl_multi_strerror(code)))) }
        case .goOn(let channel):
            guard let transfer = transfers[ObjectIdentifier(channel)] else { return }
            // What was held back is written right now, and its refusal is told here alone: the transfer would go on.
            let code = transfer.goOn(at: bootSeconds())
            if code != CURLE_OK { end(transfer, .result(code)) }
        case .stop(let channel):
            if let transfer = transfers[ObjectIdentifier(channel)] {
                end(transfer, .failure(.cancelled, "the caller was cancelled"))
            }
        }
    }

    /// Ends the transfers that libcurl has ended.
    private func collect() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            var context: UnsafeMutableRawPointer?
            guard message.pointee.msg == CURLMSG_DONE,
                cc_get_pointer(message.pointee.easy_handle, CURLINFO_PRIVATE, &context) == CURLE_OK, let context
            else { continue }
            end(Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue(), .result(cc_result(message)))
        }
    }

    /// Ends the transfers whose time is up.
    private func sweep() {
        let now = bootSeconds()
        guard now - sweptAt >= Self.sweepSeconds else { return }
        sweptAt = now
        for transfer in transfers.values {
            if let reason = transfer.overdue(at: now) { end(transfer, .failure(.timedOut, reason)) }
        }
    }

    private func end(_ transfer: CurlTransfer, _ outcome: CurlTransfer.Outcome) {
        // Removing one that was never added does nothing.
        curl_multi_remove_handle(multi, transfer.easy)
        transfers[ObjectIdentifier(transfer.channel)] = nil
        transfer.channel.end(transfer.failure(outcome))
    }
}
