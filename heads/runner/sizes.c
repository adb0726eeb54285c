#include "runner/sizes.h"

#include "core/fail.h"
#include "runner/feeds.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct feed {
    const struct duet_feed_kind *kind;
    void *memory;
};

/* With that many workers; of a network that was compiled, a sum that fits. */
static size_t bytes_with(const struct network *network, int threads)
{
    return duet_compiled_arena_bytes(network->compiled) +
           duet_compiled_scratch_bytes(network->compiled) * (size_t)threads;
}

static size_t bytes_of(const struct network *network)
{
    return bytes_with(network, network->threads > 0 ? network->threads : 1);
}

size_t duet_sizes_bytes(const struct sizes *sizes)
{
    size_t bytes = 0;
    for (int i = 0; i < sizes->count; i++) bytes += bytes_of(&sizes->items[i]);
    return bytes;
}

static void close_feeds(struct network *network)
{
    for (int i = 0; i < network->feed_count; i++) network->feeds[i].kind->close(&network->feeds[i].memory);
    free(network->feeds);
    network->feeds = NULL;
    network->feed_count = 0;
}

static void close_network(struct network *network)
{
    close_feeds(network);
    duet_session_close(&network->session);
    duet_compiled_close(&network->compiled);
    *network = (struct network){0};
}

void duet_sizes_close(struct sizes *sizes)
{
    for (int i = 0; i < sizes->count; i++) close_network(&sizes->items[i]);
    free(sizes->items);
    *sizes = (struct sizes){0};
}

enum duet_status duet_sizes_clone(const struct sizes *sizes, struct sizes *clone, struct duet_error *error)
{
    *clone = *sizes;
    clone->items = calloc((size_t)sizes->most, sizeof *clone->items);
    if (!clone->items) {
        clone->count = 0;
        return duet_no_memory(error, NULL, "for networks");
    }
    for (int i = 0; i < sizes->count; i++) {
        const struct network *from = &sizes->items[i];
        clone->items[i] = (struct network){.height = from->height,
                                           .width = from->width,
                                           .compiled = duet_compiled_retain(from->compiled),
                                           .used = from->used};
    }
    return DUET_OK;
}

/* --- compiling ------------------------------------------------------------------------------------------ */

/* It goes, and the last one takes its place; *kept (NULL: none) follows when it is that. */
static void drop(struct sizes *n, struct network *network, struct network **kept)
{
    struct network *last = &n->items[--n->count];
    close_network(network);
    if (network == last) return;
    if (*kept == last) *kept = network;
    *network = *last;
}

/* The one that was used longest ago goes, if there is one that may beside *kept. */
static bool drop_oldest(struct sizes *n, struct network **kept)
{
    struct network *oldest = NULL;
    for (struct network *i = n->items + n->base; i < n->items + n->count; i++)
        if (i != *kept && (!oldest || i->used < oldest->used)) oldest = i;
    if (oldest) drop(n, oldest, kept);
    return oldest;
}

static bool is_of(const char *output, const struct duet_head *head)
{
    size_t length = strlen(head->name);
    return strncmp(output, head->name, length) == 0 && output[length] == '.';
}

/* Those that begin with the name of one of the heads; names[] has room for all. */
static int list_outputs(const struct sizes *n, const struct duet_network *network, const char **names)
{
    int count = 0;
    const char *name;
    for (int i = 0; i < duet_network_output_count(network); i++) {
        bool wanted = false;
        duet_network_output_at(network, i, &name);
        for (int k = 0; k < n->head_count && !wanted; k++) wanted = is_of(name, n->heads[k]);
        if (wanted) names[count++] = name;
    }
    return count;
}

static enum duet_status compile(const struct sizes *n, struct duet_compile_options options,
                                struct duet_compiled **compiled, struct duet_error *error)
{
    struct duet_model_config config = *duet_model_config(n->model);
    struct duet_network *network;
    const char **names = NULL;
    config.precision = n->precision;
    enum duet_status status = duet_model_network(&config, n->output_stride, &network, error);
    if (status == DUET_OK) {
        names = calloc((size_t)duet_network_output_count(network) + 1, sizeof *names);
        if (!names) status = duet_no_memory(error, NULL, "for names of outputs");
    }
    if (status == DUET_OK) {
        options.outputs = names;
        options.output_count = list_outputs(n, network, names);
        status = duet_compile(network, duet_model_weights(n->model), &options, compiled, error);
    }
    free(names);
    duet_network_close(&network);
    return status;
}

static enum duet_status add(struct sizes *n, int height, int width, size_t budget, struct network **network,
                            struct duet_error *error)
{
    struct duet_compiled *compiled;
    struct duet_compile_options options = DUET_COMPILE_OPTIONS;
    options.height = height;
    options.width = width;
    options.cpu = n->cpu;
    options.unfused = n->unfused;
    options.max_memory = budget;
    if (!n->items) n->items = calloc((size_t)n->most, sizeof *n->items);
    if (!n->items) return duet_no_memory(error, NULL, "for networks");
    if (n->count == n->most) drop_oldest(n, network);
    assert(n->count < n->most);
    enum duet_status status = compile(n, options, &compiled, error);
    if (status != DUET_OK) return status;
    *network = &n->items[n->count++];
    **network = (struct network){.height = height, .width = width, .compiled = compiled};
    n->cpu = duet_compiled_level(compiled); /* static, unlike what was given */
    return DUET_OK;
}

/* One for each head that reads another. */
static enum duet_status make_feeds(const struct sizes *n, struct network *network, struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    if (network->feeds || duet_compiled_stage_count(network->compiled) < 2) return DUET_OK;
    network->feeds = calloc((size_t)n->head_count, sizeof *network->feeds);
    if (!network->feeds) return duet_no_memory(error, NULL, "for heads that read others");
    for (int i = 0; i < n->head_count && status == DUET_OK; i++) {
        const struct duet_feed_kind *kind = duet_feed_kind(n->heads[i]->kind);
        if (!kind) continue;
        struct feed *feed = &network->feeds[network->feed_count++];
        feed->kind = kind;
        status = kind->create(n->heads[i], duet_model_find_head(n->model, kind->source(n->heads[i])),
                              network->session, network->height, network->width, &feed->memory, error);
    }
    if (status != DUET_OK) close_feeds(network);
    return status;
}

enum duet_status duet_sizes_feed(const struct network *network, const struct duet_pool *pool,
                                 struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    for (int i = 0; i < network->feed_count && status == DUET_OK; i++) {
        const struct feed *feed = &network->feeds[i];
        status = feed->kind->run(feed->memory, network->session, pool, error);
    }
    return status;
}

enum duet_status duet_sizes_run(const struct network *network, const struct duet_run_options *options,
                                struct duet_error *error)
{
    if (network->feed_count == 0) return duet_session_run(network->session, options, error);
    enum duet_status status = duet_session_run_stage(network->session, 0, options, error);
    if (status == DUET_OK) status = duet_sizes_feed(network, options->pool, error);
    if (status == DUET_OK) status = duet_session_run_stage(network->session, 1, options, error);
    return status;
}

/* What comes and goes makes room: which pictures came before does not matter. */
static enum duet_status make_room(struct sizes *n, struct network **network, int threads, size_t budget,
                                  struct duet_error *error)
{
    size_t bytes = bytes_with(*network, threads), others, left;
    do {
        others = duet_sizes_bytes(n) - bytes_of(*network);
        left = others < budget ? budget - others : 0;
        if (budget == 0 || bytes <= left) return DUET_OK;
    } while (drop_oldest(n, network));
    return duet_fail(error, DUET_TOO_LARGE,
                     "the network for an input of %dx%d needs %zu bytes of memory, %zu are allowed",
                     (*network)->width, (*network)->height, bytes, left);
}

/* A new session is made before the old one goes: after a failure it is as it was. */
static enum duet_status prepare(struct network *network, int threads, struct duet_error *error)
{
    struct duet_session *larger;
    struct duet_view input;
    enum duet_status status = duet_session_create(network->compiled, threads, &larger, error);
    if (status == DUET_OK) status = duet_session_input(larger, NULL, &input, error);
    if (status != DUET_OK) return status;
    duet_session_close(&network->session);
    network->session = larger;
    network->input = input.data;
    network->threads = threads;
    return DUET_OK;
}

enum duet_status duet_sizes_find(struct sizes *sizes, int height, int width, int threads, size_t budget,
                                 struct network **network, struct duet_error *error)
{
    struct sizes *const n = sizes;
    enum duet_status status = DUET_OK;
    *network = NULL;
    for (int i = 0; i < n->count && !*network; i++)
        if (n->items[i].height == height && n->items[i].width == width) *network = &n->items[i];
    if (!*network) status = add(n, height, width, budget, network, error);
    if (status != DUET_OK) return status;
    (*network)->used = ++n->clock;
    if (threads > (*network)->threads) {
        status = make_room(n, network, threads, budget, error);
        if (status == DUET_OK) status = prepare(*network, threads, error);
    }
    if (status == DUET_OK) status = make_feeds(n, *network, error);
    /* What has never run would count as if it had. */
    if (status != DUET_OK && *network >= n->items + n->base && !(*network)->session)
        drop(n, *network, network);
    return status;
}
