import Generation

/// What a model's `wire` notes: how the model is asked where that differs.
enum TogetherNotes {
    /// The name under which the host has the model for videos that begin with a picture.
    static let imageModel = "image_model"
    /// Present where the size of a video is asked for in words, instead of pixels.
    static let words = "size_in_words"
    /// Present where a picture to edit goes as `image_url`, instead of into `reference_images`.
    static let single = "single_picture"
    /// How many steps are paid for by the price; they are sent, since more of them cost more.
    static let steps = "steps"
}
