import CurlTransport
import Foundation
import Generation
import HTTPTransport
import ProviderSimulators
import Testing

/// The simulators held against Kling's own examples, since there is no official client that could judge them.
///
/// The requests are the examples of the developer pages (kling.ai/document-api/api/video/3-0-omni/video-omni,
/// 3-0-omni/image-to-video, o1/video-omni and their legacy pages, as read 2026-09-16 to 2026-10-08), with pictures and
/// addresses replaced; the members of the answers are the pages' own.
@Suite(.timeLimit(.minutes(2)))
struct KlingExchangeTests {
    private struct Answer {
        let status: Int
        let json: JSONValue
        var code: Int64? { json["code"]?.integerValue }
        var data: JSONValue { json["data"] ?? .null }
    }

    private func ask(
        _ method: HTTPRequest.Method,
        _ url: String,
        _ body: JSONValue? = nil,
        token: String
    ) async throws -> Answer {
        let request = HTTPRequest(
            method,
            url,
            headers: [
                (name: "Authorization", value: "Bearer \(token)"), (name: "Content-Type", value: "application/json"),
            ],
            body: body.map { Array($0.canonicalText.utf8) } ?? []
        )
        let response = try await KlingDoor.transport.exchange(request, options: ExchangeOptions())
        let bytes = try await response.body.collect(bytesMax: 1 << 20)
        return Answer(
            status: response.status,
            json: try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
        )
    }

    private static func members(_ value: JSONValue?) -> Set<String> {
        if case .object(let members)? = value { Set(members.keys) } else { [] }
    }

    // MARK: - The signed wire

    /// Valid from 2025-11-21 to 2286-11-20; made as the one in `KlingTokenTests`.
    private static let token =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
        + "eyJleHAiOjk5OTk5OTk5OTksImlzcyI6ImFrLXNpbXVsYXRlZCIsIm5iZiI6MTc2MzcyMTEzMn0."
        + "pu9DZfRVH4yxWBa6EZ_01E7PPNUwGUFfDkMnWbDjssY"

    private static let signedExample: JSONValue = [
        "model_name": "kling-video-o1", "prompt": "Make <<<image_1>>> sail towards the lighthouse",
        "image_list": [["image_url": "https://cdn.example.com/boat.png"]], "mode": "pro", "aspect_ratio": "16:9",
        "duration": "5", "callback_url": "https://me.example.com/hook", "external_task_id": "job_01",
    ]

    @Test func theSignedExampleIsTakenAnsweredAndDone() async throws {
        var settings = KlingDoor.signed.settings
        settings.durations = .manual
        try await withSimulator(KlingSimulator.self, settings) { simulator in
            let path = "\(simulator.baseURL)/v1/videos/omni-video"
            let submitted = try await ask(.post, path, Self.signedExample, token: Self.token)
            #expect(submitted.status == 200)
            #expect(Self.members(submitted.json) == ["code", "message", "request_id", "data"])
            #expect(submitted.code == 0)
            #expect(submitted.json["message"] == "SUCCEED")
            let members: Set<String> = ["task_id", "task_info", "task_status", "created_at", "updated_at"]
            #expect(Self.members(submitted.data) == members)
            #expect(submitted.data["task_status"] == "submitted")
            #expect(submitted.data["task_info"] == ["external_task_id": "job_01"])
            // Milliseconds, unlike at most providers.
            #expect((submitted.data["created_at"]?.integerValue ?? 0) > 1_700_000_000_000)
            let id = try #require(submitted.data["task_id"]?.stringValue)

            let running = try await ask(.get, "\(path)/\(id)", token: Self.token)
            #expect(running.data["task_status"] == "processing")
            #expect(Self.members(running.data) == members.union(["task_status_msg"]))
            simulator.world.finishAll()
            let done = try await ask(.get, "\(path)/job_01", token: Self.token)
            #expect(done.data["task_id"]?.stringValue == id)
            #expect(done.data["task_status"] == "succeed")
            #expect(done.data["final_unit_deduction"] == "4")
            #expect(Self.members(done.data["final_balance_deduction"]) == ["quota", "list_price"])
            guard case .array(let videos)? = done.data["task_result"]?["videos"] else {
                Issue.record("no videos")
                return
            }
            #expect(videos.map(Self.members) == [["id", "url", "watermark_url", "duration"]])
            #expect(videos.first?["duration"]?.stringValue == "5.041")

            let list = try await ask(.get, "\(path)?pageNum=1&pageSize=30", token: Self.token)
            #expect(list.data == .array([done.data]))
            let other = try await ask(.get, "\(simulator.baseURL)/v1/videos/text2video/\(id)", token: Self.token)
            #expect(other.status == 400 && other.code == 1_201, "another path does not know the task")
        }
    }

    @Test func theSignedWireIsStrict() async throws {
        try await withSimulator(KlingSimulator.self, KlingDoor.signed.settings) { simulator in
            func expect(
                _ code: Int64,
                _ comment: Comment? = nil,
                at family: String = "omni-video",
                _ change: (inout [String: JSONValue]) -> Void
            ) async throws {
                guard case .object(var members) = Self.signedExample else { return }
                members["external_task_id"] = nil
                change(&members)
                let url = "\(simulator.baseURL)/v1/videos/\(family)"
                let answer = try await ask(.post, url, .object(members), token: Self.token)
                #expect(answer.code == code, comment)
                #expect((answer.status == 200) == (code == 0), comment)
            }
            try await expect(0) { _ in }
            try await expect(0) { $0["external_task_id"] = "twice" }
            try await expect(1_201) { $0["external_task_id"] = "twice" }
            try await expect(1_201, "a number") { $0["duration"] = 5 }
            try await expect(1_201) { $0["duration"] = "11" }
            try await expect(1_201, "text makes 5 or 10") { ($0["duration"], $0["image_list"]) = ("7", nil) }
            try await expect(1_203) { $0["model_name"] = "kling-x" }
            try await expect(1_201) { $0["aspect_ratio"] = nil }
            try await expect(1_201) { $0["mode"] = "4k" }
            try await expect(1_201) { $0["sound"] = "on" }
            try await expect(1_201) { $0["seed"] = 7 }
            try await expect(1_201) { $0["prompt"] = .string(String(repeating: "x", count: 2_501)) }
            let dataURL = "data:image/png;base64," + KlingPictures.base64("boat")
            try await expect(1_201) { $0["image_list"] = [["image_url": .string(dataURL)]] }
            try await expect(0) { $0["image_list"] = [["image_url": .string(KlingPictures.base64("boat"))]] }
            let end: JSONValue = ["image_url": "https://cdn.example.com/a.png", "type": "end_frame"]
            try await expect(1_201) { $0["image_list"] = [end] }
            try await expect(1_202, at: "omni-movie") { _ in }
        }
    }

    // MARK: - API 2.0

    private static let keyedExample: JSONValue = [
        "contents": [
            ["type": "prompt", "text": "@image_1 sails to the lighthouse"],
            ["type": "refer_image", "url": "https://cdn.example.com/boat.png", "id": "image_1"],
        ],
        "settings": ["resolution": "1080p", "aspect_ratio": "16:9", "duration": 5, "audio": "off"],
        "options": [
            "callback_url": "https://me.example.com/hook", "external_task_id": "job_01",
            "watermark_info": ["enabled": false],
        ],
    ]

    @Test func theKeyedExampleIsTakenAnsweredAndDone() async throws {
        try await withSimulator(KlingKeyedSimulator.self, KlingDoor.keyed.settings) { simulator in
            let (base, key) = (simulator.baseURL, "key-simulated")
            let submitted = try await ask(.post, "\(base)/omni-video/kling-o1", Self.keyedExample, token: key)
            #expect(submitted.status == 200 && submitted.code == 0)
            let members: Set<String> = ["id", "status", "create_time", "update_time", "external_id"]
            #expect(Self.members(submitted.data) == members)
            let id = try #require(submitted.data["id"]?.stringValue)
            simulator.world.finishAll()
            let asked = try await ask(.get, "\(base)/tasks?external_task_ids=job_01,job_02", token: key)
            guard case .array(let tasks) = asked.data, let task = tasks.first, tasks.count == 1 else {
                Issue.record("not one task: \(asked.data)")
                return
            }
            #expect(Self.members(task) == members.union(["message", "outputs", "billing"]))
            #expect(task["status"] == "succeeded")
            guard case .array(let billing)? = task["billing"] else { return }
            #expect(
                billing == [
                    [
                        "charge_type": "cash", "cash_type": "balance", "amount": "0.56", "currency": "USD",
                        "list_price": "0.56",
                    ]
                ]
            )
            let history: JSONValue = [
                "limit": 500, "cursor": "", "filters": [["key": "status", "values": ["succeeded"]]],
            ]
            let page = try await ask(.post, "\(base)/tasks", history, token: key)
            #expect(Self.members(page.data) == ["result", "count", "next_cursor", "has_more"])
            #expect(page.data["result"] == .array([task]))
            let both = try await ask(.get, "\(base)/tasks?task_ids=\(id)&external_task_ids=job_01", token: key)
            #expect(both.code == 1_201)
            #expect(try await ask(.get, "\(base)/tasks?task_ids=1", token: key).data == [])
            let signed = try await ask(.get, "\(base)/tasks?task_ids=\(id)", token: Self.token)
            #expect(signed.status == 401 && signed.code == 1_002)
        }
    }

    @Test func theKeyedWireIsStrict() async throws {
        try await withSimulator(KlingKeyedSimulator.self, KlingDoor.keyed.settings) { simulator in
            func expect(_ code: Int64, _ path: String, _ body: JSONValue) async throws {
                let answer = try await ask(.post, "\(simulator.baseURL)/\(path)", body, token: "key-simulated")
                #expect(answer.code == code, "\(path) \(body.canonicalText.prefix(300))")
                #expect((answer.status == 200) == (code == 0))
            }
            func expectO1(_ code: Int64, _ settings: JSONValue, _ pictures: String...) async throws {
                let contents: [JSONValue] =
                    [["type": "prompt", "text": "a boat"]]
                    + pictures.map { ["type": .string($0), "url": .string(KlingPictures.base64("boat"))] }
                try await expect(code, "omni-video/kling-o1", ["settings": settings, "contents": .array(contents)])
            }
            let wide: JSONValue = ["aspect_ratio": "16:9"]
            try await expectO1(0, wide)
            // A ratio is needed without a first frame, and out of place with one.
            try await expectO1(1_201, [:])
            try await expectO1(1_201, wide, "first_frame")
            try await expectO1(1_201, ["duration": 7], "first_frame")
            try await expectO1(0, ["duration": 7], "first_frame", "last_frame")
            // Text where a number belongs.
            try await expectO1(1_201, ["duration": "5"], "first_frame")
            try await expectO1(1_201, [:], "last_frame")
            try await expectO1(1_201, [:], "first_frame", "last_frame", "refer_image")
            try await expectO1(1_201, ["aspect_ratio": "16:9", "audio": "native"])
            try await expectO1(1_201, ["aspect_ratio": "16:9", "resolution": "4k"])
            let text: JSONValue = ["prompt": "a boat", "settings": wide]
            try await expect(0, "text-to-video/kling-3.0", text)
            try await expect(1_203, "text-to-video/kling-o1", text)
            try await expect(1_201, "text-to-video/kling-3.0", ["prompt": "a boat", "seed": 7])
            let silent: JSONValue = ["prompt": "a boat", "settings": ["audio": "off"]]
            try await expect(1_201, "text-to-video/kling-3.0-turbo", silent)
        }
    }

    /// The signature of the callback protocol: HMAC-SHA256 over id, time and body (Standard Webhooks).
    @Test func callbacksAreSignedWhenThereIsASecret() async throws {
        for door in KlingDoor.allCases {
            var settings = door.settings
            settings.wire["webhook_secret"] = "c2VjcmV0"
            try await door.stage(settings) { simulator, adapter in
                _ = try await KlingAttempt().operation(KlingRequests.video(), at: adapter)
                let task = try #require(simulator.world.allTasks.first)
                let posted = try #require(simulator.wire.callback(for: task))
                func header(_ name: String) -> String? { posted.headers.first { $0.name == name }?.value }
                let signature = try #require(header("webhook-signature"))
                #expect(signature.hasPrefix("v1,"))
                #expect(header("webhook-id") != nil && header("webhook-timestamp") != nil)
                let body = try JSONDecoder().decode(JSONValue.self, from: Data(posted.body))
                #expect(body[door == .signed ? "task_id" : "id"]?.stringValue == task.id)
            }
        }
    }
}
