#include "data/voc/voc.h"

#include "coco/names.h"
#include "core/fail.h"
#include "core/grow.h"
#include "core/os.h"
#include "json/plain_number.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_LIST_BYTES ((size_t)64 << 20)
#define MAX_ID         200

struct duet_voc_list {
    char *path;
    struct duet_names ids;
    size_t *lines; /* [ids.count] where each stood, from 1 */
    size_t lines_capacity;
};

void duet_voc_list_close(struct duet_voc_list **list)
{
    if (!list || !*list) return;
    duet_names_close(&(*list)->ids);
    free((*list)->lines);
    free((*list)->path);
    free(*list);
    *list = NULL;
}

size_t duet_voc_list_count(const struct duet_voc_list *list)
{
    return list->ids.count;
}

const char *duet_voc_list_id(const struct duet_voc_list *list, size_t index)
{
    return duet_names_text(&list->ids, index);
}

size_t duet_voc_list_find(const struct duet_voc_list *list, const char *id, size_t length)
{
    return duet_names_find(&list->ids, id, length);
}

/* --- finding ------------------------------------------------------------------------------------------ */

static char *set_path(const char *root, enum duet_voc_set set, const char *name)
{
    const char *folder = set == DUET_VOC_MAIN ? "Main" : "Segmentation";
    size_t length = strlen(root);
    return duet_text("%s%sImageSets/%s%s%s%s", root, length > 0 && root[length - 1] == '/' ? "" : "/", folder,
                     name ? "/" : "", name ? name : "", name ? ".txt" : "");
}

/* "train, val" for the lists of a folder, as many as fit. */
static void list_names(const char *folder, char *text, size_t size)
{
    DIR *dir = opendir(folder);
    size_t used = 0;
    text[0] = '\0';
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        size_t length = strlen(entry->d_name);
        if (length <= 4 || strcmp(entry->d_name + length - 4, ".txt") != 0) continue;
        int put =
            snprintf(text + used, size - used, "%s%.*s", used ? ", " : "", (int)(length - 4), entry->d_name);
        if (put < 0 || (size_t)put >= size - used) {
            text[used] = '\0';
            break;
        }
        used += (size_t)put;
    }
    if (dir) closedir(dir);
}

static enum duet_status not_found(const char *root, enum duet_voc_set set, const char *name,
                                  struct duet_error *error)
{
    char names[400];
    char *folder = set_path(root, set, NULL);
    if (!folder) return duet_no_memory(error, root, NULL);
    list_names(folder, names, sizeof names);
    enum duet_status status;
    if (!duet_path_is_folder(folder))
        status = duet_fail(
            error, DUET_NOT_FOUND,
            "%s: no such folder; expected a VOC folder with ImageSets, JPEGImages and the rest", folder);
    else
        status = duet_fail(error, DUET_NOT_FOUND, "%s/%s.txt: no such list; there: %s", folder, name,
                           names[0] ? names : "none");
    free(folder);
    return status;
}

/* The list's file. */
static enum duet_status find_list(const char *root, enum duet_voc_set set, const char *name, char **path,
                                  struct duet_error *error)
{
    *path = strchr(name, '/') ? duet_text("%s", name) : set_path(root, set, name);
    if (!*path) return duet_no_memory(error, name, NULL);
    if (strchr(name, '/') || duet_path_exists(*path)) return DUET_OK;
    free(*path);
    *path = NULL;
    if (set == DUET_VOC_MAIN) return find_list(root, DUET_VOC_SEGMENTATION, name, path, error);
    return not_found(root, set, name, error);
}

/* --- reading ------------------------------------------------------------------------------------------ */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

/* Is one of the path's parts ".."? */
static bool climbs(const char *path, size_t length)
{
    for (size_t i = 0; i + 1 < length; i++)
        if (path[i] == '.' && path[i + 1] == '.' && (i == 0 || is_slash(path[i - 1])) &&
            (i + 2 == length || is_slash(path[i + 2])))
            return true;
    return false;
}

enum duet_status duet_voc_id_check(const char *id, struct duet_error *error)
{
    if (!climbs(id, strlen(id))) return DUET_OK;
    return duet_fail(error, DUET_BAD_ARGUMENT, "%s: leads out of the data set's folder", id);
}

/* Of a file's path its name, without an extension that pictures or annotations have. */
static void strip_path(const char **id, size_t *length)
{
    static const char *const extensions[] = {".jpg", ".jpeg", ".png", ".xml", ".bmp"};
    if (climbs(*id, *length)) return;
    for (size_t i = *length; i > 0; i--)
        if (is_slash((*id)[i - 1])) {
            *id += i;
            *length -= i;
            break;
        }
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
        size_t dot = *length - strlen(extensions[i]);
        if (dot == 0 || dot > *length || strncasecmp(*id + dot, extensions[i], *length - dot) != 0) continue;
        *length = dot;
        return;
    }
}

static bool are_numbers(const char *from, const char *to)
{
    double value;
    while (from < to) {
        const char *begin = from;
        while (from < to && !is_space(*from)) from++;
        if (from > begin && !duet_plain_number(begin, (size_t)(from - begin), &value)) return false;
        while (from < to && is_space(*from)) from++;
    }
    return true;
}

/* The id of a line that is not empty, with no space around. False: more stands in it than an id. */
static bool find_id(const char *from, const char *to, const char **id, size_t *length)
{
    bool quoted = *from == '"' || *from == '\'';
    const char *end = quoted ? memchr(from + 1, *from, (size_t)(to - from) - 1) : from;
    *id = from + (quoted && end);
    if (!quoted || !end)
        for (end = from; end < to && !is_space(*end);) end++;
    *length = (size_t)(end - *id);
    strip_path(id, length);
    return are_numbers(end + (end < to && (*end == '"' || *end == '\'')), to);
}

/* What keeps a text from being an id, or NULL. */
static const char *id_fault(const char *id, size_t length)
{
    if (length == 0) return "is empty";
    if (length > MAX_ID) return "is longer than 200 bytes";
    if (id[0] == '.' && !climbs(id, length)) return "begins with '.'";
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)id[i];
        if (c < 0x20 || c == 0x7f) return "has a control character in it";
    }
    return NULL;
}

static enum duet_status add_id(struct duet_voc_list *list, const char *from, const char *to, size_t line,
                               struct duet_error *error)
{
    const char *id;
    size_t length;
    if (!find_id(from, to, &id, &length))
        return duet_fail(
            error, DUET_BAD_FORMAT,
            "%s: line %zu: '%.*s' has white space in it: expected one id a line (in quotes when it "
            "has spaces), and numbers",
            list->path, line, to - from > MAX_ID ? MAX_ID : (int)(to - from), from);
    int shown = length > MAX_ID ? MAX_ID : (int)length;
    const char *fault = id_fault(id, length);
    if (fault)
        return duet_fail(error, DUET_BAD_FORMAT, "%s: line %zu: the id '%.*s' %s", list->path, line, shown,
                         id, fault);
    bool added;
    size_t number = duet_names_add(&list->ids, id, length, &added);
    if (number == DUET_NAME_NONE) return duet_no_memory(error, list->path, NULL);
    if (!added)
        return duet_fail(error, DUET_BAD_FORMAT, "%s: line %zu: the id '%.*s' stands in line %zu already",
                         list->path, line, shown, id, list->lines[number]);
    if (!DUET_GROW(list->lines, list->lines_capacity, number + 1))
        return duet_no_memory(error, list->path, NULL);
    list->lines[number] = line;
    return DUET_OK;
}

static enum duet_status read_ids(struct duet_voc_list *list, const char *text, size_t size,
                                 struct duet_error *error)
{
    const char *end = text + size;
    size_t begin;
    enum duet_status status = duet_bom_check(list->path, text, size, &begin, error);
    if (status != DUET_OK) return status;
    text += begin;
    for (size_t line = 1; text < end; line++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *from = text, *to = newline ? newline : end;
        text = newline ? newline + 1 : end;
        while (from < to && is_space(*from)) from++;
        while (to > from && is_space(to[-1])) to--;
        if (from == to) continue;
        status = add_id(list, from, to, line, error);
        if (status != DUET_OK) return status;
    }
    if (list->ids.count > 0) return DUET_OK;
    return duet_fail(error, DUET_BAD_FORMAT, "%s: no ids in it", list->path);
}

enum duet_status duet_voc_list_open(const char *root, enum duet_voc_set set, const char *name,
                                    struct duet_voc_list **out, struct duet_error *error)
{
    struct duet_voc_list *list = *out = calloc(1, sizeof *list);
    if (!list) return duet_no_memory(error, name, NULL);
    struct duet_bytes bytes = {0};
    enum duet_status status = find_list(root, set, name, &list->path, error);
    if (status == DUET_OK) status = duet_read_file(list->path, MAX_LIST_BYTES, &bytes, error);
    if (status == DUET_OK) status = read_ids(list, (const char *)bytes.data, bytes.size, error);
    duet_bytes_close(&bytes);
    if (status != DUET_OK) duet_voc_list_close(out);
    return status;
}

/* --- paths -------------------------------------------------------------------------------------------- */

static char *part_path(const char *root, const char *folder, const char *id, const char *extension)
{
    char *path = duet_path_join(root, folder);
    char *whole = path ? duet_text("%s/%s%s", path, id, extension) : NULL;
    free(path);
    return whole;
}

char *duet_voc_image_path(const char *root, const char *id)
{
    char *jpeg = part_path(root, "JPEGImages", id, ".jpg");
    if (!jpeg || duet_path_exists(jpeg)) return jpeg;
    char *png = part_path(root, "JPEGImages", id, ".png");
    bool stands = png && duet_path_exists(png);
    free(stands ? jpeg : png);
    return stands ? png : jpeg;
}

char *duet_voc_mask_path(const char *root, const char *id)
{
    return part_path(root, "SegmentationClass", id, ".png");
}

char *duet_voc_annotation_path(const char *root, const char *id)
{
    return part_path(root, "Annotations", id, ".xml");
}
