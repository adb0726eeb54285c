#include "weights/sha256.h"

#include <nettle/base16.h>

void duet_sha256_hex(struct sha256_ctx *context, char hex[DUET_SHA256_TEXT])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(context, sizeof digest, digest);
    base16_encode_update(hex, sizeof digest, digest);
    hex[BASE16_ENCODE_LENGTH(sizeof digest)] = '\0';
}
