import Generation
import JobAPI
import JobCore
import JobEngine
import Ledger
import Testing

/// Goal: what was written for OpenAI's videos makes jobs here, and reads them.
@Suite struct OpenAIVideoTests {
    private static func catalog(_ adapter: TestAdapter) throws -> EndpointCatalog {
        try EndpointCatalog([adapter], aliases: ["sora-2": "test/video"])
    }

    private static let keys: Set<String> = [
        "id", "object", "model", "status", "progress", "created_at", "completed_at", "expires_at", "prompt", "size",
        "seconds", "remixed_from_video_id", "error",
    ]

    // MARK: Creating

    @Test func aFormMakesAJob() async throws {
        try await TestAPI.run(catalog: Self.catalog) { api in
            var form = SampleForm(["prompt": "a lighthouse", "seconds": "4", "size": "1280x720"])
            form.add("input_reference", file: Samples.png)
            let answer = try await api.ask("/v1/videos", form: form)
            #expect(answer.status == 200, "\(answer.text)")
            let video = answer.json
            #expect(video.keys == Self.keys.union(["adjustments"]))
            #expect(video["object"] == "video")
            #expect(video["status"] == "queued")
            #expect(video["progress"] == 0)
            #expect(video["model"] == "test/video")
            #expect(video["seconds"] == "4")
            #expect(video["size"] == "1280x720")
            #expect(video["error"] == .null)
            #expect(video["completed_at"] == .null)
            #expect(video["adjustments"]?.elements.first?["reason"] == "model_alias")
            #expect(answer[header: "openai-poll-after-ms"].flatMap { Int($0) } ?? 0 > 0)
            let id = try #require(video["id"]?.stringValue.flatMap { JobID($0) })
            let input = try await api.native(id)["input"]
            #expect(input?["frame_images"]?.elements.first?["frame_type"] == "first_frame")
            #expect(input?["frame_images"]?.elements.first?["image_url"]?["media_type"] == "image/png")
            #expect(input?["duration"] == 4)
        }
    }

    @Test func jsonMakesAJobAndLengthsMayBeNumbers() async throws {
        try await TestAPI.run { api in
            for seconds: JSONValue in ["6", 6] {
                let answer = try await api.ask("/v1/videos", TestAPI.soraClip(["seconds": seconds]))
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.json.keys == Self.keys)
                #expect(answer.json["seconds"] == "6")
            }
        }
    }

    @Test func aPictureMayBeNamedByURL() async throws {
        try await TestAPI.run { api in
            let body = TestAPI.soraClip(["input_reference": ["image_url": "https://cdn.example/boat.png"]])
            let id = try await api.created(body)
            let frame = try await api.native(id)["input"]?["frame_images"]?.elements.first
            #expect(frame?["image_url"]?["url"] == "https://cdn.example/boat.png")
            // The object as the SDK flattens it into a form.
            let form = SampleForm([
                "model": "test/video", "prompt": "x", "input_reference[image_url]": "https://cdn.example/boat.png",
            ])
            #expect(try await api.ask("/v1/videos", form: form).status == 200)
        }
    }

    @Test func whatNobodyKnowsIsTold() async throws {
        try await TestAPI.run { api in
            let answer = try await api.ask("/v1/videos", TestAPI.soraClip(["mood": "calm", "grain": 3]))
            #expect(answer.status == 200, "\(answer.text)")
            let adjustments = answer.json["adjustments"]?.elements ?? []
            #expect(adjustments.map { $0["parameter"] } == ["mood"])
            #expect(adjustments.first?["reason"] == "unknown_field")
            // What the provider knows is handed to it.
            let id = try #require(answer.json["id"]?.stringValue.flatMap { JobID($0) })
            #expect(try await api.native(id)["input"]?["provider"]?["options"]?["testing"]?["grain"] == 3)
        }
    }

    @Test(
        arguments: [
            (["seconds": "5"], "seconds", "invalid_value"), (["seconds": "4.5"], "seconds", "invalid_value"),
            (["seconds": ""], "seconds", "invalid_value"), (["seconds": true], "seconds", "invalid_value"),
            (["seconds": 0], "seconds", "invalid_value"),
            (["size": "100x100"], "size", "invalid_value"), (["size": "huge"], "size", "invalid_value"),
            (["prompt": .null], "prompt", "missing_required_parameter"), (["prompt": ""], "prompt", "invalid_value"),
            (["prompt": 5], "prompt", "invalid_value"),
            (["model": "test/image"], "model", "invalid_value"),
            (["input_reference": "https://x"], "input_reference", "invalid_value"),
            (["input_reference": ["file_id": "file-1"]], "input_reference.file_id", "unsupported_parameter"),
            (["input_reference": ["image_url": "ftp://x"]], "input_reference", "invalid_value"),
        ] as [([String: JSONValue], String, String)]
    )
    func whatIsWrongIsNamedInTheDialectsWords(
        _ changes: [String: JSONValue],
        _ param: String,
        _ code: String
    ) async throws {
        try await TestAPI.run { api in
            let answer = try await api.ask("/v1/videos", TestAPI.soraClip(changes))
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer.errorParam == param, "\(answer.text)")
            #expect(answer.errorCode == code, "\(answer.text)")
            #expect(answer.errorMessage.contains("`\(param)`") || param == "model", "\(answer.text)")
            try await api.expectNothingWritten()
        }
    }

    @Test func aModelThatDoesNotExistIsNotFound() async throws {
        try await TestAPI.run { api in
            for body: JSONValue in [["prompt": "x"], ["prompt": "x", "model": "sora-3"]] {
                let answer = try await api.ask("/v1/videos", body)
                #expect(answer.status == 404, "\(answer.text)")
                #expect(answer.errorCode == "model_not_found")
            }
            try await api.expectNothingWritten()
        }
    }

    @Test func formsThatAreWrongAreRefusedAndLeaveNothing() async throws {
        try await TestAPI.run { api in
            var twice = SampleForm(["model": "test/video", "prompt": "x"])
            twice.add("input_reference", file: Samples.png)
            twice.add("input_reference", file: Samples.png)
            var unknown = SampleForm(["model": "test/video", "prompt": "x"])
            unknown.add("picture", file: Samples.png)
            var empty = SampleForm(["model": "test/video", "prompt": "x"])
            empty.add("input_reference", file: [])
            var text = SampleForm(["model": "test/video", "prompt": "x"])
            text.add("input_reference", file: Array("hello".utf8))
            var bomb = SampleForm(["model": "test/video", "prompt": "x"])
            bomb.add("input_reference", file: Samples.pixelBomb)
            for (form, param) in [
                (twice, "input_reference"), (unknown, "picture"), (empty, "input_reference"),
                (text, "input_reference"), (bomb, "input_reference"),
                (SampleForm(["prompt": "x", "prompt": "y"]), "prompt"),
                (SampleForm(["model": "test/video", "prompt": "x", "seconds[a]": "4", "seconds": "4"]), "seconds"),
            ] {
                let answer = try await api.ask("/v1/videos", form: form)
                #expect(answer.status == 400, "\(answer.text)")
                #expect(answer.errorParam == param, "\(answer.text)")
            }
            let type = ("Content-Type", "multipart/form-data")
            let noBoundary = try await api.request("POST", "/v1/videos", headers: [type], body: twice.body)
            #expect(noBoundary.status == 400)
            #expect(noBoundary.errorParam == "Content-Type")
            let other = try await api.request(
                "POST",
                "/v1/videos",
                headers: [("Content-Type", "text/plain")],
                body: twice.body
            )
            #expect(other.status == 415)
            let cut = try await api.request(
                "POST",
                "/v1/videos",
                headers: [("Content-Type", "multipart/form-data; boundary=\(SampleForm.boundary)")],
                body: Array(twice.body.dropLast(20))
            )
            #expect(cut.status == 400, "\(cut.text)")
            try await api.expectNothingWritten()
            #expect(api.artifacts.spooledCount == 0)
        }
    }

    @Test func aFileThatIsTooLargeIsRefused() async throws {
        try await TestAPI.run { api in
            var form = SampleForm(["model": "test/video", "prompt": "x"])
            form.add("input_reference", file: [UInt8](repeating: 7, count: 20 * 1_048_576 + 1))
            let answer = try await api.ask("/v1/videos", form: form)
            #expect(answer.status == 413, "\(answer.text)")
            #expect(answer.errorParam == "input_reference")
            #expect(answer.errorCode == "body_too_large")
            try await api.expectNothingWritten()
            #expect(api.artifacts.spooledCount == 0)
        }
    }

    @Test func creditsThatDoNotSufficeAreToldWithoutARepeat() async throws {
        try await TestAPI.run { api in
            let key = try await api.accounts.createKey(name: "poor", workspace: "poor").secret
            let answer = try await api.ask("/v1/videos", TestAPI.soraClip, key: key)
            #expect(answer.status == 402)
            #expect(answer.errorCode == "insufficient_quota")
            #expect(answer.json["error"]?["type"] == "insufficient_quota")
        }
    }

    @Test func aRepeatWithAKeyGetsTheFirstAnswer() async throws {
        try await TestAPI.run { api in
            let headers = [("Idempotency-Key", "one")]
            let first = try await api.ask("/v1/videos", TestAPI.soraClip, headers: headers)
            let second = try await api.ask("/v1/videos", TestAPI.soraClip, headers: headers)
            #expect(first.status == 200)
            #expect(second.status == 200)
            #expect(second.body == first.body)
            #expect(second[header: "idempotent-replayed"] == "true")
            let other = try await api.ask("/v1/videos", TestAPI.soraClip(["prompt": "y"]), headers: headers)
            #expect(other.status == 422)
            #expect(other.errorCode == "idempotency_conflict")
        }
    }

    // MARK: Reading

    @Test func aVideoIsReadFromItsBeginningToItsEnd() async throws {
        try await TestAPI.run { api in
            let id = try await api.created()
            let waiting = try await api.get("/v1/videos/\(id)")
            #expect(waiting.status == 200)
            #expect(waiting.json["status"] == "queued")
            #expect(waiting[header: "openai-poll-after-ms"].flatMap { Int($0) } ?? 0 > 0)
            #expect(try await api.get("/v1/videos/\(id)/content").status == 404)
            try await api.run(id)
            #expect(try await api.get("/v1/videos/\(id)").json["status"] == "in_progress")
            try await api.complete(id, files: [("video/mp4", Array("not really a video".utf8))])
            let done = try await api.get("/v1/videos/\(id)").json
            #expect(done["status"] == "completed")
            #expect(done["progress"] == 100)
            #expect(done["completed_at"]?.integerValue ?? 0 > 1_700_000_000)
            let content = try await api.get("/v1/videos/\(id)/content", headers: [("Accept", "application/binary")])
            #expect(content.status == 200)
            #expect(content[header: "content-type"] == "video/mp4")
            #expect(content.text == "not really a video")
            let part = try await api.get("/v1/videos/\(id)/content?variant=video", headers: [("Range", "bytes=4-9")])
            #expect(part.status == 206)
            #expect(part.text == "really")
            for variant in ["thumbnail", "spritesheet", "hologram"] {
                let answer = try await api.get("/v1/videos/\(id)/content?variant=\(variant)")
                #expect(answer.status == 400)
                #expect(answer.errorParam == "variant")
            }
        }
    }

    @Test func jobsThatFailAreFailedWithTheReason() async throws {
        try await TestAPI.run { api in
            let filtered = try await api.created()
            try await api.run(filtered)
            try await api.advance(
                filtered,
                .providerFailed(JobFailure(.contentPolicy, "Blocked.", retryable: false), retryAt: nil)
            )
            let stopped = try await api.created()
            _ = try await api.request("POST", "/api/v1/jobs/\(stopped)/cancel")
            for (id, code) in [(filtered, "moderation_blocked"), (stopped, "cancelled")] {
                let video = try await api.get("/v1/videos/\(id)")
                #expect(video.status == 200)
                #expect(video.json["status"] == "failed")
                #expect(video.json["error"]?["code"]?.stringValue == code)
                #expect(video.json["error"]?["message"]?.stringValue?.isEmpty == false)
                #expect(try await api.get("/v1/videos/\(id)/content").status == 404)
            }
        }
    }

    @Test func onlyVideosOfTheWorkspaceAreFound() async throws {
        try await TestAPI.run { api in
            let image = try await api.submitted(TestAPI.image)
            let other = try await api.accounts.createKey(name: "other", workspace: "other").secret
            let id = try await api.created()
            for (path, key) in [("\(image)", api.key), ("\(id)", other), ("nothing", api.key)] {
                for end in ["", "/content"] {
                    #expect(try await api.get("/v1/videos/\(path)\(end)", key: key).status == 404)
                }
                #expect(try await api.request("DELETE", "/v1/videos/\(path)", key: key).status == 404)
                let remix = try await api.ask("/v1/videos/\(path)/remix", ["prompt": "x"], key: key)
                #expect(remix.status == 404)
            }
            #expect(try await api.get("/v1/videos", key: other).json["data"] == [])
        }
    }

    @Test func listsArePagedBothWays() async throws {
        try await TestAPI.run { api in
            var ids: [String] = []
            for number in 0..<5 {
                ids.append(try await api.created(TestAPI.soraClip(["prompt": .string("\(number)")])).description)
                _ = try await api.submitted(TestAPI.image)
            }
            for (order, expected) in [("asc", ids), ("desc", ids.reversed())] {
                var seen: [String] = []
                var after = ""
                while true {
                    let page = try await api.get("/v1/videos?limit=2&order=\(order)\(after)").json
                    let data = page["data"]?.elements.compactMap { $0["id"]?.stringValue } ?? []
                    #expect(page["object"] == "list")
                    #expect(page["first_id"]?.stringValue == data.first)
                    #expect(page["last_id"]?.stringValue == data.last)
                    seen += data
                    guard page["has_more"] == true, let last = data.last else { break }
                    after = "&after=\(last)"
                }
                #expect(seen == expected, "\(order)")
            }
            #expect(try await api.get("/v1/videos").json["data"]?.elements.count == 5)
            for query in ["limit=0", "limit=101", "order=up", "after=x", "limit=x"] {
                #expect(try await api.get("/v1/videos?\(query)").status == 400, "\(query)")
            }
        }
    }

    // MARK: Deleting

    @Test func aVideoThatIsOverIsDeleted() async throws {
        try await TestAPI.run { api in
            let id = try await api.created()
            let early = try await api.request("DELETE", "/v1/videos/\(id)")
            #expect(early.status == 400)
            #expect(early.errorCode == "not_ended")
            try await api.run(id)
            try await api.complete(id, files: [("video/mp4", [1, 2, 3])])
            let kept = try await api.created()
            #expect(api.artifacts.keys.count == 1)
            // Read before, so that it is in memory.
            #expect(try await api.native(id)["artifacts"]?.elements.count == 1)
            let spent = try await api.store.balance(of: AccountService.defaultWorkspace)
            let answer = try await api.request(
                "DELETE",
                "/v1/videos/\(id)",
                headers: [("Content-Type", "application/json")]
            )
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json == ["id": .string("\(id)"), "object": "video.deleted", "deleted": true])
            #expect(api.artifacts.keys.isEmpty)
            #expect(try await api.get("/v1/videos/\(id)").status == 404)
            #expect(try await api.get("/v1/videos/\(id)/content").status == 404)
            #expect(try await api.request("DELETE", "/v1/videos/\(id)").status == 404)
            let list = try await api.get("/v1/videos").json["data"]?.elements ?? []
            #expect(list.map { $0["id"]?.stringValue } == ["\(kept)"])
            // The job stays in the books, without what it made.
            let job = try await api.native(id)
            #expect(job["status"] == "completed")
            #expect(job["artifacts"] == [])
            #expect(try await api.store.balance(of: AccountService.defaultWorkspace) == spent)
        }
    }

    @Test func aVideoThatFailedIsDeletedToo() async throws {
        try await TestAPI.run { api in
            let failed = try await api.created()
            try await api.run(failed)
            try await api.advance(failed, .providerFailed(.wrong, retryAt: nil))
            let stopped = try await api.created()
            _ = try await api.request("POST", "/api/v1/jobs/\(stopped)/cancel")
            let expired = try await api.created()
            try await api.advance(expired, .deadlinePassed)
            let kept = try await api.created()
            for (id, status) in [(failed, "failed"), (stopped, "cancelled"), (expired, "expired")] {
                // Read before, so that it is in memory.
                #expect(try await api.get("/v1/videos/\(id)").json["status"] == "failed")
                let books = try await api.store.balance(of: AccountService.defaultWorkspace)
                let events = try await api.store.events(of: id, after: 0, limit: 100)
                let answer = try await api.request("DELETE", "/v1/videos/\(id)")
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.json["deleted"] == true)
                #expect(try await api.get("/v1/videos/\(id)").status == 404)
                #expect(try await api.request("DELETE", "/v1/videos/\(id)").status == 404)
                #expect(try await api.native(id)["status"]?.stringValue == status)
                #expect(try await api.store.balance(of: AccountService.defaultWorkspace) == books)
                #expect(try await api.store.events(of: id, after: 0, limit: 100) == events)
            }
            let list = try await api.get("/v1/videos").json["data"]?.elements ?? []
            #expect(list.map { $0["id"]?.stringValue } == ["\(kept)"])
            #expect(try await api.get("/api/v1/jobs").json["data"]?.elements.count == 4)
        }
    }

    @Test func pagesAreWholeWhateverWasDeletedBetween() async throws {
        try await TestAPI.run { api in
            var kept: [String] = []
            for number in 0..<10 {
                let id = try await api.created(TestAPI.soraClip(["prompt": .string("\(number)")]))
                guard !number.isMultiple(of: 3) else {
                    kept.append("\(id)")
                    continue
                }
                _ = try await api.request("POST", "/api/v1/jobs/\(id)/cancel")
                #expect(try await api.request("DELETE", "/v1/videos/\(id)").status == 200)
            }
            let first = try await api.get("/v1/videos?limit=3&order=asc").json
            #expect(first["data"]?.elements.map { $0["id"]?.stringValue } == kept.prefix(3).map { $0 })
            #expect(first["has_more"] == true)
            let rest = try await api.get("/v1/videos?limit=3&order=asc&after=\(kept[2])").json
            #expect(rest["data"]?.elements.map { $0["id"]?.stringValue } == [kept[3]])
            #expect(rest["has_more"] == false)
        }
    }

    // MARK: Continuing

    @Test func aModelThatContinuesMakesARemix() async throws {
        try await TestAPI.run(adapter: TestAdapter(continuesVideos: true)) { api in
            let id = try await api.created(TestAPI.soraClip(["seconds": "6", "size": "720x1280"]))
            let early = try await api.ask("/v1/videos/\(id)/remix", ["prompt": "at night"])
            #expect(early.status == 404)
            try await api.run(id)
            try await api.complete(id, files: [("video/mp4", [1, 2, 3])])
            let answer = try await api.ask("/v1/videos/\(id)/remix", ["prompt": "at night"])
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["remixed_from_video_id"] == .string("\(id)"))
            #expect(answer.json["prompt"] == "at night")
            #expect(answer.json["size"] == "720x1280")
            #expect(answer.json["seconds"] == "6")
        }
    }

    @Test func aModelThatContinuesNothingSaysSo() async throws {
        try await TestAPI.run { api in
            let id = try await api.created()
            try await api.run(id)
            try await api.complete(id, files: [("video/mp4", [1, 2, 3])])
            let answer = try await api.ask("/v1/videos/\(id)/remix", ["prompt": "at night"])
            #expect(answer.status == 400)
            #expect(answer.errorCode == "unsupported_parameter")
            #expect(answer.errorMessage.contains("test/video"))
            #expect(try await api.get("/v1/videos").json["data"]?.elements.count == 1)
        }
    }
}
