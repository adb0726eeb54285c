#include "duet/voc.h"

#include "core/fail.h"
#include "core/os.h"
#include "grow.h"
#include "names.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

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

const char *duet_voc_list_path(const struct duet_voc_list *list)
{
    return list->path;
}

size_t duet_voc_list_find(const struct duet_voc_list *list, const char *id, size_t length)
{
    return duet_names_find(&list->ids, id, length);
}

/* --- finding ------------------------------------------------------------------------------------------ */

static enum duet_status no_memory(const char *what, struct duet_error *error)
{
    return duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory", what);
}

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
    if (!folder) return no_memory(root, error);
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
    if (!*path) return no_memory(name, error);
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

/* What keeps a text from being an id, or NULL. */
static const char *id_fault(const char *id, size_t length)
{
    if (length > MAX_ID) return "is longer than 200 bytes";
    if (id[0] == '.') return "begins with '.'";
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)id[i];
        if (c == '/') return "has a '/' in it";
        if (is_space(id[i])) return "has white space in it: expected one id a line";
        if (c < 0x20 || c == 0x7f) return "has a control character in it";
    }
    return NULL;
}

static enum duet_status add_id(struct duet_voc_list *list, const char *id, size_t length, size_t line,
                               struct duet_error *error)
{
    int shown = length > MAX_ID ? MAX_ID : (int)length;
    const char *fault = id_fault(id, length);
    if (fault)
        return duet_fail(error, DUET_BAD_FORMAT, "%s: line %zu: the id '%.*s' %s", list->path, line, shown,
                         id, fault);
    bool added;
    size_t number = duet_names_add(&list->ids, id, length, &added);
    if (number == DUET_NAME_NONE) return no_memory(list->path, error);
    if (!added)
        return duet_fail(error, DUET_BAD_FORMAT, "%s: line %zu: the id '%.*s' stands in line %zu already",
                         list->path, line, shown, id, list->lines[number]);
    size_t *lines = duet_grow(list->lines, &list->lines_capacity, number + 1, sizeof *lines);
    if (!lines) return no_memory(list->path, error);
    list->lines = lines;
    lines[number] = line;
    return DUET_OK;
}

static enum duet_status read_ids(struct duet_voc_list *list, const char *text, size_t size,
                                 struct duet_error *error)
{
    const char *end = text + size;
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) text += 3;
    for (size_t line = 1; text < end; line++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *from = text, *to = newline ? newline : end;
        text = newline ? newline + 1 : end;
        while (from < to && is_space(*from)) from++;
        while (to > from && is_space(to[-1])) to--;
        if (from == to) continue;
        enum duet_status status = add_id(list, from, (size_t)(to - from), line, error);
        if (status != DUET_OK) return status;
    }
    if (list->ids.count > 0) return DUET_OK;
    return duet_fail(error, DUET_BAD_FORMAT, "%s: no ids in it", list->path);
}

enum duet_status duet_voc_list_open(const char *root, enum duet_voc_set set, const char *name,
                                    struct duet_voc_list **out, struct duet_error *error)
{
    *out = NULL;
    struct duet_voc_list *list = calloc(1, sizeof *list);
    if (!list) return no_memory(name, error);
    struct duet_bytes bytes = {0};
    enum duet_status status = find_list(root, set, name, &list->path, error);
    if (status == DUET_OK) status = duet_read_file(list->path, MAX_LIST_BYTES, &bytes, error);
    if (status == DUET_OK) status = read_ids(list, (const char *)bytes.data, bytes.size, error);
    duet_bytes_close(&bytes);
    if (status == DUET_OK)
        *out = list;
    else
        duet_voc_list_close(&list);
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
    if (png && duet_path_exists(png)) {
        free(jpeg);
        return png;
    }
    free(png);
    return jpeg;
}

char *duet_voc_mask_path(const char *root, const char *id)
{
    return part_path(root, "SegmentationClass", id, ".png");
}

char *duet_voc_annotation_path(const char *root, const char *id)
{
    return part_path(root, "Annotations", id, ".xml");
}
