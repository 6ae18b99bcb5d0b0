import ArgumentParser
import Foundation
import Generation
import HTTPTransport
import JobEngine

/// `mediary generate`: a job from its text to its files.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Make media, or a transcript, with a running service (MEDIARY_URL, MEDIARY_API_KEY).",
        discussion: """
            Ends with 0 when the job has completed and its files are saved, with 1 when it failed, 2 when it was cancelled, \
            3 when it expired. Ctrl-C leaves the job running and says how to watch it.
            """,
        subcommands: [
            Typed<VideoOptions>.self, Typed<ImageOptions>.self, Typed<SpeechOptions>.self,
            Typed<TranscriptionOptions>.self, Typed<MusicOptions>.self, Typed<SoundOptions>.self,
        ]
    )

    /// `mediary generate video` and its like.
    struct Typed<Options: TypedOptions>: AsyncParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(commandName: Options.type.rawValue, abstract: "Make \(Options.article).")
        }

        @OptionGroup var request: RequestOptions<Options>

        @Option(
            name: [.customShort("o"), .long],
            help: ArgumentHelp(
                "Where to save; several files are numbered. Without it, files named after the job in this folder. "
                    + "Only a file that is named here with its extension is overwritten.",
                valueName: "file"
            )
        )
        var output: String?

        @Option(
            help: ArgumentHelp(
                "Names the submission: repeated under the same key, it makes no second job. Without it, a new key.",
                valueName: "key"
            )
        )
        var idempotencyKey: String?

        @Flag(name: .customLong("no-wait"), help: "Only submit, and print the job's id.")
        var noWait = false

        @Flag(help: "Print the job as JSON.")
        var json = false

        func validate() throws {
            if let idempotencyKey {
                let isKey = idempotencyKey.utf8.allSatisfy { (0x21...0x7E).contains($0) }
                guard isKey, (1...255).contains(idempotencyKey.utf8.count) else {
                    throw ValidationError("--idempotency-key must be 1 to 255 visible ASCII characters.")
                }
            }
            if noWait, output != nil {
                throw ValidationError("--no-wait saves nothing, so it takes no -o; save with `mediary jobs watch`.")
            }
        }

        func run() async throws {
            let environment = SystemEnvironment.make(crashPoint: nil)
            let client = try APIClient(Configuration(), environment: environment)
            // Everything that can fail here fails before the job is paid for.
            let destination = try Destination(output)
            // Standard input too, while Ctrl-C still ends the program at once: nothing could cancel that reading.
            let fields = try request.fields()
            let accepted = AcceptedJob()
            let key = idempotencyKey ?? client.makeIdempotencyKey()
            let (request, noWait, json) = (request, noWait, json)
            let end = try await untilInterrupted {
                let screen = JobScreen()
                let body = try await request.body(fields, client, screen)
                let since = environment.bootSeconds()
                let job = try await client.submit(body, idempotencyKey: key) { screen.note($0) }
                let standing = JobStanding(job)
                accepted.id = standing.id
                guard !noWait else {
                    print(json ? job.canonicalText : standing.id)
                    return ExitCode.success
                }
                screen.note("\(standing.id)  \(Output.plain(standing.model))")
                return try await JobEnding(client: client, environment: environment, json: json)
                    .wait(for: job, since: since, saving: destination, on: screen)
            }
            try JobEnding.exit(end, accepted.id, idempotencyKey: key)
        }
    }
}

extension RequestOptions {
    /// The body of the request, with the service's choice of a model if the options leave it open.
    func body(_ fields: NativeFields, _ client: APIClient, _ screen: JobScreen) async throws -> JSONValue {
        guard model == nil else { return try body(fields, model: "") }
        let slug = try ModelChoice.choose(
            Typed.type,
            among: try await client.json(.get, "/api/v1/catalog?type=\(Typed.type.rawValue)")
        )
        let body = try body(fields, model: slug)
        screen.note("The model is \(Output.plain(slug)); choose with --model, see `mediary models`.")
        return body
    }
}

extension TypedOptions {
    /// The type for a sentence.
    static var article: String {
        switch type {
        case .video: "a video"
        case .image: "images"
        case .speech: "speech"
        case .transcription: "a transcript"
        case .music: "music"
        case .sound: "a sound"
        }
    }
}
