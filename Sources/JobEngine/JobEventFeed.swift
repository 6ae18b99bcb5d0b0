package import JobCore

/// A job's events in order and without gaps: those of the past from the store, then each as it is committed.
///
/// A version that was missed, because commits overtook each other or the reader was slow, is read from the store before
/// the next one is given. Ends after the event that ends the job.
package struct JobEventFeed: AsyncSequence, Sendable {
    package typealias Element = JobEventRecord

    let job: JobID
    let after: Int64
    let changes: AsyncStream<Job>
    let store: any JobStore
    let live: LiveJobs

    package func makeAsyncIterator() -> Iterator {
        Iterator(feed: self, changes: changes.makeAsyncIterator(), last: after)
    }

    package struct Iterator: AsyncIteratorProtocol {
        private static let pageSize = 256

        let feed: JobEventFeed
        var changes: AsyncStream<Job>.Iterator
        var last: Int64
        var pending: ArraySlice<JobEventRecord> = []
        var isCaughtUp = false
        var isOver = false

        package mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws -> JobEventRecord?
        {
            while true {
                if let event = pending.popFirst() {
                    last = event.version
                    if event.state.isTerminal { isOver = true }
                    return event
                }
                if isOver { return nil }
                if !isCaughtUp {
                    let page = try await feed.store.events(of: feed.job, after: last, limit: Self.pageSize)
                    isCaughtUp = page.count < Self.pageSize
                    pending = page[...]
                    if page.isEmpty, let job = try await feed.live.job(feed.job), job.state.isTerminal,
                        job.version <= last
                    {
                        return nil
                    }
                    continue
                }
                guard let change = await changes.next(isolation: actor) else { return nil }
                if change.version > last { isCaughtUp = false }
            }
        }
    }
}
