import ConformanceKit
import JobCore
import Testing

@Suite struct AttemptTests {
    // Where each event leads; what is not named does not apply.
    private static let table: [AttemptState: [AttemptEvent: AttemptState]] = [
        .intent: [.sendingBegan: .sending, .refused: .refused, .abandoned: .refused],
        .sending: [.accepted: .accepted, .refused: .refused, .answerLost: .unknown],
        .unknown: [
            .sendingBegan: .sending, .accepted: .found, .refused: .refused, .answerLost: .unknown,
            .foundAbsent: .absent, .abandoned: .abandoned,
        ],
        .accepted: [.accepted: .accepted],
        .found: [.accepted: .found],
        .refused: [.refused: .refused],
        .absent: [:],
        .abandoned: [:],
    ]

    @Test func exactlyTheTableApplies() {
        #expect(Set(Self.table.keys) == Set(AttemptState.allCases))
        for state in AttemptState.allCases {
            for event in AttemptEvent.allCases {
                #expect(state.applying(event) == Self.table[state]?[event], "\(state) \(event)")
            }
        }
    }

    @Test func anOutcomeStays() {
        for state in AttemptState.allCases where !state.awaitsOutcome {
            for event in AttemptEvent.allCases {
                #expect(state.applying(event) ?? state == state, "\(state) \(event)")
            }
        }
    }

    private static let failure = JobFailure(.invalidRequest, "The provider found it wrong.", retryable: false)
    private static let began = Timestamp(milliseconds: 1)
    private static let now = Timestamp(milliseconds: 2)
    private static let later = Timestamp(milliseconds: 3)

    private func attempt(_ state: AttemptState, sends: Int, remoteID: String? = nil) -> Attempt {
        let start = NewAttempt(number: 1, endpoint: JobFixtures.endpoint(), externalID: "e", token: "t")
        var attempt = Attempt(start, of: JobID(high: 1, low: 1), epoch: 1, at: Self.began)
        attempt.state = state
        attempt.sends = sends
        attempt.bodySHA256 = sends > 0 ? "body" : nil
        attempt.remoteID = remoteID
        return attempt
    }

    @Test func aSendIsCountedUnderItsEpochWithOneBody() throws {
        let send = AttemptChange.send(number: 1, bodySHA256: "body")
        let first = try #require(attempt(.intent, sends: 0).applying(send, epoch: 3, at: Self.now))
        #expect(first.state == .sending)
        #expect(first.sends == 1)
        #expect(first.epoch == 3)
        #expect(first.sendingAt == Self.now)
        #expect(first.bodySHA256 == "body")
        #expect(first.applying(send, epoch: 3, at: Self.later) == nil)
        let second = try #require(attempt(.unknown, sends: 1).applying(send, epoch: 4, at: Self.later))
        #expect(second.sends == 2)
        let other = AttemptChange.send(number: 1, bodySHA256: "other")
        #expect(attempt(.unknown, sends: 1).applying(other, epoch: 4, at: Self.now) == nil)
    }

    @Test func aChangeIsForItsOwnAttempt() {
        let changes: [AttemptChange] = [
            .begin(attempt(.intent, sends: 0).start), .send(number: 2, bodySHA256: "body"),
            .move(number: 2, .refused, remoteID: nil, failure: nil),
        ]
        for change in changes { #expect(attempt(.intent, sends: 0).applying(change, epoch: 1, at: Self.now) == nil) }
    }

    @Test func aMoveKeepsWhatWasKnown() throws {
        let move = AttemptChange.move(number: 1, .accepted, remoteID: "r", failure: nil)
        let accepted = try #require(attempt(.sending, sends: 1).applying(move, epoch: 2, at: Self.now))
        #expect(accepted.remoteID == "r")
        #expect(accepted.endedAt == Self.now)
        #expect(accepted.epoch == 1)
        #expect(accepted.applying(move, epoch: 3, at: Self.later)?.endedAt == Self.now)
        let other = AttemptChange.move(number: 1, .accepted, remoteID: "s", failure: nil)
        #expect(accepted.applying(other, epoch: 3, at: Self.later) == nil)
        let failed = AttemptChange.move(number: 1, .accepted, remoteID: nil, failure: Self.failure)
        let noted = try #require(accepted.applying(failed, epoch: 3, at: Self.later))
        #expect(noted.remoteID == "r")
        #expect(noted.failure == Self.failure)
        #expect(noted.applying(move, epoch: 3, at: Self.later)?.failure == Self.failure)
    }

    @Test func aLostAnswerHasNoEnd() {
        let lost = AttemptChange.move(number: 1, .answerLost, remoteID: nil, failure: nil)
        let unknown = attempt(.sending, sends: 1).applying(lost, epoch: 1, at: Self.now)
        #expect(unknown?.state == .unknown)
        #expect(unknown?.endedAt == nil)
    }

    @Test func aRefusalIsBelievedOfTheOnlySend() {
        let refusal = AttemptChange.move(number: 1, .refused, remoteID: nil, failure: Self.failure)
        for (state, sends, isBelieved) in [
            (AttemptState.intent, 0, true), (.sending, 1, true), (.unknown, 1, true), (.sending, 2, false),
            (.unknown, 2, false),
        ] {
            let decided = attempt(state, sends: sends).applying(refusal, epoch: 1, at: Self.now)
            #expect((decided?.state == .refused) == isBelieved, "\(state) \(sends)")
        }
    }

    // State, sends, its id, the id that is reported; the outcome.
    private static let acceptances: [(AttemptState, Int, String?, String?, EvidenceOutcome)] = [
        (.sending, 1, nil, "r", .recorded),
        (.sending, 1, nil, nil, .recorded),
        (.sending, 2, nil, "r", .recorded),
        (.unknown, 1, nil, "r", .recorded),
        (.unknown, 2, nil, nil, .recorded),
        (.accepted, 1, "r", "r", .alreadyKnown),
        (.accepted, 1, "r", "s", .alreadyKnown),
        (.accepted, 1, nil, "s", .alreadyKnown),
        (.accepted, 2, "r", "s", .orphaned),
        (.accepted, 2, "r", nil, .alreadyKnown),
        (.found, 1, "r", "r", .alreadyKnown),
        (.found, 2, "r", "s", .orphaned),
        (.refused, 1, nil, "r", .orphaned),
        (.absent, 1, nil, "r", .orphaned),
        (.abandoned, 1, nil, "r", .orphaned),
        (.abandoned, 1, nil, nil, .orphaned),
    ]

    @Test(arguments: acceptances)
    func acceptancesAreNeverDropped(
        _ state: AttemptState,
        _ sends: Int,
        _ known: String?,
        _ reported: String?,
        _ outcome: EvidenceOutcome
    ) {
        let before = attempt(state, sends: sends, remoteID: known)
        let evidence = SendEvidence.accepted(remoteID: reported, submission: "answer")
        let (after, found) = before.recording(evidence, send: 1, jobIsOver: false, at: Self.now)
        #expect(found == outcome)
        switch outcome {
        case .recorded:
            #expect(after.state == (state == .sending ? .accepted : .found))
            #expect(after.remoteID == reported)
            #expect(after.submission == "answer")
            #expect(after.endedAt == Self.now)
        case .alreadyKnown: #expect(after == before)
        case .orphaned:
            #expect(after.state == state)
            #expect(after.remoteID == known)
            #expect(after.orphanRemoteID == reported)
            #expect(after.submission == "answer")
        }
        let (again, repeated) = after.recording(evidence, send: 1, jobIsOver: false, at: Self.later)
        #expect(repeated == .alreadyKnown)
        #expect(again == after)
    }

    @Test func forAJobThatIsOverNothingIsDecidedAnyMore() {
        for state in [AttemptState.sending, .unknown] {
            let before = attempt(state, sends: 1)
            let accepted = SendEvidence.accepted(remoteID: "r", submission: "answer")
            let (orphan, outcome) = before.recording(accepted, send: 1, jobIsOver: true, at: Self.now)
            #expect(outcome == .orphaned)
            #expect(orphan.state == state)
            #expect(orphan.orphanRemoteID == "r")
            let refusal = SendEvidence.refused(Self.failure)
            #expect(before.recording(refusal, send: 1, jobIsOver: true, at: Self.now).outcome == .alreadyKnown)
        }
    }

    @Test func theFirstOrphanIsKeptAndTheNextIsTold() {
        var over = attempt(.abandoned, sends: 1)
        for id in ["first", "second"] {
            let evidence = SendEvidence.accepted(remoteID: id, submission: id)
            let (next, outcome) = over.recording(evidence, send: 1, jobIsOver: true, at: Self.now)
            #expect(outcome == .orphaned)
            over = next
        }
        #expect(over.orphanRemoteID == "first")
        #expect(over.submission == "first")
    }

    @Test func refusalsAreBelievedOfTheOnlySend() {
        for state in AttemptState.allCases {
            for sends in 0...2 {
                for send in 1...2 {
                    let before = attempt(state, sends: sends)
                    let (after, outcome) = before.recording(
                        .refused(Self.failure),
                        send: send,
                        jobIsOver: false,
                        at: Self.now
                    )
                    let isBelieved = (state == .sending || state == .unknown) && sends == 1 && send == 1
                    #expect(outcome == (isBelieved ? .recorded : .alreadyKnown))
                    #expect(after.state == (isBelieved ? .refused : state))
                    #expect(after.failure == (isBelieved ? Self.failure : nil))
                    #expect(after.endedAt == (isBelieved ? Self.now : nil))
                }
            }
        }
    }
}
