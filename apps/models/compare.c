#include "models/compare.h"

#include "core/fail.h"
#include "heads/kinds.h"
#include "heads/preprocess.h"
#include "kernels/kernels.h"
#include "weights/dequantize.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- numbers ------------------------------------------------------------------------------------------- */

static size_t best_of(const float *scores, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (scores[i] > scores[best]) best = i;
    return best;
}

static void count_agreement(const float *a, const float *b, size_t classes, struct compared *out)
{
    out->positions = out->deviation.count / classes;
    for (size_t i = 0; i < out->positions; i++)
        out->agreeing += best_of(a + i * classes, classes) == best_of(b + i * classes, classes);
}

/* --- are they the same network? ------------------------------------------------------------------------ */

struct compare {
    const struct duet_model *const *models;
    const char *const *names;
    const struct compare_options *options;
    struct comparison *out;
    struct duet_error *error;
};

static enum duet_status differ(const struct compare *c, const char *what, double a, double b)
{
    return duet_fail(c->error, DUET_MISMATCH, "not the same network: %s is %g in %s, %g in %s", what, a,
                     c->names[0], b, c->names[1]);
}

static double number_of(const struct duet_head *head, const struct duet_field *field)
{
    const void *at = (const char *)head + field->offset;
    switch (field->type) {
    case DUET_FIELD_INT: return *(const int *)at;
    case DUET_FIELD_FLOAT: return (double)*(const float *)at;
    case DUET_FIELD_DOUBLE: return *(const double *)at;
    case DUET_FIELD_FLAG: return *(const bool *)at;
    case DUET_FIELD_TEXT: break; /* names, which the layers' own show */
    }
    return 0;
}

static enum duet_status check_heads(const struct compare *c, const struct duet_head *a,
                                    const struct duet_head *b)
{
    char what[96];
    if (a->kind != b->kind || strcmp(a->name, b->name) != 0)
        return duet_fail(c->error, DUET_MISMATCH, "not the same network: a head %s (%s) in %s, %s (%s) in %s",
                         a->name, duet_head_kind_name(a->kind), c->names[0], b->name,
                         duet_head_kind_name(b->kind), c->names[1]);
    for (const struct duet_field *field = duet_head_type(a->kind)->fields; field->name; field++) {
        snprintf(what, sizeof what, "%s of %s", field->name, a->name);
        if (number_of(a, field) != number_of(b, field))
            return differ(c, what, number_of(a, field), number_of(b, field));
    }
    return DUET_OK;
}

static enum duet_status check_same(const struct compare *c)
{
    const struct duet_model_config *a = duet_model_config(c->models[0]), *b = duet_model_config(c->models[1]);
    const struct {
        const char *what;
        double a, b;
    } fields[] = {
        {"the width multiplier", a->backbone.width_multiplier, b->backbone.width_multiplier},
        {"the channel divisor", a->backbone.channel_divisor, b->backbone.channel_divisor},
        {"the number of heads", a->head_count, b->head_count},
    };
    enum duet_status status = DUET_OK;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].a != fields[i].b) return differ(c, fields[i].what, fields[i].a, fields[i].b);
    for (int i = 0; status == DUET_OK && i < a->head_count; i++)
        status = check_heads(c, &a->heads[i], &b->heads[i]);
    return status;
}

/* --- tensors ------------------------------------------------------------------------------------------- */

/* The tensor's numbers as float32. Owned: free(). */
static enum duet_status floats_of(const struct compare *c, int which, const char *name,
                                  const struct duet_shape *shape, enum duet_dtype *dtype, float **numbers)
{
    const struct duet_weights *weights = duet_model_weights(c->models[which]);
    const struct duet_tensor *tensor = duet_weights_find(weights, name);
    char got[DUET_SHAPE_TEXT], want[DUET_SHAPE_TEXT];
    size_t count = 0;
    if (!tensor) return duet_fail(c->error, DUET_NOT_FOUND, "%s: has no tensor '%s'", c->names[which], name);
    if (!duet_shape_equal(&tensor->shape, shape))
        return duet_fail(c->error, DUET_MISMATCH, "%s: tensor '%s' has shape %s, expected %s",
                         c->names[which], name, duet_shape_text(&tensor->shape, got, sizeof got),
                         duet_shape_text(shape, want, sizeof want));
    duet_shape_elements(shape, &count);
    *dtype = tensor->dtype;
    *numbers = calloc(count + 1, sizeof **numbers);
    if (!*numbers) return duet_fail(c->error, DUET_OUT_OF_MEMORY, "no memory for tensor '%s'", name);
    return duet_weights_float(weights, tensor, *numbers, c->error);
}

static enum duet_status compare_tensor(const struct compare *c, const char *layer, const char *part,
                                       const struct duet_shape *shape)
{
    struct compared *t = &c->out->tensors[c->out->tensor_count];
    float *a = NULL, *b = NULL;
    size_t count = 0;
    snprintf(t->name, sizeof t->name, "%s.%s", layer, part);
    t->shape = *shape;
    duet_shape_elements(shape, &count);
    enum duet_status status = floats_of(c, 0, t->name, shape, &t->a, &a);
    if (status == DUET_OK) status = floats_of(c, 1, t->name, shape, &t->b, &b);
    if (status == DUET_OK) {
        duet_deviation_add(&t->deviation, a, b, count);
        c->out->tensor_count++;
    }
    free(a);
    free(b);
    return status;
}

static enum duet_status compare_tensors(const struct compare *c, const struct duet_network *network)
{
    int layers = duet_network_layer_count(network);
    c->out->tensors = calloc((size_t)layers * 2, sizeof *c->out->tensors);
    if (!c->out->tensors) return duet_fail(c->error, DUET_OUT_OF_MEMORY, "no memory for %d layers", layers);
    enum duet_status status = DUET_OK;
    for (int i = 0; status == DUET_OK && i < layers; i++) {
        const struct duet_layer *layer = duet_network_layer(network, i);
        struct duet_shape shape = duet_network_weight_shape(network, i);
        if (shape.rank == 0) continue;
        status = compare_tensor(c, layer->name, "weight", &shape);
        if (status == DUET_OK)
            status =
                compare_tensor(c, layer->name, "bias", &(struct duet_shape){1, {(size_t)layer->channels}});
    }
    return status;
}

/* --- a run --------------------------------------------------------------------------------------------- */

static void fill_random(unsigned int seed, float *input, size_t count)
{
    uint64_t state = seed;
    for (size_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        input[i] = (float)((double)(state >> 33) / 1073741824.0 - 1.0); /* [-1, 1) */
    }
}

static enum duet_status fill_picture(const struct compare *c, const struct duet_pool *pool, float *input)
{
    struct preprocess preprocess;
    struct duet_kernels kernels;
    struct duet_head_input size = duet_model_head(c->models[0], 0)->input;
    size.resize = DUET_STRETCH; /* all of the input matters */
    size.width = c->options->width;
    size.height = c->options->height;
    enum duet_status status = duet_kernels_select(NULL, &kernels, c->error);
    if (status == DUET_OK)
        status = duet_preprocess_create(&size, &preprocess, c->error);
    if (status != DUET_OK) return status;
    duet_preprocess_run(&preprocess, &kernels, c->options->picture, pool, input);
    duet_preprocess_close(&preprocess);
    return DUET_OK;
}

/* In what its file says that it computes in. */
static enum duet_status run_model(const struct compare *c, int which, const struct duet_pool *pool,
                                  struct duet_session **session)
{
    const struct compare_options *o = c->options;
    struct duet_network *network;
    struct duet_compiled *compiled = NULL;
    struct duet_compile_options options = {
        .struct_size = sizeof options, .height = o->height, .width = o->width};
    enum duet_status status =
        duet_model_network(duet_model_config(c->models[which]), o->output_stride, &network, c->error);
    if (status == DUET_OK)
        status = duet_compile(network, duet_model_weights(c->models[which]), &options, &compiled, c->error);
    duet_network_close(&network);
    if (status == DUET_OK) status = duet_session_create(compiled, pool->threads, session, c->error);
    duet_compiled_close(&compiled);
    struct duet_view input;
    if (status == DUET_OK) status = duet_session_input(*session, NULL, &input, c->error);
    if (status != DUET_OK) return status;
    if (o->picture)
        status = fill_picture(c, pool, input.data);
    else
        fill_random(o->seed, input.data, (size_t)o->height * (size_t)o->width * 3);
    const struct duet_run_options run = {.struct_size = sizeof run, .pool = pool};
    return status == DUET_OK ? duet_session_run(*session, &run, c->error) : status;
}

/* Outputs that are one vector of class scores a place are told by their name. */
static bool is_logits(const char *name)
{
    const char *tail = strrchr(name, '.');
    return tail && strcmp(tail, ".logits") == 0;
}

static enum duet_status compare_output(const struct duet_network *network, int index,
                                       struct duet_session *const sessions[2], struct compared *out,
                                       struct duet_error *error)
{
    const char *name = "";
    size_t count = 0;
    duet_network_output_at(network, index, &name);
    snprintf(out->name, sizeof out->name, "%s", name);
    struct duet_view a, b;
    enum duet_status status = duet_session_output(sessions[0], name, &a, error);
    if (status == DUET_OK) status = duet_session_output(sessions[1], name, &b, error);
    if (status != DUET_OK) return status;
    out->shape = a.shape;
    duet_shape_elements(&out->shape, &count);
    duet_deviation_add(&out->deviation, a.data, b.data, count);
    if (is_logits(name)) count_agreement(a.data, b.data, out->shape.dims[3], out);
    return DUET_OK;
}

static enum duet_status compare_outputs(const struct compare *c, const struct duet_network *network)
{
    struct duet_session *sessions[2] = {NULL, NULL};
    struct duet_pool pool;
    int count = duet_network_output_count(network);
    enum duet_status status = duet_pool_create(duet_cpu_count(), &pool, c->error);
    if (status != DUET_OK) return status;
    c->out->outputs = calloc((size_t)count + 1, sizeof *c->out->outputs);
    if (!c->out->outputs) status = duet_fail(c->error, DUET_OUT_OF_MEMORY, "no memory for %d outputs", count);
    for (int i = 0; status == DUET_OK && i < 2; i++) status = run_model(c, i, &pool, &sessions[i]);
    for (int i = 0; status == DUET_OK && i < count; i++)
        status = compare_output(network, i, sessions, &c->out->outputs[c->out->output_count++], c->error);
    for (int i = 0; i < 2; i++) duet_session_close(&sessions[i]);
    duet_pool_close(&pool);
    return status;
}

/* --- all of it ----------------------------------------------------------------------------------------- */

enum duet_status compare_models(const struct duet_model *const models[2], const char *const names[2],
                                const struct compare_options *options, struct comparison *comparison,
                                struct duet_error *error)
{
    struct compare c = {models, names, options, comparison, error};
    struct duet_network *network = NULL;
    *comparison = (struct comparison){0};
    enum duet_status status = check_same(&c);
    if (status == DUET_OK)
        status = duet_model_network(duet_model_config(models[0]), options->output_stride, &network, error);
    if (status == DUET_OK) status = compare_tensors(&c, network);
    if (status == DUET_OK) status = compare_outputs(&c, network);
    duet_network_close(&network);
    if (status != DUET_OK) comparison_close(comparison);
    return status;
}

void comparison_close(struct comparison *comparison)
{
    free(comparison->tensors);
    free(comparison->outputs);
    *comparison = (struct comparison){0};
}
