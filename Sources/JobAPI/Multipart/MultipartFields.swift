import Generation
import JobEngine

extension MultipartForm {
    /// How the texts of a form are to be read.
    ///
    /// A form has texts alone. Those whose names stand here are read as what they are; all others stay texts.
    struct Types: Sendable {
        /// Fields that are numbers.
        var numbers: Set<String> = []
        /// Fields that are true or false.
        var flags: Set<String> = []
        /// Fields that are lists, also when one value alone was sent.
        var lists: Set<String> = []
    }

    /// The texts as a JSON object: what the same request would be as JSON.
    ///
    /// Clients write lists as `name[]` or `name[0]`, or repeat `name`, and members of objects as `name[member]`. A text
    /// that is not of its field's type stays a text, to be refused by whoever reads the field; an empty one that is to
    /// be a number or a flag is absent.
    ///
    /// - Parameter types: The fields that are no texts.
    /// - Returns: The object.
    /// - Throws: `RequestProblem` for a name that comes in two forms, or with a member twice.
    func object(_ types: Types = Types()) throws(RequestProblem) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for field in fields {
            let name = FieldName(field.name)
            guard let value = types.value(of: field.value, name.base) else { continue }
            members[name.base] = try Self.adding(value, as: name, to: members[name.base], field.name, types)
        }
        return .object(members)
    }

    /// The files of a field, with the place of each in the form: sent as `name`, `name[]` or `name[0]`.
    func files(of name: String) -> [(place: Int, file: File)] {
        files.enumerated().filter { entry in
            let found = FieldName(entry.element.name)
            return found.base == name && (found.member == nil || found.isIndex)
        }.map { ($0.offset, $0.element) }
    }

    /// The files as a submission has them: in the order of the form.
    var uploads: [JobSubmission.Upload] {
        files.map { file in
            // Said by clients that know nothing of the file.
            let isKnown = file.part.mediaType != "application/octet-stream"
            return JobSubmission.Upload(file: file.file, mediaType: isKnown ? file.part.mediaType : nil)
        }
    }

    private static func adding(
        _ value: JSONValue,
        as name: FieldName,
        to earlier: JSONValue?,
        _ field: String,
        _ types: Types
    ) throws(RequestProblem) -> JSONValue {
        let isElement = name.isElement || name.isIndex || types.lists.contains(name.base) && name.member == nil
        switch (earlier, name.member) {
        case (nil, _) where isElement: return [value]
        case (.array(let elements)?, _) where isElement: return .array(elements + [value])
        case (nil, let member?): return .object([member: value])
        case (.object(var members)?, let member?) where members[member] == nil:
            members[member] = value
            return .object(members)
        case (nil, nil): return value
        // A list, if the field is one: else it is refused as one by whoever reads it.
        case (.array(let elements)?, nil): return .array(elements + [value])
        case (.string?, nil), (.integer?, nil), (.number?, nil), (.bool?, nil):
            return .array([earlier ?? .null, value])
        case (.some, _):
            throw RequestProblem(
                .invalidValue,
                field: field,
                "`\(RequestProblem.shortened(field))` is given in two forms, or has a member twice."
            )
        }
    }
}

extension MultipartForm.Types {
    fileprivate func value(of text: String, _ name: String) -> JSONValue? {
        if flags.contains(name) {
            switch text.utf8.count > 5 ? text : text.lowercased() {
            case "": return nil
            case "true", "1": return true
            case "false", "0": return false
            case _: return .string(text)
            }
        }
        guard numbers.contains(name) else { return .string(text) }
        guard !text.isEmpty else { return nil }
        guard text.utf8.count <= 40, let value = try? JSONReader.read(Array(text.utf8)) else { return .string(text) }
        switch value {
        case .integer, .number: return value
        case .null, .bool, .string, .array, .object: return .string(text)
        }
    }
}

/// A field's name as forms write it.
private struct FieldName {
    /// What stands before the bracket.
    let base: String
    /// What stands in the brackets; nil without brackets, or with empty ones.
    let member: String?
    /// Whether the brackets are empty.
    let isElement: Bool

    /// Whether the brackets hold a place in a list.
    var isIndex: Bool { member.map { QueryReader.wholeNumber($0) != nil } ?? false }

    /// Takes a name apart; one with other brackets is a name as it is, which nobody will know.
    init(_ name: String) {
        let parts = name.utf8.split(separator: UInt8(ascii: "["), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, let inner = Self.inner(parts[1]) else {
            (base, member, isElement) = (name, nil, false)
            return
        }
        base = String(Substring(parts[0]))
        (member, isElement) = inner.isEmpty ? (nil, true) : (inner, false)
    }

    /// What stands before the one bracket that closes.
    private static func inner(_ rest: Substring.UTF8View) -> String? {
        guard rest.last == UInt8(ascii: "]") else { return nil }
        let inner = rest.dropLast()
        guard !inner.contains(where: { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]") }) else { return nil }
        return String(Substring(inner))
    }
}
