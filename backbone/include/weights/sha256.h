/* sha256.h: sha256 as 64 hexadecimal digits. Internal. */
#ifndef DUET_WEIGHTS_SHA256_H
#define DUET_WEIGHTS_SHA256_H

#include <nettle/sha2.h>

#include <stddef.h>

/* Room for the digits and a terminator. */
#define DUET_SHA256_TEXT 65

/* Digest of all that was given to sha256_update so far; `context` starts anew. */
void duet_sha256_hex(struct sha256_ctx *context, char hex[DUET_SHA256_TEXT]);

#endif
