import Generation
import MiniMaxAdapter
import ProviderKit
import Testing

/// What is offered, where, and what is refused before anything is sent.
@Suite struct MiniMaxCatalogTests {
    private func refusal(_ request: GenerationRequest) throws -> RequestProblem? {
        let adapter = try MiniMaxStage.adapter(nil)
        do {
            try adapter.validate(try MiniMaxStage.resolved(request, adapter))
            return nil
        } catch let problem as RequestProblem {
            return problem
        }
    }

    @Test func theBaseURLSaysWhichRegionIsMeant() throws {
        let own = try MiniMaxStage.adapter(nil)
        #expect(own.account == "minimax")
        #expect(own.trustedOrigins == ["https://api.minimax.io:443"])
        #expect(own.recoveryClass(of: MiniMaxStage.request()) == .unrecoverable)
        let china = try MiniMaxStage.adapter("https://api.minimaxi.com/v1/")
        #expect(china.account == "minimax-china")
        #expect(china.trustedOrigins == ["https://api.minimaxi.com:443"])
        #expect(try MiniMaxStage.adapter("http://minimaxi.com.example.org").account == "minimax")
        #expect(MiniMaxStage.instances(nil, key: "").isEmpty)
        #expect(MiniMaxStage.instances(nil, key: nil).isEmpty)
    }

    @Test func lengthsAndShapesDependOnEachOther() throws {
        let adapter = try MiniMaxStage.adapter(nil)
        func field(_ request: GenerationRequest) -> String? {
            do {
                _ = try MiniMaxStage.resolved(request, adapter)
                return nil
            } catch let problem as RequestProblem {
                return problem.field
            } catch {
                return "\(error)"
            }
        }
        #expect(try refusal(MiniMaxStage.request { $0.aspectRatio = "adaptive" })?.field == "aspect_ratio")
        let following = MiniMaxStage.request {
            $0.aspectRatio = "adaptive"
            $0.inputReferences = [MiniMaxPictures.first]
        }
        #expect(try refusal(following) == nil)
        #expect(field(MiniMaxStage.request(MiniMaxStage.h3Max) { $0.duration = 4 }) == "duration")
        #expect(field(MiniMaxStage.request { $0.duration = 4 }) == nil)
        let long = MiniMaxStage.request(MiniMaxStage.hailuo) { ($0.resolution, $0.duration) = ("1080p", 10) }
        #expect(field(long) == "duration")
        #expect(field(MiniMaxStage.request { $0.generateAudio = false }) == "generate_audio")
        #expect(field(MiniMaxStage.request { $0.seed = 7 }) == "seed")
        let last = MiniMaxStage.request(MiniMaxStage.hailuo) {
            $0.frameImages = [
                FrameImage(role: .first, image: MiniMaxPictures.first),
                FrameImage(role: .last, image: MiniMaxPictures.last),
            ]
        }
        #expect(field(last) == "frame_images[1].frame_type")
    }

    @Test func theFastFormNeedsAFrame() throws {
        #expect(try refusal(MiniMaxStage.request(MiniMaxStage.fast)) == nil)
        let problem = try refusal(MiniMaxStage.request(MiniMaxStage.fast) { $0.frameImages = [] })
        #expect(problem?.kind == .missingField)
        #expect(problem?.field == "frame_images")
    }

    @Test func soundsAloneAreNoReferences() throws {
        let problem = try refusal(
            MiniMaxStage.request {
                $0.mediaReferences = [MediaReference(kind: .audio, url: "https://media.example.com/a.mp3", position: 0)]
            }
        )
        #expect(problem?.field == "input_references[0]")
    }

    @Test func optionsAreHeldToTheModel() throws {
        #expect(try refusal(MiniMaxStage.request(options: ["aigc_watermark": true])) == nil)
        #expect(try refusal(MiniMaxStage.request(options: ["prompt_optimizer": true]))?.kind == .unknownField)
        #expect(try refusal(MiniMaxStage.request(MiniMaxStage.hailuo, options: ["prompt_optimizer": false])) == nil)
        #expect(try refusal(MiniMaxStage.request(options: ["aigc_watermark": "yes"]))?.kind == .invalidValue)
        let taken = try refusal(MiniMaxStage.request(options: ["callback_url": "https://a.example"]))
        #expect(taken?.kind == .unsupportedParameter)
        #expect(taken?.field == "provider.options.minimax.callback_url")
    }
}
