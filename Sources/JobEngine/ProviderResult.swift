import Ledger
import ProviderKit

/// What a provider gave when it was done: where the media are, and what it says to have used.
///
/// Kept with the job in one piece, in the step that begins the storing: a crash between the provider's answer and the bill
/// loses neither.
struct ProviderResult: Codable {
    /// Where the media are.
    var outputs: [ProviderOutput]
    /// What was used, as far as the provider says it.
    var usage: ReportedUsage

    init(_ outputs: [ProviderOutput], _ usage: ReportedUsage) {
        self.outputs = outputs
        self.usage = usage
    }

    /// Reads the stored form; jobs from before usage was kept have the list of outputs alone.
    init(from decoder: any Decoder) throws {
        guard let members = try? decoder.container(keyedBy: CodingKeys.self) else {
            outputs = try [ProviderOutput](from: decoder)
            usage = ReportedUsage()
            return
        }
        outputs = try members.decode([ProviderOutput].self, forKey: .outputs)
        usage = try members.decode(ReportedUsage.self, forKey: .usage)
    }

    /// The result as the provider gives it later, with what it reported first where it now says nothing.
    func renewed(_ outputs: [ProviderOutput], _ usage: ReportedUsage) -> ProviderResult {
        ProviderResult(outputs, usage == ReportedUsage() ? self.usage : usage)
    }
}

extension ReportedUsage {
    /// The figures in the units that prices are per.
    ///
    /// What the provider charges us is none of them: customers pay by the price list.
    var quantities: [PriceUnit: ExactDecimal] {
        var quantities: [PriceUnit: ExactDecimal] = [:]
        quantities[.token] = tokens.map { ExactDecimal($0) }
        quantities[.character] = characters.map { ExactDecimal($0) }
        quantities[.second] = milliseconds.map { .thousandths($0) }
        quantities[.audioSecond] = milliseconds.map { .thousandths($0) }
        quantities[.audioMinute] = milliseconds.map { .minutes(ofMilliseconds: $0) }
        quantities[.image] = images.map { ExactDecimal($0) }
        quantities[.inputTextToken] = inputTextTokens.map { ExactDecimal($0) }
        quantities[.inputImageToken] = inputImageTokens.map { ExactDecimal($0) }
        quantities[.inputAudioToken] = inputAudioTokens.map { ExactDecimal($0) }
        quantities[.outputTextToken] = outputTextTokens.map { ExactDecimal($0) }
        quantities[.outputImageToken] = outputImageTokens.map { ExactDecimal($0) }
        quantities[.outputAudioToken] = outputAudioTokens.map { ExactDecimal($0) }
        return quantities
    }
}
