/* A name for results, made of an address: of a stream, a graph, numbered pictures. */
#include "cli/inputs.h"

#include "core/os.h"

#include <stdlib.h>
#include <string.h>

/* The parts of an address that make a name for results, end to end: text[0] and text[1], their lengths. */
struct parts {
    const char *text[3];
    size_t length[3];
};

/* "scheme://user:password@host:554/live/cam?x=1": "host:554", "_", "live/cam". All of the path: the cameras
 * of one recorder differ in its middle. */
static struct parts split_url(const char *host)
{
    size_t length = strcspn(host, "/?#");
    const char *end = host + length, *path = end;
    for (const char *p = host; p < end; p++)
        if (*p == '@') host = p + 1;
    size_t path_length = strcspn(path, "?#");
    while (path_length > 0 && path[path_length - 1] == '/') path_length--;
    while (path_length > 0 && *path == '/') path++, path_length--;
    return (struct parts){{host, "_", path}, {(size_t)(end - host), path_length > 0, path_length}};
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

char *duet_input_name(const char *path)
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
