import CLibcrypto

/// Authenticated encryption (NIST SP 800-38D), named as in CryptoKit: who changes a byte of what was sealed, or shows it
/// in another place than it was sealed for, gets nothing.
package enum AES {
    /// AES-256 in Galois/Counter Mode, with nonces of 96 bits and tags of 128.
    package enum GCM {
        /// The bytes of a key.
        package static let keyByteCount = 32
        /// The bytes of a nonce.
        package static let nonceByteCount = 12
        /// The bytes of a tag.
        package static let tagByteCount = 16

        /// Encrypts a message, and authenticates it together with what goes along in the clear.
        ///
        /// - Parameters:
        ///   - message: What only the key's owner may read.
        ///   - key: The 32 bytes of the key.
        ///   - nonce: 12 bytes that never come twice under a key: two messages under one nonce give both away.
        ///   - authenticatedData: What is not encrypted, but must be the same when the message is opened.
        /// - Returns: The ciphertext, as long as the message, followed by the tag.
        package static func seal(
            _ message: [UInt8],
            using key: [UInt8],
            nonce: [UInt8],
            authenticating authenticatedData: [UInt8] = []
        ) -> [UInt8] {
            checkSizes(key, nonce)
            return withContext { context in
                var written: Int32 = 0
                var sealed = [UInt8](repeating: 0, count: message.count + tagByteCount)
                var isSealed =
                    EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1
                    && EVP_EncryptUpdate(context, nil, &written, authenticatedData, Int32(authenticatedData.count)) == 1
                if !message.isEmpty {
                    isSealed =
                        isSealed && EVP_EncryptUpdate(context, &sealed, &written, message, Int32(message.count)) == 1
                }
                var tag = [UInt8](repeating: 0, count: tagByteCount)
                // A stream cipher leaves nothing for the end; the call only finishes the tag.
                var rest = [UInt8](repeating: 0, count: tagByteCount)
                isSealed =
                    isSealed && EVP_EncryptFinal_ex(context, &rest, &written) == 1
                    && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, Int32(tagByteCount), &tag) == 1
                // Only without memory, or with a configuration of OpenSSL that removed AES.
                precondition(isSealed, "OpenSSL refused to encrypt")
                sealed.replaceSubrange(message.count..., with: tag)
                return sealed
            }
        }

        /// The message that was sealed under this key and nonce with this data; nil for anything else.
        ///
        /// Not a byte of it is given out before all of it is found authentic.
        package static func open(
            _ sealed: [UInt8],
            using key: [UInt8],
            nonce: [UInt8],
            authenticating authenticatedData: [UInt8] = []
        ) -> [UInt8]? {
            checkSizes(key, nonce)
            guard sealed.count >= tagByteCount else { return nil }
            let ciphertext = Array(sealed.dropLast(tagByteCount))
            var tag = Array(sealed.suffix(tagByteCount))
            return withContext { context in
                var written: Int32 = 0
                var message = [UInt8](repeating: 0, count: ciphertext.count)
                var isBegun =
                    EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1
                    && EVP_DecryptUpdate(context, nil, &written, authenticatedData, Int32(authenticatedData.count)) == 1
                if !ciphertext.isEmpty {
                    isBegun =
                        isBegun
                        && EVP_DecryptUpdate(context, &message, &written, ciphertext, Int32(ciphertext.count)) == 1
                }
                isBegun =
                    isBegun && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, Int32(tagByteCount), &tag) == 1
                precondition(isBegun, "OpenSSL refused to decrypt")
                var rest = [UInt8](repeating: 0, count: tagByteCount)
                guard EVP_DecryptFinal_ex(context, &rest, &written) == 1 else {
                    // The next caller of OpenSSL must not take this for an error of its own.
                    ERR_clear_error()
                    return nil
                }
                return message
            }
        }

        private static func checkSizes(_ key: [UInt8], _ nonce: [UInt8]) {
            precondition(key.count == keyByteCount, "an AES-256 key has 32 bytes")
            precondition(nonce.count == nonceByteCount, "a nonce has 12 bytes")
        }

        private static func withContext<Value>(_ body: (OpaquePointer) -> Value) -> Value {
            guard let context = EVP_CIPHER_CTX_new() else { preconditionFailure("no memory for a cipher context") }
            defer { EVP_CIPHER_CTX_free(context) }
            return body(context)
        }
    }
}
