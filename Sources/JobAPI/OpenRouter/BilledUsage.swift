import JobCore
import Ledger

/// What a completed job was charged for, in the words of this dialect's `usage`.
struct BilledUsage {
    /// Tokens that went in.
    let inputTokens: Int64
    /// Tokens that came out.
    let outputTokens: Int64
    /// Of those, tokens of pictures.
    let imageTokens: Int64
    /// Whether it was charged by tokens at all.
    let isByTokens: Bool
    /// Milliseconds of sound that were charged.
    let milliseconds: Int64?
    /// The whole.
    let cost: Credits

    init(_ bill: Bill) {
        var (input, output, images): (Int64, Int64, Int64) = (0, 0, 0)
        var isByTokens = false
        var milliseconds: Int64?
        for line in bill.lines {
            switch line.unit {
            case .inputTextToken, .inputImageToken, .inputAudioToken: input += line.quantity.wholes
            case .outputTextToken, .outputAudioToken, .token: output += line.quantity.wholes
            case .outputImageToken:
                output += line.quantity.wholes
                images += line.quantity.wholes
            case .audioSecond: milliseconds = line.quantity.times(1_000)
            case .audioMinute: milliseconds = line.quantity.times(60_000)
            case .second, .image, .megapixel, .inputMegapixel, .character, .request, .referenceImage, .minimum,
                .markup, .platformFee:
                continue
            }
            if line.unit.isToken { isByTokens = true }
        }
        (inputTokens, outputTokens, imageTokens) = (input, output, images)
        self.isByTokens = isByTokens
        self.milliseconds = milliseconds
        cost = bill.total
    }

    /// The usage of images: the counts must be there, 0 where nothing is counted in tokens.
    func writeImages(to json: inout JSONWriter) {
        json.beginObject()
        json.key("prompt_tokens")
        json.integer(inputTokens)
        json.key("completion_tokens")
        json.integer(outputTokens)
        json.key("total_tokens")
        json.integer(inputTokens + outputTokens)
        if imageTokens > 0 {
            json.key("completion_tokens_details")
            json.beginObject()
            json.key("image_tokens")
            json.integer(imageTokens)
            json.endObject()
        }
        json.key("cost")
        json.dollars(cost)
        json.key("is_byok")
        json.bool(false)
        json.endObject()
    }

    /// The usage of a transcription of so many milliseconds.
    func writeTranscription(of length: Int64?, to json: inout JSONWriter) {
        json.beginObject()
        if let milliseconds = milliseconds ?? length {
            json.key("seconds")
            json.thousandths(milliseconds)
        }
        if isByTokens {
            json.key("input_tokens")
            json.integer(inputTokens)
            json.key("output_tokens")
            json.integer(outputTokens)
            json.key("total_tokens")
            json.integer(inputTokens + outputTokens)
        }
        json.key("cost")
        json.dollars(cost)
        json.endObject()
    }
}

extension PriceUnit {
    /// Whether it is a token of any kind.
    fileprivate var isToken: Bool {
        switch self {
        case .token, .inputTextToken, .inputImageToken, .inputAudioToken, .outputTextToken, .outputImageToken,
            .outputAudioToken:
            true
        case .second, .image, .megapixel, .inputMegapixel, .character, .request, .referenceImage, .minimum,
            .audioSecond, .audioMinute, .markup, .platformFee:
            false
        }
    }
}

extension ExactDecimal {
    /// The number without what stands after the point.
    fileprivate var wholes: Int64 { times(1) }

    /// The number times another, without what then stands after the point.
    fileprivate func times(_ factor: Int64) -> Int64 {
        var value = Int128(mantissa) * Int128(factor)
        for _ in 0..<scale { value /= 10 }
        return Int64(clamping: value)
    }
}
