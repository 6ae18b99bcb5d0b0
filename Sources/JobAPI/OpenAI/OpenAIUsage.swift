import JobCore
import Ledger

/// What a completed job was charged for, in the words of this dialect's `usage`.
struct OpenAIUsage {
    private var tokens: [PriceUnit: Int64] = [:]

    init(_ bill: Bill) {
        for line in bill.lines where line.unit.isKindOfToken {
            tokens[line.unit, default: 0] += Self.whole(line.quantity)
        }
    }

    /// Whether it was charged by tokens: else there are none to tell.
    var isByTokens: Bool { !tokens.isEmpty }

    private var input: Int64 { of(.inputTextToken) + of(.inputImageToken) + of(.inputAudioToken) }
    private var output: Int64 { of(.outputTextToken) + of(.outputImageToken) + of(.outputAudioToken) }

    private func of(_ unit: PriceUnit) -> Int64 { tokens[unit] ?? 0 }

    /// Writes the usage of images.
    func writeImages(to json: inout JSONWriter) {
        json.beginObject()
        json.key("input_tokens")
        json.integer(input)
        json.key("input_tokens_details")
        json.beginObject()
        json.key("text_tokens")
        json.integer(of(.inputTextToken))
        json.key("image_tokens")
        json.integer(of(.inputImageToken))
        json.endObject()
        json.key("output_tokens")
        json.integer(output)
        json.key("output_tokens_details")
        json.beginObject()
        json.key("text_tokens")
        json.integer(of(.outputTextToken))
        json.key("image_tokens")
        json.integer(of(.outputImageToken))
        json.endObject()
        json.key("total_tokens")
        json.integer(input + output)
        json.endObject()
    }

    /// Writes the usage of speech: zeros of what is not charged by tokens.
    func writeSpeech(to json: inout JSONWriter) {
        json.beginObject()
        json.key("input_tokens")
        json.integer(input)
        json.key("output_tokens")
        json.integer(output)
        json.key("total_tokens")
        json.integer(input + output)
        json.endObject()
    }

    /// Writes the usage of a transcription: tokens where it was charged by them, else the length of the sound.
    func writeTranscription(of milliseconds: Int64?, to json: inout JSONWriter) {
        guard isByTokens else {
            guard let milliseconds else { return json.null() }
            json.beginObject()
            json.key("type")
            json.word("duration")
            json.key("seconds")
            json.integer((milliseconds + 999) / 1_000)
            json.endObject()
            return
        }
        json.beginObject()
        json.key("type")
        json.word("tokens")
        json.key("input_tokens")
        json.integer(input)
        json.key("input_token_details")
        json.beginObject()
        json.key("text_tokens")
        json.integer(of(.inputTextToken))
        json.key("audio_tokens")
        json.integer(of(.inputAudioToken))
        json.endObject()
        json.key("output_tokens")
        json.integer(output)
        json.key("total_tokens")
        json.integer(input + output)
        json.endObject()
    }

    /// A number of tokens; there are no parts of one.
    private static func whole(_ quantity: ExactDecimal) -> Int64 {
        var value = Int128(quantity.mantissa)
        for _ in 0..<quantity.scale { value /= 10 }
        return Int64(clamping: value)
    }
}
