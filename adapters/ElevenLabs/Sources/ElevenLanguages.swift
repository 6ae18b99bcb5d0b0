/// The languages that can be named for speech, by ISO 639-1 code.
///
/// Source: the vendor's page of models (help.elevenlabs.io 17883183930129 and elevenlabs.io/docs/overview/models), in
/// copies read on 2026-11-21. `language_code` is two letters on the wire, so languages that have none are left out.
enum ElevenLanguages {
    /// The word for none: the model hears it from the text.
    static let automatic = "auto"

    /// Of flash and turbo 2.5.
    static let ofFlash =
        [automatic]
        + "en ar bg cs da de el es fi fr hi hr hu id it ja ko ms nl no pl pt ro ru sk sv ta tr uk vi zh"
        .split(separator: " ").map(String.init)

    /// Of v3; v4 has more, whose list was not found.
    static let ofV3 =
        [automatic]
            + """
            en af ar as az be bg bn bs ca cs cy da de el es et fa fi fr ga gl gu ha he hi hr hu hy id is it ja jv ka kk kn \
            ko ky lb ln lt lv mk ml mr ms ne nl no ny pa pl ps pt ro ru sd sk sl so sr sv sw ta te th tr uk ur vi zh
            """
        .split(separator: " ").map(String.init)
}
