import CurlTransport
import HTTPTransport

extension ProviderSimulator {
    /// Posts to the callback URLs of tasks whenever their standing changes in kind, until it is cancelled.
    func postCallbacks() async {
        var told: [String: String] = [:]
        while !Task.isCancelled {
            for task in world.calledBackTasks {
                let standing = world.standing(of: task, isReported: false)
                guard told[task.id] != standing.word else { continue }
                told[task.id] = standing.word
                guard let current = standing == .vanished ? nil : task.callbackURL else {
                    world.doneCallingBack(task.id)
                    continue
                }
                if let body = wire.callback(for: task) {
                    await post(body, to: current, task.id, standing)
                    if standing.isFinal, takeDuplicateCompletion() { await post(body, to: current, task.id, standing) }
                }
                if standing.isFinal {
                    world.doneCallingBack(task.id)
                    told[task.id] = nil
                }
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Posts once, and up to three times when nobody takes it.
    private func post(_ body: SimulatedAnswer, to url: String, _ task: String, _ standing: SimulatedStanding) async {
        for _ in 0..<3 where !Task.isCancelled {
            let request = HTTPRequest(.post, url, headers: body.headers, body: body.body)
            let response = try? await transport.exchange(request, options: ExchangeOptions(totalTimeoutSeconds: 5))
            if let body = response?.body { _ = try? await body.collect(bytesMax: 1 << 20) }
            posted(task, standing, status: response?.status)
            if let status = response?.status, (200..<500).contains(status) { return }
            try? await Task.sleep(for: .milliseconds(500))
        }
    }
}
