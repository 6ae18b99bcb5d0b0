import Generation
import JobCore
import JobEngine
import Ledger
import Testing

/// Goal: a quote is what the same body would set aside and cost; it refuses what a submission refuses, and writes nothing.
@Suite struct QuoteTests {
    @Test func aQuoteIsTheArithmeticLineByLine() async throws {
        try await TestAPI.run { api in
            let answer = try await api.quote(TestAPI.video)
            #expect(answer.status == 200)
            #expect(answer[header: "content-type"] == "application/json")
            #expect(
                answer.json == [
                    "total": "0.400000000", "currency": "USD", "hold": "0.400000000",
                    "lines": [
                        ["unit": "second", "quantity": "4", "price": "0.1", "amount": "0.400000000", "why": ""]
                    ],
                    "adjustments": [],
                    "routes": [
                        [
                            "endpoint": "testing/test/video", "provider": "testing", "model": "test/video",
                            "expected_cost": "0.400000000", "hold": "0.400000000",
                            "why": "First choice: the only one of its standing, at $0.40.",
                        ]
                    ],
                ]
            )
            try await api.expectNothingWritten()
        }
    }

    @Test func feesAreLinesOfQuoteAndBill() async throws {
        var fees = FeeSchedule()
        fees.inferencePercent = ExactDecimal(5)
        fees.markups = [FeeSchedule.Markup(percent: ExactDecimal(10), model: "test/video")]
        try await TestAPI.run(fees: fees) { api in
            let quote = try await api.quote(TestAPI.video).json
            #expect(quote["total"] == "0.462000000" && quote["hold"] == "0.462000000")
            #expect(
                quote["lines"] == [
                    ["unit": "second", "quantity": "4", "price": "0.1", "amount": "0.400000000", "why": ""],
                    [
                        "unit": "markup", "quantity": "0.400000000", "price": "0.10", "amount": "0.040000000",
                        "why": "10 % of the provider's price",
                    ],
                    [
                        "unit": "platform_fee", "quantity": "0.440000000", "price": "0.05", "amount": "0.022000000",
                        "why": "platform fee of 5 %",
                    ],
                ]
            )
            let id = try await api.submitted(TestAPI.video)
            try await api.run(id)
            try await api.complete(id, files: [("video/mp4", [1])])
            let usage = try await api.get("/api/v1/jobs/\(id)").json["usage"]
            #expect(usage?["cost"] == quote["total"] && usage?["lines"] == quote["lines"])
            let balance = try await api.store.balance(of: "default")
            #expect(balance.available == (try TestAPI.credits.subtracting(Credits(nanoUSD: 462_000_000))))
            #expect(try await api.store.audit().findings == [])
        }
    }

    /// One request per type, of which the last is not a whole number of nano-dollars.
    private static let bodies: [JSONValue] = [
        TestAPI.video(["duration": 8, "resolution": "480p"]),
        ["type": "image", "model": "test/image", "prompt": "a lighthouse", "n": 3],
        ["type": "speech", "model": "test/voice", "input": "to be said", "voice": "bert"],
        ["type": "speech", "model": "test/whisper", "input": "x"],
    ]

    @Test(arguments: bodies) func aQuoteIsTheHoldAndTheBill(body: JSONValue) async throws {
        try await TestAPI.run(adapter: TestAdapter(hasWhisper: true)) { api in
            let quote = try await api.quote(body)
            #expect(quote.status == 200, "\(quote.text)")
            let id = try await api.submitted(body)
            let stored = try #require(try await api.store.job(id))
            #expect(quote.json["hold"]?.stringValue == stored.admitted.hold.description)
            try await api.run(id)
            try await api.complete(id, files: [("video/mp4", [1])])
            let usage = try await api.get("/api/v1/jobs/\(id)").json["usage"]
            #expect(usage?["cost"] == quote.json["total"])
            #expect(usage?["lines"] == quote.json["lines"])
        }
    }

    @Test func aHoldIsRoundedUpAndATotalToTheNearest() async throws {
        try await TestAPI.run(adapter: TestAdapter(hasWhisper: true)) { api in
            let quote = try await api.quote(["type": "speech", "model": "test/whisper", "input": "x"])
            #expect(quote.json["total"] == "0.000000000")
            #expect(quote.json["hold"] == "0.000000001")
        }
    }

    @Test func adjustmentsAreTold() async throws {
        try await TestAPI.run { api in
            let body: JSONValue = [
                "type": "image", "model": "test/image", "prompt": "p", "seed": 4, "strict": false,
            ]
            let quote = try await api.quote(body)
            #expect(
                quote.json["adjustments"] == [
                    ["parameter": "seed", "asked": 4, "used": .null, "reason": "unsupported_parameter"]
                ]
            )
            #expect(try await api.submit(body).json["adjustments"] == quote.json["adjustments"])
        }
    }

    private static let refused: [JSONValue] = [
        .null, [], ["type": "video"],
        TestAPI.video(["max_cost": "0.399999999"]),
        TestAPI.video(["callback_url": "http://10.0.0.1/"]),
        TestAPI.video(["frame_images": [Samples.frame(Samples.pixelBomb, "image/png")]]),
        TestAPI.video(["frame_images": [Samples.frame(Samples.png, "image/webp")]]),
        TestAPI.video(["frame_images": [Samples.frame(Array("text".utf8), "image/png")]]),
        ["type": "image", "model": "test/image", "prompt": "p", "seed": 4],
    ]

    /// Byte for byte: a quote is refused in the words that the submission would have been.
    @Test func whatASubmissionRefusesAQuoteRefuses() async throws {
        try await TestAPI.run { api in
            for body in Self.refused + BadInputTests.cases.map(\.body) {
                let quote = try await api.quote(body)
                let submission = try await api.submit(body)
                #expect((400..<500).contains(quote.status), "\(body.canonicalText.prefix(300))")
                #expect(quote.status == submission.status)
                #expect(quote.text == submission.text)
            }
            try await api.expectNothingWritten()
        }
    }

    @Test func referencesAreCheckedButNotKept() async throws {
        try await TestAPI.run { api in
            let body = TestAPI.video(["frame_images": [Samples.frame(Samples.png, "image/png")]])
            let quote = try await api.quote(body)
            #expect(quote.status == 200, "\(quote.text)")
            try await api.expectNothingWritten()
            // The submission keeps it, so the check above could have failed.
            _ = try await api.submitted(body)
            #expect(api.artifacts.keys.count == 1)
        }
    }

    @Test func aQuoteIsNotAboutTheBalance() async throws {
        try await TestAPI.run { api in
            let dear = TestAPI.video(["duration": 8, "max_cost": "0.8"])
            for _ in 0..<12 { _ = try await api.submitted(dear) }
            #expect(try await api.submit(dear).status == 402)
            let quote = try await api.quote(dear)
            #expect(quote.status == 200)
            #expect(quote.json["total"] == "0.800000000")
        }
    }

    @Test func aKeyIsNeeded() async throws {
        try await TestAPI.run { api in
            #expect(try await api.quote(TestAPI.video, key: "sk-med-v1-unknown").status == 401)
            #expect(try await api.get("/api/v1/quote").status == 405)
            let query = try await api.request(
                "POST",
                "/api/v1/quote?dry=1",
                body: Array(TestAPI.video.canonicalText.utf8)
            )
            #expect(query.status == 400)
            #expect(query.errorParam == "dry")
        }
    }
}

extension TestAPI {
    func quote(_ body: JSONValue, key: String? = nil) async throws -> RawAnswer {
        try await request("POST", "/api/v1/quote", key: key, body: Array(body.canonicalText.utf8))
    }
}
