#include "cli/inputs.h"

#include "core/fail.h"
#include "core/grow.h"
#include "core/os.h"
#include "data/moving/frames.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A list of a million paths is some 100 MB. */
static const size_t list_limit = (size_t)4 << 30;

enum { MAX_EXCLUDED = 8 };

struct finder {
    const struct duet_inputs_options *options;
    struct duet_inputs *inputs;
    struct duet_error *error;
    bool stdin_taken;
    bool listed; /* the path is a list's: somebody else's, maybe */
    struct {
        dev_t device;
        ino_t inode;
    } excluded[MAX_EXCLUDED]; /* those folders to pass over that exist */
    int excluded_count;
};

/* A folder being walked and those it lies in: a loop of links would come back to one of them. */
struct walk {
    const struct walk *parent;
    dev_t device;
    ino_t inode;
    size_t root; /* length of the folder operand, its '/' included */
};

/* --- strings ------------------------------------------------------------------------------------------ */

/* Strings lie end to end in large blocks, newest first: a million paths are a few hundred allocations. */
struct block {
    struct block *next;
    size_t used, size;
    char text[];
};

/* A copy of "./" (when `here`) and `length` bytes of `text`; NULL when out of memory. */
static const char *keep_text(struct duet_inputs *inputs, const char *text, size_t length, bool here)
{
    enum { BLOCK = 64 * 1024 };
    size_t need = length + 1 + (here ? 2 : 0);
    struct block *block = inputs->texts;
    if (!block || block->size - block->used < need) {
        size_t size = need > BLOCK ? need : BLOCK;
        block = malloc(sizeof *block + size);
        if (!block) return NULL;
        *block = (struct block){inputs->texts, 0, size};
        inputs->texts = block;
    }
    char *copy = block->text + block->used, *end = copy;
    if (here) end = (char *)memcpy(end, "./", 2) + 2;
    memcpy(end, text, length);
    end[length] = '\0';
    block->used += need;
    return copy;
}

static enum duet_status no_memory(struct finder *finder)
{
    return duet_fail(finder->error, DUET_OUT_OF_MEMORY, "no memory for a list of %zu inputs",
                     finder->inputs->count);
}

/* Would the path of this file be taken for an address, if the file were gone when it is opened? */
static bool is_like_address(const char *path)
{
    return strncmp(path, "lavfi:", strlen("lavfi:")) == 0 ||
           (isalpha((unsigned char)*path) && strstr(path, "://"));
}

/* Add the file at `path`; `root` bytes of it are the folder operand. */
static enum duet_status add_input(struct finder *finder, const char *path, size_t length, size_t root,
                                  enum duet_input_fault fault)
{
    struct duet_inputs *inputs = finder->inputs;
    if (!DUET_GROW(inputs->items, inputs->capacity, inputs->count + 1)) return no_memory(finder);
    bool dash = length == 1 && path[0] == '-', here = dash || is_like_address(path);
    const char *copy = keep_text(inputs, path, length, here);
    if (!copy) return no_memory(finder);
    const char *shown = here && !dash ? copy + 2 : copy;
    const char *relative = root > 0 && root < length ? shown + root : duet_path_name(copy);
    inputs->items[inputs->count++] =
        (struct duet_input){.path = copy, .shown = shown, .relative = relative, .fault = fault};
    return DUET_OK;
}

static enum duet_status add_stdin(struct finder *finder)
{
    static const char dash[] = "-";
    enum duet_status status = add_input(finder, dash, 1, 0, DUET_INPUT_FINE);
    if (status != DUET_OK) return status;
    struct duet_input *input = &finder->inputs->items[finder->inputs->count - 1];
    input->path = input->shown = dash;
    input->relative = "stdin";
    return DUET_OK;
}

/* --- addresses ---------------------------------------------------------------------------------------- */

/* Streams and graphs reach beyond this machine's files: a list names them only by leave. */
static enum duet_input_fault fault_of_address(const struct finder *finder, enum duet_address kind)
{
    if (!finder->listed) return DUET_INPUT_FINE;
    if (kind == DUET_ADDRESS_CAMERA) return DUET_INPUT_LISTED_DEVICE;
    if (kind == DUET_ADDRESS_STREAM && !finder->options->allow_network) return DUET_INPUT_LISTED_STREAM;
    if (kind == DUET_ADDRESS_GRAPH && !finder->options->allow_lavfi) return DUET_INPUT_LISTED_GRAPH;
    return DUET_INPUT_FINE;
}

/* What no file has the name of. */
static enum duet_status add_address(struct finder *finder, const char *path, size_t length)
{
    enum duet_address kind = duet_frames_address(path);
    enum duet_status status = add_input(finder, path, length, 0, fault_of_address(finder, kind));
    if (status != DUET_OK || kind < DUET_ADDRESS_NUMBERED) return status;
    struct duet_input *input = &finder->inputs->items[finder->inputs->count - 1];
    char *shown = duet_frames_shown(path), *name = duet_input_name(path);
    input->path = input->shown; /* not the file "./rtsp:..." */
    input->shown = shown ? keep_text(finder->inputs, shown, strlen(shown), false) : NULL;
    input->relative = name ? keep_text(finder->inputs, name, strlen(name), false) : NULL;
    free(shown);
    free(name);
    return input->shown && input->relative ? DUET_OK : no_memory(finder);
}

/* --- folders ------------------------------------------------------------------------------------------ */

/* Bytewise, whatever the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Is it one to work on? Its name says so, and what it holds is then for the reader to judge; else its content
 * does. One that cannot be read might be. */
static bool looks_right(const char *path)
{
    uint8_t data[DUET_INPUT_SNIFF_BYTES];
    if (duet_frames_ending(path) != DUET_ENDING_OTHER) return true;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return true;
    ssize_t got = read(fd, data, sizeof data);
    close(fd);
    size_t size = got > 0 ? (size_t)got : 0;
    return got < 0 || duet_frames_sniff(data, size) || duet_frames_sniff_still(data, size) ||
           duet_frames_sniff_video(data, size);
}

static enum duet_status walk_folder(struct finder *finder, const char *path, const struct stat *st,
                                    const struct walk *parent);

/* One name found in a folder. */
static enum duet_status visit(struct finder *finder, const char *path, const struct walk *walk)
{
    struct stat st;
    size_t length = strlen(path);
    if (stat(path, &st) != 0)
        return add_input(finder, path, length, walk->root, DUET_INPUT_FINE); /* a dangling link, say */
    if (S_ISDIR(st.st_mode)) return walk_folder(finder, path, &st, walk);
    if (S_ISREG(st.st_mode) && looks_right(path))
        return add_input(finder, path, length, walk->root, DUET_INPUT_FINE);
    finder->inputs->skipped++;
    return DUET_OK;
}

/* A folder that a walk leaves alone: an excluded one (unless it is the operand), and those we are in. */
static bool passed_over(const struct finder *finder, const struct stat *st, const struct walk *walk)
{
    for (int i = 0; walk && i < finder->excluded_count; i++)
        if (st->st_dev == finder->excluded[i].device && st->st_ino == finder->excluded[i].inode) return true;
    for (; walk; walk = walk->parent)
        if (walk->device == st->st_dev && walk->inode == st->st_ino) return true;
    return false;
}

static enum duet_status walk_folder(struct finder *finder, const char *path, const struct stat *st,
                                    const struct walk *parent)
{
    if (passed_over(finder, st, parent)) return DUET_OK;
    size_t length = strlen(path);
    struct walk walk = {parent, st->st_dev, st->st_ino,
                        parent ? parent->root : length + (length > 0 && path[length - 1] != '/')};
    struct dirent **names = NULL;
    int count = scandir(path, &names, is_not_hidden, by_name), cause = errno;
    if (count < 0 && cause == ENOMEM) return no_memory(finder);
    if (count < 0) {
        enum duet_status status =
            add_input(finder, path, length, parent ? walk.root : 0, DUET_INPUT_UNREADABLE);
        if (status == DUET_OK) finder->inputs->items[finder->inputs->count - 1].errnum = cause;
        return status;
    }
    enum duet_status status = DUET_OK;
    for (int i = 0; i < count; i++) {
        char *below = status == DUET_OK ? duet_path_join(path, names[i]->d_name) : NULL;
        if (status == DUET_OK) status = below ? visit(finder, below, &walk) : no_memory(finder);
        free(below);
        free(names[i]);
    }
    free(names);
    return status;
}

/* A name as given: a folder is walked, everything else is an input. */
static enum duet_status add_path(struct finder *finder, const char *path, size_t length)
{
    char *copy = strndup(path, length);
    if (!copy) return no_memory(finder);
    struct stat st;
    enum duet_status status;
    if (stat(copy, &st) != 0) {
        status = add_address(finder, copy, length);
    } else if (S_ISDIR(st.st_mode)) {
        finder->inputs->folders++;
        status = walk_folder(finder, copy, &st, NULL);
    } else {
        bool plain = S_ISREG(st.st_mode) || !finder->listed;
        status = add_input(finder, copy, length, 0, plain ? DUET_INPUT_FINE : DUET_INPUT_LISTED_DEVICE);
    }
    free(copy);
    return status;
}

/* --- patterns and lists ------------------------------------------------------------------------------- */

static enum duet_status add_pattern(struct finder *finder, const char *pattern)
{
    glob_t found = {0};
    int outcome = glob(pattern, 0, NULL, &found); /* sorts; bytewise in the "C" locale, which is ours */
    enum duet_status status = DUET_OK;
    if (outcome == GLOB_NOSPACE)
        status = no_memory(finder);
    else if (outcome != 0)
        status = add_input(finder, pattern, strlen(pattern), 0, DUET_INPUT_FINE);
    for (size_t i = 0; outcome == 0 && status == DUET_OK && i < found.gl_pathc; i++)
        status = add_path(finder, found.gl_pathv[i], strlen(found.gl_pathv[i]));
    globfree(&found);
    return status;
}

static enum duet_status take_stdin(struct finder *finder)
{
    if (finder->stdin_taken)
        return duet_fail(finder->error, DUET_BAD_ARGUMENT, "standard input is named twice");
    finder->stdin_taken = true;
    return DUET_OK;
}

static enum duet_status add_listed(struct finder *finder, const char *text, size_t size)
{
    char separator = finder->options->null ? '\0' : '\n';
    enum duet_status status = DUET_OK;
    while (status == DUET_OK && size > 0) {
        const char *end = memchr(text, separator, size);
        size_t length = end ? (size_t)(end - text) : size, step = end ? length + 1 : size;
        size_t kept = separator == '\n' && length > 0 && text[length - 1] == '\r' ? length - 1 : length;
        if (memchr(text, '\0', kept))
            return duet_fail(finder->error, DUET_BAD_FORMAT,
                             "the list of inputs holds a NUL byte; is it for --null?");
        if (kept > 0) status = add_path(finder, text, kept);
        text += step;
        size -= step;
    }
    return status;
}

/* The fault is a list's, not a picture's: "@paths.txt: cannot open ...". */
static enum duet_status name_list(struct finder *finder, enum duet_status status)
{
    if (!finder->error) return status;
    struct duet_error inner = *finder->error;
    return duet_fail(finder->error, status, "@%s", inner.text);
}

static enum duet_status read_list(struct finder *finder, const char *name, struct duet_bytes *bytes,
                                  size_t *begin)
{
    bool standard = strcmp(name, "-") == 0;
    const char *shown = standard ? "standard input" : name;
    enum duet_status status = standard ? duet_read_stream(stdin, shown, list_limit, bytes, finder->error)
                                       : duet_read_file(name, list_limit, bytes, finder->error);
    /* Names that end in NUL are what the system has, byte for byte; lines are what an editor wrote. */
    if (status == DUET_OK && !finder->options->null)
        status = duet_bom_check(shown, bytes->data, bytes->size, begin, finder->error);
    return status == DUET_OK ? DUET_OK : name_list(finder, status);
}

static enum duet_status add_list(struct finder *finder, const char *name)
{
    struct duet_bytes bytes = {0};
    size_t begin = 0;
    enum duet_status status = strcmp(name, "-") == 0 ? take_stdin(finder) : DUET_OK;
    if (status == DUET_OK) status = read_list(finder, name, &bytes, &begin);
    finder->inputs->lists++;
    finder->listed = true;
    if (status == DUET_OK) status = add_listed(finder, (const char *)bytes.data + begin, bytes.size - begin);
    finder->listed = false;
    if (bytes.data) duet_bytes_close(&bytes);
    return status;
}

static enum duet_status add_operand(struct finder *finder, const char *operand)
{
    if (operand[0] == '\0')
        return duet_fail(finder->error, DUET_BAD_ARGUMENT, "an input without a name (\"\") was given");
    if (strcmp(operand, "-") == 0) {
        enum duet_status status = take_stdin(finder);
        return status == DUET_OK ? add_stdin(finder) : status;
    }
    if (duet_path_exists(operand) || duet_frames_is_address(operand)) /* then it is no list and no pattern */
        return add_path(finder, operand, strlen(operand));
    if (operand[0] == '@' && operand[1] != '\0') return add_list(finder, operand + 1);
    if (strpbrk(operand, "*?[")) return add_pattern(finder, operand);
    return add_path(finder, operand, strlen(operand));
}

enum duet_status duet_inputs_find(char *const *operands, int count, const struct duet_inputs_options *options,
                                  struct duet_inputs *inputs, struct duet_error *error)
{
    *inputs = (struct duet_inputs){0};
    struct finder finder = {.options = options, .inputs = inputs, .error = error};
    struct stat st;
    for (const char *const *e = options->exclude; e && *e && finder.excluded_count < MAX_EXCLUDED; e++) {
        if (stat(*e, &st) != 0) continue;
        finder.excluded[finder.excluded_count].device = st.st_dev;
        finder.excluded[finder.excluded_count++].inode = st.st_ino;
    }
    enum duet_status status = DUET_OK;
    for (int i = 0; status == DUET_OK && i < count; i++) status = add_operand(&finder, operands[i]);
    if (status != DUET_OK) duet_inputs_close(inputs);
    return status;
}

void duet_inputs_close(struct duet_inputs *inputs)
{
    if (!inputs) return;
    for (struct block *block = inputs->texts; block;) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(inputs->items);
    *inputs = (struct duet_inputs){0};
}
