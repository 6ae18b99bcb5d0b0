import Foundation
import Generation
import ServiceHarness
import Testing

/// Goal: the doctor tells an operator what is wrong before the service does, and changes nothing.
@Suite(.keepsEvidence) struct DoctorTests {
    @Test func aRunningServiceIsFoundSound() async throws {
        let installation = try Installation("doctor")
        let (result, json) = try await Gate.machine.run {
            let service = try installation.serve()
            let settings = [
                "MEDIARY_PORT": "\(service.port)", "MEDIARY_ALLOW_NETWORKS": "10.0.0.0/8",
                "MEDIARY_API_KEY": "sk-med-v1-to-be-kept-quiet",
            ]
            let result = try installation.command(["doctor"], settings)
            let json = try installation.command(["doctor", "--json"], settings)
            try service.stop()
            return (result, json)
        }
        #expect(result.ending == .exited(0), "\(result.output)\(result.errors)")
        #expect(!result.output.contains("kept-quiet"))
        let findings = Findings(json.json)
        #expect(result.output.split(separator: "\n").count == findings.all.count)
        for name in ["settings", "database", "schema", "clock", "date", "libcurl", "networks"] {
            #expect(findings.level(name) == "ok", "\(name): \(findings.message(name))")
        }
        #expect(findings.message("port").contains("the service answers at 127.0.0.1:"))
        #expect(findings.message("networks").contains("10.0.0.0/8"))
        #expect(findings.message("provider Sandbox") == "on, 6 models")
        #expect(findings.message("libcurl").contains("libcurl/"))
        for name in [
            "data folder", "disk", "ffmpeg", "ffprobe", "espeak-ng", "helpers", "fonts", "speech engines", "files",
        ] {
            #expect(["ok", "warn"].contains(findings.level(name)), "\(name)")
        }
        installation.remove()
    }

    @Test func whatIsNotThereIsNotMade() async throws {
        let installation = try Installation("doctor-empty")
        let folder = "\(installation.folder)/none/data"
        let result = try await Gate.machine.run {
            try installation.command(["doctor", "--json"], ["MEDIARY_DATA": folder, "MEDIARY_PORT": "0"])
        }
        #expect(result.ending == .exited(0), "\(result.output)\(result.errors)")
        #expect(Findings(result.json).level("data folder") == "warn")
        #expect(!FileManager.default.fileExists(atPath: "\(installation.folder)/none"))
        installation.remove()
    }

    @Test func whatIsWrongFails() async throws {
        let installation = try Installation("doctor-ill")
        let taken = try CuttingRelay(to: 1, cuts: 0)
        defer { taken.close() }
        let (ill, unreadable) = try await Gate.machine.run {
            let path = "\(installation.data)/mediary.sqlite"
            try Data("no database".utf8).write(to: URL(filePath: path))
            try Data("secret".utf8).write(to: URL(filePath: "\(installation.data)/secret"))
            let open: [FileAttributeKey: Any] = [.posixPermissions: 0o755]
            try FileManager.default.setAttributes(open, ofItemAtPath: "\(installation.data)/secret")
            try FileManager.default.setAttributes(open, ofItemAtPath: installation.data)
            return (
                try installation.command(["doctor", "--json"], ["MEDIARY_PORT": "\(taken.port)"]),
                try installation.command(["doctor", "--json"], ["MEDIARY_PORT": "many"])
            )
        }
        #expect(ill.ending == .exited(1))
        let findings = Findings(ill.json)
        #expect(findings.level("database") == "fail")
        #expect(findings.level("secret") == "fail")
        #expect(findings.level("data folder") == "warn")
        #expect(findings.level("port") == "fail")
        #expect(findings.message("port").contains("taken by another program"))
        #expect(unreadable.ending == .exited(1))
        #expect(Findings(unreadable.json).message("settings").contains("MEDIARY_PORT is \"many\""))
        try FileManager.default.removeItem(atPath: "\(installation.data)/secret")
        installation.remove()
    }
}

private struct Findings {
    let all: [JSONValue]

    init(_ json: JSONValue) {
        guard case .array(let all) = json else {
            self.all = []
            return
        }
        self.all = all
    }

    private func finding(_ name: String) -> JSONValue? { all.first { $0["name"]?.stringValue == name } }

    func level(_ name: String) -> String { finding(name)?["level"]?.stringValue ?? "missing" }

    func message(_ name: String) -> String { finding(name)?["message"]?.stringValue ?? "missing" }
}
