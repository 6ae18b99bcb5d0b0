import Foundation
import Generation
import ServiceHarness
import Testing

/// The operator's file and the real program.
@Suite(.keepsEvidence) struct OperatorFileTests {
    @Test func theFileIsFollowedFromTheStartOn() async throws {
        let installation = try Installation("file")
        let path = "\(installation.folder)/mediary.yaml"
        try Data(
            """
            model_aliases:
              sora-2: sandbox/video
            models:
              - provider: fake-provider
                model: sandbox/video
                prices: [{unit: second, price: "0.25"}]
            """.utf8
        ).write(to: URL(filePath: path))
        let (job, models, doctor) = try await Gate.machine.run {
            let service = try installation.serve(["MEDIARY_CONFIG": path])
            let posted = try service.client.submit(
                ["type": "video", "model": "sora-2", "prompt": "p", "duration": 4],
                idempotencyKey: "alias"
            )
            let job = try service.client.waitForEnd(of: posted.json["id"]?.stringValue ?? "", within: 30)
            let settings = [
                "MEDIARY_URL": "http://127.0.0.1:\(service.port)", "MEDIARY_API_KEY": installation.key,
                "MEDIARY_CONFIG": path,
            ]
            let models = try installation.command(["models", "--type", "video"], settings)
            let doctor = try installation.command(["doctor"], settings)
            try service.stop()
            return (job, models.output, doctor.output)
        }
        #expect(job["status"] == "completed")
        #expect(job["model"] == "sandbox/video")
        #expect(job["usage"]?["cost"] == "1.000000000")
        #expect(
            job["adjustments"] == [
                ["parameter": "model", "asked": "sora-2", "used": "sandbox/video", "reason": "model_alias"]
            ]
        )
        #expect(models.contains("0.25 USD/second"))
        #expect(models.split(separator: "\n").contains { $0.hasPrefix("sora-2") && $0.contains("as sandbox/video") })
        #expect(doctor.contains("1 aliases, 1 entries"))
        installation.remove()
    }

    @Test func aWrongFileStopsTheStart() async throws {
        let installation = try Installation("file-wrong")
        let path = "\(installation.folder)/mediary.yaml"
        try Data("models: [{provider: fake-provider, model: sandbox/video, price: 1}]".utf8)
            .write(to: URL(filePath: path))
        let (serve, doctor, missing) = try await Gate.machine.run {
            (
                try installation.command(["serve", "--port", "0"], ["MEDIARY_CONFIG": path], within: 20),
                try installation.command(["doctor"], ["MEDIARY_CONFIG": path, "MEDIARY_PORT": "0"]),
                try installation.command(["serve", "--port", "0"], ["MEDIARY_CONFIG": "/nowhere.yaml"], within: 20)
            )
        }
        #expect(serve.ending != .exited(0))
        #expect(serve.errors.contains("MEDIARY_CONFIG (\(path)): Unknown field `models[0].price`"))
        #expect(doctor.ending == .exited(1))
        #expect(doctor.output.contains("Unknown field `models[0].price`"))
        #expect(missing.errors.contains("MEDIARY_CONFIG is \"/nowhere.yaml\", which cannot be read"))
        installation.remove()
    }
}
