import Foundation

/// Tiny media, whole and true to their containers.
enum TestMedia {
    /// Four seconds of one colour, 64 by 64 pixels, 2 frames a second, H.264, the index before the data.
    ///
    /// Made with ffmpeg 5.1 on 2026-11-21: `-f lavfi -i color=c=teal:s=64x64:r=2:d=4 -c:v libx264 -crf 40 -movflags
    /// +faststart`.
    static let video = bytes(
        """
        AAAAIGZ0eXBpc29tAAACAGlzb21pc28yYXZjMW1wNDEAAANgbW9vdgAAAGxtdmhkAAAAAAAAAAAAAAAAAAAD6AAAD6AAAQAAAQAAAAAAAAAA
        AAAAAAEAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAgAAAq90cmFrAAAAXHRr
        aGQAAAADAAAAAAAAAAAAAAABAAAAAAAAD6AAAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAABAAAAAAEAA
        AABAAAAAAAAkZWR0cwAAABxlbHN0AAAAAAAAAAEAAA+gAABAAAABAAAAAAInbWRpYQAAACBtZGhkAAAAAAAAAAAAAAAAAABAAAABAABVxAAA
        AAAALWhkbHIAAAAAAAAAAHZpZGUAAAAAAAAAAAAAAABWaWRlb0hhbmRsZXIAAAAB0m1pbmYAAAAUdm1oZAAAAAEAAAAAAAAAAAAAACRkaW5m
        AAAAHGRyZWYAAAAAAAAAAQAAAAx1cmwgAAAAAQAAAZJzdGJsAAAAwnN0c2QAAAAAAAAAAQAAALJhdmMxAAAAAAAAAAEAAAAAAAAAAAAAAAAA
        AAAAAEAAQABIAAAASAAAAAAAAAABDExhdmMgbGlieDI2NAAAAAAAAAAAAAAAAAAAAAAAAAAAGP//AAAAOGF2Y0MBZAAK/+EAGmdkAAqscgRE
        JsBEAAADAAQAAAMAEDxIlhGAAQAHaOhDg5LIsP34+AAAAAAQcGFzcAAAAAEAAAABAAAAFGJ0cnQAAAAAAAAGZAAABmQAAAAYc3R0cwAAAAAA
        AAABAAAACAAAIAAAAAAUc3RzcwAAAAAAAAABAAAAAQAAADhjdHRzAAAAAAAAAAUAAAABAABAAAAAAAEAAQAAAAAAAQAAYAAAAAACAAAAAAAA
        AAMAACAAAAAAHHN0c2MAAAAAAAAAAQAAAAEAAAAIAAAAAQAAADRzdHN6AAAAAAAAAAAAAAAIAAAC1gAAAA4AAAANAAAADQAAAA0AAAANAAAA
        DQAAAA0AAAAUc3RjbwAAAAAAAAABAAADkAAAAD11ZHRhAAAANW1ldGEAAAAAAAAAIWhkbHIAAAAAAAAAAG1kaXJhcHBsAAAAAAAAAAAAAAAA
        CGlsc3QAAAAIZnJlZQAAAzptZGF0AAACrAYF//+o3EXpvebZSLeWLNgg2SPu73gyNjQgLSBjb3JlIDE2NCByMzA5NSBiYWVlNDAwIC0gSC4y
        NjQvTVBFRy00IEFWQyBjb2RlYyAtIENvcHlsZWZ0IDIwMDMtMjAyMiAtIGh0dHA6Ly93d3cudmlkZW9sYW4ub3JnL3gyNjQuaHRtbCAtIG9w
        dGlvbnM6IGNhYmFjPTEgcmVmPTE2IGRlYmxvY2s9MTowOjAgYW5hbHlzZT0weDM6MHgxMzMgbWU9dW1oIHN1Ym1lPTEwIHBzeT0xIHBzeV9y
        ZD0xLjAwOjAuMDAgbWl4ZWRfcmVmPTEgbWVfcmFuZ2U9MjQgY2hyb21hX21lPTEgdHJlbGxpcz0yIDh4OGRjdD0xIGNxbT0wIGRlYWR6b25l
        PTIxLDExIGZhc3RfcHNraXA9MSBjaHJvbWFfcXBfb2Zmc2V0PS0yIHRocmVhZHM9MiBsb29rYWhlYWRfdGhyZWFkcz0xIHNsaWNlZF90aHJl
        YWRzPTAgbnI9MCBkZWNpbWF0ZT0xIGludGVybGFjZWQ9MCBibHVyYXlfY29tcGF0PTAgY29uc3RyYWluZWRfaW50cmE9MCBiZnJhbWVzPTcg
        Yl9weXJhbWlkPTIgYl9hZGFwdD0yIGJfYmlhcz0wIGRpcmVjdD0zIHdlaWdodGI9MSBvcGVuX2dvcD0wIHdlaWdodHA9MiBrZXlpbnQ9OCBr
        ZXlpbnRfbWluPTEgc2NlbmVjdXQ9NDAgaW50cmFfcmVmcmVzaD0wIHJjX2xvb2thaGVhZD04IHJjPWNyZiBtYnRyZWU9MSBjcmY9NDAuMCBx
        Y29tcD0wLjYwIHFwbWluPTAgcXBtYXg9NjkgcXBzdGVwPTQgaXBfcmF0aW89MS40MCBhcT0xOjEuMDAAgAAAACJliIEAAt/+py/gUo0UUdu6
        xEBOCvFIRRmyttXcgI/LnibTAAAACkGaCO2IJf8AMiAAAAAJQZ4QZxBX/x9RAAAACQGeGCaIJf8sIAAAAAkBnhhGiCX/LCEAAAAJAZ4YjUgl
        /ywhAAAACQGeGK1IJf8sIQAAAAkBnhjNSCX/LCE=
        """
    )

    /// Eight by eight red pixels.
    ///
    /// Made with ffmpeg 5.1 on 2026-11-21: `-f lavfi -i color=c=red:s=8x8 -frames:v 1`.
    static let image = bytes(
        """
        iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAACXBIWXMAAAABAAAAAQBPJcTWAAAAEklEQVR4nGP4y8CAFWEXHbQSAPZwP0G2
        GkFNAAAAAElFTkSuQmCC
        """
    )

    /// Half a second of silence: 8,000 samples a second, 8 bits, one channel.
    static let speech: [UInt8] = {
        let samples = [UInt8](repeating: 128, count: 4_000)
        let format = little(UInt16(1)) + little(UInt16(1)) + little(UInt32(8_000)) + little(UInt32(8_000))
        let chunks =
            Array("WAVEfmt ".utf8) + little(UInt32(16)) + format + little(UInt16(1)) + little(UInt16(8))
            + Array("data".utf8) + little(UInt32(samples.count)) + samples
        return Array("RIFF".utf8) + little(UInt32(chunks.count)) + chunks
    }()

    /// A picture as a reference is posted.
    static let imageDataURL = "data:image/png;base64,\(Data(image).base64EncodedString())"

    private static func bytes(_ base64: String) -> [UInt8] {
        Array(Data(base64Encoded: base64.filter { !$0.isWhitespace }) ?? Data())
    }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
