#include "eval/report/conditions.h"

#include "core/grow.h"
#include "core/os.h"
#include "data/json/text.h"

#include <math.h>
#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <string.h>

/* Takes `text`. */
static void add(struct duet_conditions *conditions, const char *name, char *text, bool quoted)
{
    char *key = duet_text("%s", name);
    if (key && text && !conditions->failed &&
        DUET_GROW(conditions->items, conditions->capacity, conditions->count + 1)) {
        conditions->items[conditions->count++] = (struct duet_condition){key, text, quoted};
        return;
    }
    conditions->failed = true;
    free(key);
    free(text);
}

void duet_conditions_text(struct duet_conditions *conditions, const char *name, const char *value)
{
    add(conditions, name, duet_text("%s", value ? value : "unknown"), true);
}

void duet_conditions_number(struct duet_conditions *conditions, const char *name, double value)
{
    struct duet_buffer buffer = {0};
    if (isfinite(value))
        duet_put_double(&buffer, value);
    else
        duet_put(&buffer, "null");
    add(conditions, name, buffer.failed ? NULL : duet_text("%.*s", (int)buffer.size, buffer.data), false);
    duet_buffer_close(&buffer);
}

void duet_conditions_flag(struct duet_conditions *conditions, const char *name, bool value)
{
    add(conditions, name, duet_text("%s", value ? "true" : "false"), false);
}

void duet_conditions_close(struct duet_conditions *conditions)
{
    if (!conditions) return;
    for (size_t i = 0; i < conditions->count; i++) {
        free(conditions->items[i].name);
        free(conditions->items[i].text);
    }
    free(conditions->items);
    *conditions = (struct duet_conditions){0};
}

void duet_list_hash(size_t count, const char *(*id)(const void *ctx, size_t index), const void *ctx,
                    char hex[DUET_LIST_HASH])
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&context);
    for (size_t i = 0; i < count; i++) {
        const char *text = id(ctx, i);
        sha256_update(&context, strlen(text), (const uint8_t *)text);
        sha256_update(&context, 1, (const uint8_t *)"\n");
    }
    sha256_digest(&context, sizeof digest, digest);
    base16_encode_update(hex, sizeof digest, digest);
    hex[DUET_LIST_HASH - 1] = '\0';
}
