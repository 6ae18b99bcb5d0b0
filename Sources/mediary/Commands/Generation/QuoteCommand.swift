import ArgumentParser
import Generation
import HTTPTransport

/// `mediary quote`: what a job would cost, without making it.
struct QuoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quote",
        abstract: "Show what a job would cost, line by line; takes what generate takes, and makes nothing.",
        subcommands: [
            Typed<VideoOptions>.self, Typed<ImageOptions>.self, Typed<SpeechOptions>.self,
            Typed<TranscriptionOptions>.self, Typed<MusicOptions>.self, Typed<SoundOptions>.self,
        ]
    )

    /// `mediary quote video` and its like.
    struct Typed<Options: TypedOptions>: AsyncParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(commandName: Options.type.rawValue, abstract: "The price of \(Options.article).")
        }

        @OptionGroup var request: RequestOptions<Options>

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let client = try APIClient(Configuration(), environment: SystemEnvironment.make(crashPoint: nil))
            let body = try await request.body(request.fields(), client, JobScreen())
            let quote = try await client.json(.post, "/api/v1/quote", body: body)
            if json {
                print(quote.canonicalText)
            } else {
                Output.show(QuoteText.lines(quote))
            }
        }
    }
}

/// A quote for people.
enum QuoteText {
    /// The arithmetic, one line for each unit, then the sums.
    static func lines(_ quote: JSONValue) -> [String] {
        func text(_ value: JSONValue?) -> String { value?.stringValue ?? "?" }
        func money(_ value: JSONValue?) -> String { Output.money(text(value)) }
        let rows = (quote["lines"]?.elements ?? []).map { line in
            let why = text(line["why"])
            return [
                "\(text(line["quantity"])) \(text(line["unit"]).replacing("_", with: " "))",
                "x \(text(line["price"])) USD", "= \(money(line["amount"])) USD", why.isEmpty ? "" : "(\(why))",
            ]
        }
        let adjustments = (quote["adjustments"]?.elements ?? []).map { adjustment in
            let used = adjustment["used"].flatMap { $0 == .null ? nil : $0.canonicalText }
            return Output.plain(
                "\(text(adjustment["parameter"])): \(used.map { "\($0) is used" } ?? "left out") (\(text(adjustment["reason"])))"
            )
        }
        return Output.lines(rows) + [
            "total \(money(quote["total"])) USD; \(money(quote["hold"])) USD are set aside while the job runs"
        ] + adjustments
    }
}
