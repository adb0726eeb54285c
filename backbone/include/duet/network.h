/* network.h: a network as a list of layers, and what it becomes on the way to running.
 *
 *   description (struct duet_network)   layers and how they hang together; no sizes, no weights
 *   compiled    (struct duet_compiled)  description + weights + input size + CPU level: shapes, memory
 *                                       plan, packed weights, a kernel a step. Immutable, shared by threads
 *   session     (struct duet_session)   the memory of one run under way; one a thread
 *
 * A layer's tensors in the weights carry its name: "<name>.weight" and "<name>.bias", batch
 * normalisation already folded into both.
 */
#ifndef DUET_NETWORK_H
#define DUET_NETWORK_H

#include "duet/run.h"
#include "duet/tensor.h"
#include "duet/weights.h"

DUET_C_BEGIN

/* --- description ---------------------------------------------------------------------------------------- */

enum duet_op {
    DUET_OP_INPUT,     /* the picture, [1, H, W, channels]; or a side input, as large as its first input */
    DUET_OP_CONV,      /* full convolution, "SAME" padding, weights [k, k, Cin, Cout] ([Cin, Cout] for 1x1) */
    DUET_OP_DEPTHWISE, /* one filter a channel, weights [k, k, C] */
    DUET_OP_ADD,       /* sum of two tensors of one shape */
    DUET_OP_CONCAT,    /* along channels, first input first */
    DUET_OP_GLOBAL_MEAN, /* mean over H and W -> [1, 1, 1, C] */
    DUET_OP_BROADCAST,   /* [1, 1, 1, C] repeated to the second input's H and W */
    DUET_OP_UPSAMPLE,    /* to the second input's H and W, see duet_network_upsample */
    DUET_OP_SUBSAMPLE,   /* every second pixel, see duet_network_subsample */
    DUET_OP_COUNT
};

enum duet_activation { DUET_LINEAR, DUET_RELU, DUET_RELU6 };

/* What a network computes in. */
enum duet_precision {
    DUET_PRECISION_MODEL, /* as the model file says; a network that is built by hand: float32 */
    DUET_PRECISION_FLOAT32,
    DUET_PRECISION_INT8, /* bytes times int8, summed in int32: see duet_network_set_numbers */
    DUET_PRECISION_BF16, /* its place; not there yet */
    DUET_PRECISION_COUNT
};

/* "auto", "float32", "int8", "bf16"; NULL: no such value. */
DUET_API const char *duet_precision_name(enum duet_precision precision);

/* Of results: so that none can be brought to another's that is no number. */
#define DUET_MIN_SCALE 1e-12f
#define DUET_MAX_SCALE 1e12f

/* How a layer computes, and what its result lies in memory as. All zero: in float32, as float32. */
struct duet_numbers {
    /* In whole numbers: its inputs are bytes (made so where they are float32, but have a scale), a
     * convolution's weights are int8, or uint8 with zero points, and its sums int32, exactly. */
    bool integers;
    /* 0: the result is float32. Else, DUET_MIN_SCALE .. DUET_MAX_SCALE, a byte q of it stands for (q -
     * zero_point) * scale; where the layer computes in float32, bytes are made of its result for those who
     * want bytes. */
    float scale;
    int zero_point; /* 0 .. 255 */
};

/* What the numbers of an input lie in memory as: q stands for q * scale + shift. */
struct duet_input_type {
    enum duet_dtype dtype; /* DUET_F32 (scale 1 and shift 0) or DUET_U8 */
    float scale, shift;
};

#define DUET_MAX_INPUTS 8

/* Layers are numbered in the order they were added: inputs always have smaller numbers. */
typedef int duet_node;

struct duet_layer {
    const char *name; /* borrowed from the network; also the prefix of its tensors */
    enum duet_op op;
    duet_node inputs[DUET_MAX_INPUTS];
    int input_count;
    int kernel;   /* side of the filter: 1 or 3 */
    int stride;   /* 1 or 2 */
    int rate;     /* atrous rate, 1 = dense */
    int channels; /* of its output */
    enum duet_activation activation;
    bool batch_norm; /* trained with batch normalisation (now folded): scale and shift count as parameters */
    struct duet_input_type type; /* of an input */
    struct duet_numbers numbers;
};

/* What a convolution is told. Fields left 0 mean kernel 1, stride 1, rate 1, linear, plain bias. */
struct duet_conv {
    const char *name; /* copied */
    int kernel, stride, rate;
    int channels; /* outputs; ignored by depthwise, which keeps its input's */
    enum duet_activation activation;
    bool batch_norm;
};

struct duet_network; /* opaque */

/* Errors: DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_network_create(struct duet_network **network, struct duet_error *error);
/* Accepts NULL; sets *network to NULL. */
DUET_API void duet_network_close(struct duet_network **network);

/* Add a layer; the result feeds later ones. A call that makes no sense (an input that is no layer, channels
 * that do not fit, a name that is empty, taken or longer than 200 bytes, a field out of its range) is
 * remembered and returns -1, and every later call does nothing: build everything, then ask duet_network_check
 * once. A network has one picture. */
DUET_API duet_node duet_network_input(struct duet_network *network, const char *name, int channels);
DUET_API duet_node duet_network_conv(struct duet_network *network, duet_node input, struct duet_conv conv);
DUET_API duet_node duet_network_depthwise(struct duet_network *network, duet_node input,
                                          struct duet_conv conv);
DUET_API duet_node duet_network_add(struct duet_network *network, const char *name, duet_node a, duet_node b);
DUET_API duet_node duet_network_concat(struct duet_network *network, const char *name,
                                       const duet_node *inputs, int count);
DUET_API duet_node duet_network_global_mean(struct duet_network *network, const char *name, duet_node input);
DUET_API duet_node duet_network_broadcast(struct duet_network *network, const char *name, duet_node input,
                                          duet_node like);

/* A further input with the H and W of `like`, for what is known only once some of the network has run: it is
 * filled between stages. Layers that it does not lead to are stage 0, the others stage 1. */
DUET_API duet_node duet_network_side_input(struct duet_network *network, const char *name, int channels,
                                           duet_node like, struct duet_input_type type);

/* [1, h, w, C] to `like`'s H and W, each of them 2n - 1 or 2n for n = h or w: means between neighbours; for
 * 2n the first row (or column) stands twice in front. So pixel p lies at (p - o) / 2, o being 1 for an even
 * side and 0 for an odd one, where it is centred that "SAME" convolutions of stride 2 take to p's side again.
 */
DUET_API duet_node duet_network_upsample(struct duet_network *network, const char *name, duet_node input,
                                         duet_node like);

/* The pixels that a "SAME" 3x3 convolution of stride 2 is centred on: those at 1, 3 ... of a side that is
 * even, at 0, 2 ... of one that is odd. h becomes (h + 1) / 2. */
DUET_API duet_node duet_network_subsample(struct duet_network *network, const char *name, duet_node input);

/* How a layer computes; float32 unless this says otherwise. In whole numbers, it rounds once, where the
 * result becomes bytes: to the nearest, ties to even; a result without scale, as a head's logits, is float32
 * made from the sums. A linear convolution that only an ADD of whole numbers reads becomes part of that sum
 * without being rounded by itself. BROADCAST, UPSAMPLE and SUBSAMPLE have the scale of their input, whatever
 * is said here. A call that makes no sense is remembered alike: a zero point that is none, a scale out of
 * range; a CONCAT, ADD or the like of whole numbers without scale. */
DUET_API void duet_network_set_numbers(struct duet_network *network, duet_node node,
                                       struct duet_numbers numbers);

/* Keep a layer's result as a named output of the network (name copied; each name once). A call that makes no
 * sense is remembered alike. */
DUET_API void duet_network_output(struct duet_network *network, const char *name, duet_node node);

/* The first fault of the calls above, or DUET_OK; duet_network_account and duet_compile tell it, too. Errors:
 * DUET_BAD_ARGUMENT, DUET_TOO_LARGE, DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_network_check(const struct duet_network *network, struct duet_error *error);

/* Reading it. Borrowed until close or the next addition. NULL / -1 when there is no such thing (a NULL
 * network has nothing); `name` of an output may be NULL. */
DUET_API int duet_network_layer_count(const struct duet_network *network);
DUET_API const struct duet_layer *duet_network_layer(const struct duet_network *network, duet_node node);
DUET_API duet_node duet_network_find(const struct duet_network *network, const char *layer_name);
DUET_API int duet_network_output_count(const struct duet_network *network);
DUET_API duet_node duet_network_output_at(const struct duet_network *network, int index, const char **name);

/* Channels of a layer's input(s): of the first one for everything but CONCAT. */
DUET_API int duet_network_input_channels(const struct duet_network *network, duet_node node);

/* The shape a layer's weight tensor has in the native file; rank 0 for layers without weights. */
DUET_API struct duet_shape duet_network_weight_shape(const struct duet_network *network, duet_node node);

/* --- accounting ----------------------------------------------------------------------------------------- */

/* What a layer costs at a given input size. Grows at its end. */
struct duet_layer_info {
    struct duet_shape output;   /* [1, H, W, C] */
    enum duet_dtype dtype;      /* of its numbers: float32, or DUET_U8 (of an input, or in whole numbers) */
    uint64_t madds;             /* multiply-adds of convolutions; everything else counts 0, as in the paper */
    uint64_t parameters;        /* as trained: weights, biases, batch-norm scale and shift */
    uint64_t parameters_stored; /* after folding: weights and one bias a channel */
    uint64_t bytes;             /* of the output */
};

/* Fill info[0 .. layer_count-1] for an input of height x width; info_size is sizeof *info, of the caller's.
 * Errors: those of duet_network_check; DUET_BAD_ARGUMENT (a side out of range, shapes that do not fit
 * together at that size, no info), DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_network_account(const struct duet_network *network, int height, int width,
                                               struct duet_layer_info *info, size_t info_size,
                                               struct duet_error *error);

/* --- compiling and running ------------------------------------------------------------------------------ */

struct duet_compiled; /* opaque, reference-counted */

struct duet_compile_options {
    size_t struct_size; /* sizeof(struct duet_compile_options): lets the struct grow */
    int height, width;  /* of the input, 1 .. 8192 */
    /* Highest kernel level: "scalar" ...; NULL: $DUET_CPU, else the best there is. Where that is "amx", Linux
     * is asked for tiles, once for the process, and from then on wants larger stacks of signals
     * (sigaltstack). */
    const char *cpu;
    /* Names of the outputs that are wanted; NULL and 0: all. What none of them needs is left out: it takes no
     * time and no memory, and its weights are not asked for. (A network without outputs is kept whole.) */
    const char *const *outputs;
    int output_count;
    bool unfused; /* every layer a step of its own: slower, more memory, the same bytes. For tests */
    /* Every inverted residual in so many groups of expanded channels, one after the other: the t-way split of
     * the paper's section 5.1, less memory with each, the same bytes. 1 .. 64; 0: as suits the caches. */
    int split;
    size_t l1_bytes, l2_bytes; /* data caches of a core to plan for; 0: this machine's */
    size_t
        max_memory; /* bytes that a session may take, see duet_network_memory; 0 and more than 4 GiB: that */
};
/* Height and width are still to be set. */
#define DUET_COMPILE_OPTIONS                                                                                 \
    {                                                                                                        \
        sizeof(struct duet_compile_options), 0, 0, NULL, NULL, 0, false, 0, 0, 0, 0                          \
    }

/* What a session takes for a network that is compiled with these options: so much for the results that wait
 * to be read, and for each of its threads. Packed weights are not counted: they are shared, and about as
 * large as the model file (up to four times that where it is quantized). Neither weights nor max_memory are
 * looked at; costs tens of microseconds and no memory to speak of. Errors: those of duet_compile. */
struct duet_memory {
    size_t struct_size; /* set by the caller: lets the struct grow */
    size_t session_bytes, thread_bytes;
};
#define DUET_MEMORY                                                                                          \
    {                                                                                                        \
        sizeof(struct duet_memory), 0, 0                                                                     \
    }
DUET_API enum duet_status duet_network_memory(const struct duet_network *network,
                                              const struct duet_compile_options *options,
                                              struct duet_memory *memory, struct duet_error *error);

/* Weights may be float32, F16, BF16, or quantized (U8, I8, I32 with "<tensor>.scale" and
 * "<tensor>.zero_point" beside them): they are made float32 when packed. What was packed stays with the
 * weights until they and everything compiled from them are closed, in any order; further compilations from
 * the same weights, at any size and output stride, of any outputs, in any thread, share it.
 * Errors: DUET_BAD_ARGUMENT, those of duet_network_check, DUET_NOT_FOUND (a tensor or an output that is
 * wanted is missing), DUET_MISMATCH (a tensor's shape is not the layer's), DUET_UNSUPPORTED (a tensor of
 * another type), DUET_IO_ERROR (the model file was cut short or changed since it was opened), DUET_TOO_LARGE
 * (max_memory; the text says what is needed and what allowed), DUET_OUT_OF_MEMORY. Nothing of the network is
 * kept. */
DUET_API enum duet_status duet_compile(const struct duet_network *network, const struct duet_weights *weights,
                                       const struct duet_compile_options *options,
                                       struct duet_compiled **compiled, struct duet_error *error);
/* One reference more, from any thread; returns `compiled`. */
DUET_API struct duet_compiled *duet_compiled_retain(struct duet_compiled *compiled);
/* Gives up one reference; the last one frees. Accepts NULL; sets *compiled to NULL. */
DUET_API void duet_compiled_close(struct duet_compiled **compiled);

/* One line a step, as run; texts are borrowed until close. */
struct duet_step_info {
    size_t struct_size; /* set by the caller: lets the struct grow */
    const char *name;   /* layer, or layers joined by the fusion */
    const char *kernel; /* "conv1x1_f32 scalar" */
    struct duet_shape output;
    uint64_t madds;
    uint64_t bytes; /* of the output */
};
#define DUET_STEP_INFO                                                                                       \
    {                                                                                                        \
        sizeof(struct duet_step_info), NULL, NULL, {0, {0}}, 0, 0                                            \
    }
DUET_API int duet_compiled_step_count(const struct duet_compiled *compiled);
/* 1, or 2 where something that is wanted needs a side input. Steps stand in the order of their stages. */
DUET_API int duet_compiled_stage_count(const struct duet_compiled *compiled);
/* Errors: DUET_BAD_ARGUMENT (a step that is not there). */
DUET_API enum duet_status duet_compiled_step(const struct duet_compiled *compiled, int step,
                                             struct duet_step_info *info, struct duet_error *error);
DUET_API const char *duet_compiled_level(const struct duet_compiled *compiled); /* "avx2"; static */
/* Memory of a session: results that wait to be read, and what each worker needs beside them. */
DUET_API size_t duet_compiled_arena_bytes(const struct duet_compiled *compiled);
DUET_API size_t duet_compiled_scratch_bytes(const struct duet_compiled *compiled);
/* Of the packed weights that it uses, which all that is compiled from the same weights shares. */
DUET_API size_t duet_compiled_weight_bytes(const struct duet_compiled *compiled);

struct duet_session; /* opaque */

/* The arena for one run at a time, for pools of up to `threads` (1 .. 256) workers. Holds a reference to
 * compiled. Errors: DUET_BAD_ARGUMENT (threads), DUET_TOO_LARGE (max_memory), DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_session_create(struct duet_compiled *compiled, int threads,
                                              struct duet_session **session, struct duet_error *error);
/* Accepts NULL; sets *session to NULL. */
DUET_API void duet_session_close(struct duet_session **session);

/* Where an input lies, [1, H, W, channels] in its own type: filled before each run, which overwrites it; side
 * inputs are zero at first. `name` NULL: the picture. Errors: DUET_NOT_FOUND (no such input, or no wanted
 * output needs it). Views are dense, and borrowed until close. */
DUET_API enum duet_status duet_session_input(struct duet_session *session, const char *name,
                                             struct duet_view *view, struct duet_error *error);

/* Run all stages; allocates nothing. (Side inputs may be filled at any time before.) The outputs are the same
 * bytes for any number of threads. Errors, before anything is run: DUET_BAD_ARGUMENT (a pool of more threads
 * than the session was made for, which would write past its memory; no session), DUET_BUSY (another thread
 * runs it); later DUET_INTERRUPTED (the outputs are then worth nothing; the session can run again). */
DUET_API enum duet_status duet_session_run(struct duet_session *session,
                                           const struct duet_run_options *options, struct duet_error *error);

/* One stage of them, 0 .. duet_compiled_stage_count - 1, in ascending order: what a side input needs to know
 * is read from the outputs of stage 0, and the side input filled, before stage 1 is run. An output of stage 0
 * stays as it is. Errors: the same, and DUET_BAD_ARGUMENT for a stage that is not there or not the next. */
DUET_API enum duet_status duet_session_run_stage(struct duet_session *session, int stage,
                                                 const struct duet_run_options *options,
                                                 struct duet_error *error);

/* One step of duet_compiled_step alone, for measuring. A run is all of them in order. Errors: the same, and
 * DUET_BAD_ARGUMENT for a step that is not there. */
DUET_API enum duet_status duet_session_run_step(struct duet_session *session, int step,
                                                const struct duet_run_options *options,
                                                struct duet_error *error);

/* A named output of the last run, [1, H, W, C], float32 but for an input that is one, to be read until the
 * next one. Errors: DUET_NOT_FOUND. */
DUET_API enum duet_status duet_session_output(const struct duet_session *session, const char *name,
                                              struct duet_view *view, struct duet_error *error);

DUET_C_END
#endif
