extension CapabilityCheck {
    /// Holds an image against what its model takes.
    mutating func resolve(_ image: ImageRequest, _ parameters: ImageParameters) throws(RequestProblem) -> ImageRequest {
        var out = image
        if let text = image.negativePrompt { try prompt(text, field: "negative_prompt") }
        out.negativePrompt = try keep(
            "negative_prompt",
            image.negativePrompt,
            { .string($0) },
            if: parameters.negativePrompt
        )
        let count = image.n ?? 1
        guard (1...parameters.countMax).contains(count) else {
            throw RequestProblem(
                .unsupportedValue,
                field: "n",
                "`n` is \(count); `\(model)` makes 1 to \(parameters.countMax) in one call."
            )
        }
        out.n = count
        if let size = image.size, try isFree(size, image, parameters) {
            (out.resolution, out.aspectRatio) = (nil, nil)
        } else if let own = sizeOfPicture(image, parameters) {
            (out.resolution, out.aspectRatio) = (own.resolution, own.aspectRatio)
        } else {
            (out.resolution, out.aspectRatio, out.size) = try dimensions(
                resolution: image.resolution,
                aspectRatio: image.aspectRatio,
                size: image.size,
                of: parameters.sizes
            )
        }
        out.quality = try choose("quality", image.quality, { .string($0) }, of: parameters.qualities)
        out.background = try choose("background", image.background, { .string($0) }, of: parameters.backgrounds)
        out.outputFormat = try choose("output_format", image.outputFormat, { .string($0) }, of: parameters.formats)
        try transparency(of: out, parameters)
        out.outputCompression = try keep(
            "output_compression",
            image.outputCompression,
            { .integer(Int64($0)) },
            if: parameters.compression
        )
        try references(image.inputReferences.count, max: parameters.referencesMax)
        guard image.inputReferences.count >= parameters.referencesMin else {
            throw RequestProblem(
                .missingField,
                field: "input_references",
                "`input_references` is required: `\(model)` edits \(parameters.referencesMin) to \(parameters.referencesMax) pictures."
            )
        }
        try mask(of: image, parameters)
        out.seed = try keep("seed", image.seed, { .integer($0) }, if: parameters.seed)
        out.partialImages = try previews(image.partialImages, max: parameters.partialImagesMax)
        return out
    }

    /// The size of an edit that asks for none: that of its picture, where the model can follow it.
    private func sizeOfPicture(_ image: ImageRequest, _ parameters: ImageParameters) -> SizeOption? {
        guard !image.inputReferences.isEmpty, image.size == nil, image.resolution == nil, image.aspectRatio == nil,
            parameters.sizes.first?.followsInput == false
        else { return nil }
        return parameters.sizes.first { $0.followsInput && $0.aspectRatio == "auto" }
    }

    /// Whether a size is none of the list's and obeys the model's rule; refused is one that does neither.
    private func isFree(
        _ size: PixelSize,
        _ image: ImageRequest,
        _ parameters: ImageParameters
    ) throws(RequestProblem) -> Bool {
        guard let free = parameters.freeSizes,
            !parameters.sizes.contains(where: { $0.size == size && !$0.followsInput })
        else { return false }
        guard free.allow(size) else {
            guard strict else { return false }
            throw RequestProblem(
                .unsupportedValue,
                field: "size",
                "`size` is \(size), which `\(model)` does not offer; allowed: \(free.words)."
            )
        }
        guard image.resolution == nil, image.aspectRatio == nil else {
            throw RequestProblem(
                .contradiction,
                field: "size",
                "`size` \(size) says all there is to say; leave out `resolution` and `aspect_ratio`."
            )
        }
        return true
    }

    private func transparency(of image: ImageRequest, _ parameters: ImageParameters) throws(RequestProblem) {
        guard image.background == "transparent", let format = image.outputFormat,
            !parameters.formatsWithTransparency.contains(format)
        else { return }
        throw RequestProblem(
            .contradiction,
            field: "background",
            "`background` is \"transparent\", which `output_format` \(format) cannot be; allowed: \(RequestProblem.list(parameters.formats.filter(parameters.formatsWithTransparency.contains)))."
        )
    }

    /// A mask that the model cannot take is refused even when not strict, as is one that cannot be laid on its picture.
    private func mask(of image: ImageRequest, _ parameters: ImageParameters) throws(RequestProblem) {
        guard let mask = image.mask else { return }
        guard parameters.mask else {
            throw RequestProblem(.unsupportedParameter, field: "mask", "`\(model)` has no `mask`.")
        }
        guard let picture = image.inputReferences.first else {
            throw RequestProblem(
                .contradiction,
                field: "mask",
                "`mask` says where the first of `input_references` is to be changed, and there is none."
            )
        }
        guard case .stored(let mask) = mask, case .stored(let picture) = picture, let width = mask.width,
            let height = mask.height, let wantedWidth = picture.width, let wantedHeight = picture.height
        else { return }
        guard (width, height) == (wantedWidth, wantedHeight) else {
            throw RequestProblem(
                .invalidValue,
                field: "mask",
                "`mask` is \(width)x\(height); it must have the size of the first picture, \(wantedWidth)x\(wantedHeight)."
            )
        }
        guard mask.mediaType == "image/png" || mask.mediaType == "image/webp" else {
            throw RequestProblem(
                .invalidValue,
                field: "mask",
                "`mask` is \(mask.mediaType), which cannot be transparent; allowed: image/png, image/webp."
            )
        }
    }

    private mutating func previews(_ count: Int?, max: Int) throws(RequestProblem) -> Int? {
        guard let count, count > 0 else { return nil }
        guard count <= max else {
            _ = try keep("partial_images", count, { .integer(Int64($0)) }, if: max > 0)
            guard max > 0, !strict else {
                guard max > 0 else { return nil }
                throw notOffered("partial_images", .integer(Int64(count)), 0...max)
            }
            adjust("partial_images", .integer(Int64(count)), .integer(Int64(max)))
            return max
        }
        return count
    }
}
