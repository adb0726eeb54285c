#include "common/inputs.h"

#include "core/checked.h"
#include "core/fail.h"
#include "core/os.h"
#include "duet/frames.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Enough for every kind that duet_frames_sniff and duet_frames_sniff_video know. */
enum { SNIFF_BYTES = 400 };
/* A list of a million paths is some 100 MB. */
static const size_t list_limit = (size_t)4 << 30;

enum { MAX_EXCLUDED = 8 };

struct finder {
    const struct duet_inputs_options *options;
    struct duet_inputs *inputs;
    struct duet_error *error;
    bool stdin_taken;
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

/* Add the file at `path`; `root` bytes of it are the folder operand. */
static enum duet_status add_input(struct finder *finder, const char *path, size_t length, size_t root,
                                  int errnum)
{
    struct duet_inputs *inputs = finder->inputs;
    if (inputs->count == inputs->capacity) {
        size_t capacity = inputs->capacity ? inputs->capacity * 2 : 64, bytes;
        struct duet_input *items = NULL;
        if (duet_mul_size(capacity, sizeof *items, &bytes)) items = realloc(inputs->items, bytes);
        if (!items) return no_memory(finder);
        inputs->items = items;
        inputs->capacity = capacity;
    }
    bool dash = length == 1 && path[0] == '-';
    const char *copy = keep_text(inputs, path, length, dash);
    if (!copy) return no_memory(finder);
    const char *relative = root > 0 && root < length ? copy + root : duet_path_name(copy);
    inputs->items[inputs->count++] = (struct duet_input){copy, copy, relative, errnum};
    return DUET_OK;
}

static enum duet_status add_stdin(struct finder *finder)
{
    static const char dash[] = "-";
    enum duet_status status = add_input(finder, dash, 1, 0, 0);
    if (status != DUET_OK) return status;
    struct duet_input *input = &finder->inputs->items[finder->inputs->count - 1];
    input->path = input->shown = dash;
    input->relative = "stdin";
    return DUET_OK;
}

/* --- addresses ---------------------------------------------------------------------------------------- */

/* The parts of an address that make a name for results, end to end: text[0] and text[1], their lengths. */
struct parts {
    const char *text[3];
    size_t length[3];
};

/* "scheme://user:password@host:554/live/cam?x=1": "host:554", "_", "cam" */
static struct parts split_url(const char *host)
{
    size_t length = strcspn(host, "/?#");
    const char *end = host + length, *path = end;
    for (const char *p = host; p < end; p++)
        if (*p == '@') host = p + 1;
    size_t path_length = strcspn(path, "?#");
    while (path_length > 0 && path[path_length - 1] == '/') path_length--;
    const char *last = path + path_length;
    while (last > path && last[-1] != '/') last--;
    size_t last_length = (size_t)(path + path_length - last);
    return (struct parts){{host, "_", last}, {(size_t)(end - host), last_length > 0, last_length}};
}

/* "frames/img_%04d.png": "img", ".png"; "frames/%04d.png": "frames", ".png" */
static struct parts split_numbered(const char *path)
{
    const char *name = duet_path_name(path), *percent = strchr(name, '%'), *end = strchr(percent, 'd');
    while (percent[1] == '%') { /* a percent sign */
        percent = strchr(percent + 2, '%');
        end = strchr(percent, 'd');
    }
    size_t length = (size_t)(percent - name);
    while (length > 0 && strchr("-_. ", name[length - 1])) length--;
    if (length == 0 && name > path) { /* the folder's */
        const char *stop = name - 1;
        for (name = stop; name > path && name[-1] != '/';) name--;
        length = (size_t)(stop - name);
    }
    if (length == 0) {
        name = "frames";
        length = strlen(name);
    }
    return (struct parts){{name, end + 1, ""}, {length, strlen(end + 1), 0}};
}

static struct parts split(const char *path)
{
    const char *graph = strncmp(path, "lavfi:", 6) == 0 ? path + 6 : NULL, *host = strstr(path, "://");
    if (graph) {
        while (*graph == '[') graph += strcspn(graph, "]") + (strchr(graph, ']') != NULL);
        return (struct parts){{graph, "", ""}, {strcspn(graph, "=,;[@: "), 0, 0}};
    }
    return host ? split_url(host + 3) : split_numbered(path);
}

static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("-_.+%", c));
}

/* A file's name made of an address; free() it. */
static char *name_address(const char *path)
{
    struct parts parts = split(path);
    char *name = duet_text("%.*s%.*s%.*s", (int)parts.length[0], parts.text[0], (int)parts.length[1],
                           parts.text[1], (int)parts.length[2], parts.text[2]);
    for (char *c = name; c && *c; c++)
        if (!is_plain(*c) || (c == name && *c == '.')) *c = '_';
    if (name && *name) return name;
    free(name);
    return duet_text("stream");
}

static enum duet_status add_address(struct finder *finder, const char *path, size_t length)
{
    enum duet_status status = add_input(finder, path, length, 0, 0);
    if (status != DUET_OK) return status;
    struct duet_input *input = &finder->inputs->items[finder->inputs->count - 1];
    char *shown = duet_frames_shown(input->path), *name = name_address(input->path);
    input->shown = shown ? keep_text(finder->inputs, shown, strlen(shown), false) : NULL;
    input->relative = name ? keep_text(finder->inputs, name, strlen(name), false) : NULL;
    free(shown);
    free(name);
    return input->shown && input->relative ? DUET_OK : no_memory(finder);
}

/* --- folders ------------------------------------------------------------------------------------------ */

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) free(names[i]);
    free(names);
}

/* The names in an open folder, hidden ones left out, sorted. False: out of memory. */
static bool read_names(DIR *folder, char ***names, size_t *count)
{
    size_t capacity = 0;
    struct dirent *entry;
    *names = NULL;
    *count = 0;
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] == '.') continue;
        if (*count == capacity) {
            capacity = capacity ? capacity * 2 : 64;
            char **grown = realloc(*names, capacity * sizeof *grown);
            if (!grown) return false;
            *names = grown;
        }
        char *copy = strdup(entry->d_name);
        if (!copy) return false;
        (*names)[(*count)++] = copy;
    }
    if (*count > 1) qsort(*names, *count, sizeof **names, by_bytes);
    return true;
}

/* Does the file begin like what is looked for? One that cannot be read might be: it is for the reader to
 * complain. */
static bool looks_right(const struct finder *finder, const char *path)
{
    uint8_t data[SNIFF_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return true;
    ssize_t got = read(fd, data, sizeof data);
    close(fd);
    const struct duet_inputs_options *options = finder->options;
    return got < 0 || options->sniff(data, (size_t)got) ||
           (options->sniff_video && options->sniff_video(data, (size_t)got));
}

static enum duet_status walk_folder(struct finder *finder, const char *path, const struct stat *st,
                                    const struct walk *parent);

/* One name found in a folder. */
static enum duet_status visit(struct finder *finder, const char *path, const struct walk *walk)
{
    struct stat st;
    size_t length = strlen(path);
    if (stat(path, &st) != 0)
        return add_input(finder, path, length, walk->root, 0); /* a dangling link, say */
    if (S_ISDIR(st.st_mode)) return walk_folder(finder, path, &st, walk);
    if (S_ISREG(st.st_mode) && looks_right(finder, path))
        return add_input(finder, path, length, walk->root, 0);
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
    DIR *folder = opendir(path);
    if (!folder) return add_input(finder, path, length, parent ? walk.root : 0, errno);
    char **names;
    size_t count;
    enum duet_status status = read_names(folder, &names, &count) ? DUET_OK : no_memory(finder);
    closedir(folder);
    for (size_t i = 0; status == DUET_OK && i < count; i++) {
        char *below = duet_path_join(path, names[i]);
        status = below ? visit(finder, below, &walk) : no_memory(finder);
        free(below);
    }
    free_names(names, count);
    return status;
}

/* A name as given: a folder is walked, everything else is an input. */
static enum duet_status add_path(struct finder *finder, const char *path, size_t length)
{
    char *copy = strndup(path, length);
    if (!copy) return no_memory(finder);
    struct stat st;
    enum duet_status status;
    if (stat(copy, &st) != 0 && duet_frames_is_address(copy))
        status = add_address(finder, copy, length);
    else if (stat(copy, &st) == 0 && S_ISDIR(st.st_mode))
        status = walk_folder(finder, copy, &st, NULL);
    else
        status = add_input(finder, copy, length, 0, 0);
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
        status = add_input(finder, pattern, strlen(pattern), 0, 0);
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

static enum duet_status add_list(struct finder *finder, const char *name)
{
    struct duet_bytes bytes;
    enum duet_status status;
    if (strcmp(name, "-") == 0) {
        status = take_stdin(finder);
        if (status != DUET_OK) return status;
        status = duet_read_stream(stdin, "standard input", list_limit, &bytes, finder->error);
    } else {
        status = duet_read_file(name, list_limit, &bytes, finder->error);
    }
    if (status != DUET_OK) return name_list(finder, status);
    status = add_listed(finder, (const char *)bytes.data, bytes.size);
    duet_bytes_close(&bytes);
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
    if (duet_path_exists(operand) || duet_frames_is_address(operand))
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
