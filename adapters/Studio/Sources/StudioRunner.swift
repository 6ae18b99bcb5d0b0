import HTTPTransport
import ProviderKit
import Subprocess

/// Starts a plan's commands as a process of their own, which lives on when the service ends.
enum StudioRunner {
    /// The script that a folder's runner is.
    ///
    /// It notes who it is before anything else, and then says so: whoever started it waits for that word, so a started
    /// generation always has its note. It waits for one of the slots, runs the commands within bounds, and ends by
    /// writing `exit` in one piece: `0`, or the stage that failed and its status. A runner that is gone without `exit`
    /// was killed. Slots are locks on files: they free themselves with whoever holds them.
    ///
    /// The environment of the commands is the same everywhere, since espeak-ng's sound depends on its contents (1.51
    /// reads memory that it never wrote).
    static func script(_ plan: StudioPlan, tools: StudioTools, slots: Int) -> String {
        let outputs = plan.record.outputs.map { quoted($0.name) }.joined(separator: " ")
        return """
            umask 077
            stat=$(cat /proc/$$/stat) && set -- ${stat##*) } || exit 1
            echo "$$ ${20} $(cat /proc/sys/kernel/random/boot_id)" >pid.tmp && mv pid.tmp pid || exit 1
            echo started
            exec </dev/null >/dev/null 2>errors
            finish() { echo "$1" >exit.tmp && mv exit.tmp exit; exit 0; }
            bounds='--cpu=900 --as=4294967296 --fsize=2147483648 --core=0'
            bounded() { nice -n 5 env -i "PATH=$PATH" LC_ALL=C.UTF-8 \(quoted(tools.prlimit)) $bounds "$@"; }
            while :; do
                slot=0
                while [ $slot -lt \(max(1, slots)) ]; do
                    exec 9>"../slots/$slot" || finish "render 1"
                    \(quoted(tools.flock)) -n 9 && break 2
                    slot=$((slot + 1))
                done
                sleep 0.05
            done
            : >running

            """ + plan.steps.map(line).joined(separator: "\n") + """

                sync \(outputs) || finish "render $?"
                finish 0

                """
    }

    private static func line(_ step: StudioPlan.Step) -> String {
        let command = "bounded " + step.arguments.map(quoted).joined(separator: " ")
        let move = step.result.map { " && mv \(quoted("\($0).tmp")) \(quoted($0))" } ?? ""
        return command + move + " || finish \"\(step.stage.rawValue) $?\""
    }

    private static func quoted(_ word: String) -> String {
        "'" + word.replacing("'", with: "'\\''") + "'"
    }

    /// Starts a folder's runner and returns as soon as it has noted who it is.
    ///
    /// It gets a session and a process group of its own, none of the service's open files, and an environment without
    /// the service's secrets. A crash of the service from here on leaves it running.
    ///
    /// - Throws: `unavailable`, which says whether a runner can have started.
    static func start(_ folder: StudioFolder, tools: StudioTools) async throws(ProviderFailure) {
        let ending: TerminationStatus
        do {
            ending = try await run(
                .name("sh"),
                arguments: ["-c", launcher, "sh", folder.path, tools.setsid],
                environment: .custom(["PATH": tools.path, "LC_ALL": "C.UTF-8"]),
                output: .discarded
            ).terminationStatus
        } catch {
            let code = (error as? SubprocessError)?.code
            let neverStarted = code == .spawnFailed || code == .executableNotFound
            throw notStarted(reached: neverStarted ? .no : .unknown, "\(error)")
        }
        switch ending {
        case .exited(0): return
        case .exited: throw notStarted(reached: .no, "the runner could not note itself")
        case .signaled: throw notStarted(reached: .unknown, "the launcher was killed: \(ending)")
        }
    }

    /// Starts the runner in a session of its own and waits for its word; without it, the runner is gone.
    private static let launcher = """
        cd "$1" && "$2" --fork sh ./run.sh | { read -r word && test "$word" = started; }
        """

    private static func notStarted(reached: Reached, _ details: String) -> ProviderFailure {
        ProviderFailure(
            .unavailable,
            retry: .backoff,
            billing: .notCharged,
            requestReachedProvider: reached,
            message: "The generation could not be started on this machine.",
            details: details
        )
    }
}
