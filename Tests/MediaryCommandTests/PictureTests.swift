import ConformanceKit
import Foundation
import Generation
import MediaInspection
import ProviderKit
import Testing

@testable import mediary

/// Pictures that are brought to the size that a provider demands, by the real ffmpeg.
@Suite(.enabled(if: Tool.areThere("ffmpeg"))) struct PictureTests {
    private let tools = PictureTools(ProcessInfo.processInfo.environment)
    private let size = PixelSize(width: 128, height: 72)

    /// A picture of that kind and size.
    private static func picture(_ kind: String, _ size: String, source: String = "testsrc") async throws -> [UInt8] {
        try await withTemporaryFolder { folder in
            let file = "\(folder)/picture.\(kind)"
            try await ffmpeg(["-f", "lavfi", "-i", "\(source)=size=\(size)", "-frames:v", "1", file])
            return Array(try Data(contentsOf: URL(filePath: file)))
        }
    }

    /// The grey values of a PNG, row by row.
    private static func grey(_ picture: [UInt8]) async throws -> [UInt8] {
        try await withTemporaryFolder { folder in
            try Data(picture).write(to: URL(filePath: "\(folder)/in.png"))
            try await ffmpeg(["-i", "\(folder)/in.png", "-pix_fmt", "gray", "-f", "rawvideo", "\(folder)/out"])
            return Array(try Data(contentsOf: URL(filePath: "\(folder)/out")))
        }
    }

    private static func ffmpeg(_ arguments: [String]) async throws {
        let (status, _, errors) = try await Tool.run("ffmpeg", ["-loglevel", "error"] + arguments)
        #expect(status == 0, "\(errors)")
    }

    @Test(arguments: ["png", "jpg", "webp"], ["300x40", "40x300", "400x225", "128x71"])
    func isScaledAndCroppedToTheVerySize(kind: String, from: String) async throws {
        let picture = try await Self.picture(kind, from)
        let before = try MediaInspector.imageDimensions(picture, pixelLimit: 1 << 20)
        let after = try await tools.scaled(picture, before.mediaType.rawValue, to: size)
        let facts = try MediaInspector.inspect(bytes: after.bytes, expecting: before.mediaType)
        #expect(facts.width == size.width)
        #expect(facts.height == size.height)
        #expect(after.mediaType == before.mediaType.rawValue)
    }

    @Test func aPictureOfTheSizeIsLeftByteForByte() async throws {
        let picture = try await Self.picture("png", "128x72")
        let after = try await tools.scaled(picture, "image/png", to: size)
        #expect(after.bytes == picture)
        // Also where nothing could scale it.
        let same = try await PictureTools(["PATH": "/nowhere"]).scaled(picture, "image/png", to: size)
        #expect(same.bytes == picture)
    }

    @Test(arguments: ["png", "jpg", "webp"])
    func theSamePictureGivesTheSameBytes(kind: String) async throws {
        let picture = try await Self.picture(kind, "300x300")
        let first = try await tools.scaled(picture, "image/png", to: size)
        let second = try await tools.scaled(picture, "image/png", to: size)
        #expect(first.bytes == second.bytes)
    }

    @Test func theCentreIsKept() async throws {
        // Left half black, right half white: of a wide picture both edges go, and the border stays in the middle.
        let source = "color=black:size=200x72,drawbox=x=100:w=100:h=72:color=white:t=fill,scale"
        let picture = try await Self.picture("png", "200x72", source: source)
        let after = try await tools.scaled(picture, "image/png", to: size)
        let row = try await Self.grey(after.bytes).prefix(size.width)
        #expect(row.prefix(size.width / 2 - 4).allSatisfy { $0 < 16 })
        #expect(row.suffix(size.width / 2 - 4).allSatisfy { $0 > 239 })
    }

    @Test func whatCannotBeScaledIsRefusedBeforeAnythingIsSent() async throws {
        let picture = try await Self.picture("png", "300x300")
        let animation = try await Self.picture("gif", "300x300")
        // Its header is whole, so that ffmpeg gets it; more than a pipe holds, so that nobody reads its end.
        let broken = Array(picture.prefix(64)) + [UInt8](repeating: 0x55, count: 1 << 20)
        let without = PictureTools(["PATH": "/nowhere"])
        let cases: [(PictureTools, [UInt8], String)] = [
            (tools, [1, 2, 3], "cannot be read"), (tools, broken, "cannot be read"),
            (tools, animation, "image/gif"), (without, picture, "ffmpeg is not installed"),
        ]
        for (tools, bytes, words) in cases {
            let failure = await #expect(throws: ProviderFailure.self) {
                _ = try await tools.scaled(bytes, "image/png", to: size)
            }
            #expect(failure?.code == .invalidRequest)
            #expect(failure?.retry == .never)
            #expect(failure?.isDefiniteRefusal == true)
            #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
        }
    }
}
