/* voc.h: a folder laid out as PASCAL VOC's: lists of images, pictures, class masks, boxes.
 *
 *   ROOT/ImageSets/Segmentation/NAME.txt   (or Main/) ids, one a line
 *   ROOT/JPEGImages/ID.jpg
 *   ROOT/SegmentationClass/ID.png          palette PNG, pixel value = class, 255 = void
 *   ROOT/Annotations/ID.xml                boxes
 */
#ifndef DUET_DATA_VOC_VOC_H
#define DUET_DATA_VOC_VOC_H

#include "duet/status.h"

#include <stdbool.h>
#include <stddef.h>

/* --- lists -------------------------------------------------------------------------------------------- */

enum duet_voc_set {
    DUET_VOC_SEGMENTATION, /* ImageSets/Segmentation */
    DUET_VOC_MAIN          /* ImageSets/Main; where that has no such list, ImageSets/Segmentation */
};

struct duet_voc_list; /* opaque: ids in the file's order, each once */

/* Read ROOT/ImageSets/SET/NAME.txt; a `name` with a '/' in it is the path of a list anywhere. White space
 * around ids, empty lines, CR and a byte order mark are passed over, and so are numbers behind an id, as
 * VOC's lists of one class have them (-1, 0, 1). An id is a file's name without its extension: of
 * "JPEGImages/a.jpg" it is "a"; in quotes it may have spaces in it. No control characters, no '.' in front;
 * a path with ".." in it stays as it is, for the picture to be refused (duet_voc_id_check).
 * Errors: DUET_NOT_FOUND (the text says which lists are there), DUET_BAD_FORMAT (a bad id, one that stands
 * twice, none at all; with lines), DUET_TOO_LARGE, DUET_IO_ERROR, DUET_OUT_OF_MEMORY. */
enum duet_status duet_voc_list_open(const char *root, enum duet_voc_set set, const char *name,
                                    struct duet_voc_list **list, struct duet_error *error);
/* Accepts NULL; sets *list to NULL. */
void duet_voc_list_close(struct duet_voc_list **list);

size_t duet_voc_list_count(const struct duet_voc_list *list);
/* Borrowed until close. */
const char *duet_voc_list_id(const struct duet_voc_list *list, size_t index);
/* The place of an id, or SIZE_MAX. */
size_t duet_voc_list_find(const struct duet_voc_list *list, const char *id, size_t length);

/* --- paths -------------------------------------------------------------------------------------------- */

/* Does the id name something below the root? Errors: DUET_BAD_ARGUMENT. */
enum duet_status duet_voc_id_check(const char *id, struct duet_error *error);

/* Below `root`; NULL when out of memory; free() it. A picture is ID.jpg, or, where that is not there,
 * ID.png. */
char *duet_voc_image_path(const char *root, const char *id);
char *duet_voc_mask_path(const char *root, const char *id);
char *duet_voc_annotation_path(const char *root, const char *id);

/* --- boxes -------------------------------------------------------------------------------------------- */

#define DUET_VOC_NAME 64 /* bytes of a class name, terminator included */

/* One object. Pixels are counted from 1, and the corner pixels belong to the box. */
struct duet_voc_object {
    char name[DUET_VOC_NAME]; /* as it stands in the file */
    double xmin, ymin, xmax, ymax;
    bool difficult;
};

/* What an XML file says of a picture. Owned: end with duet_voc_annotation_close. */
struct duet_voc_annotation {
    double width, height; /* 0 when the file does not say, or not by a number above 0 */
    struct duet_voc_object *objects;
    size_t count;
    size_t outside;  /* objects that reach over the picture's edge; they are kept as they stand */
    size_t reversed; /* with a corner beyond the opposite one: so are they, and match nothing */
    size_t unclear;  /* with a <difficult> that is neither a number nor true or false: taken for not */
    size_t left_out; /* without a name or a corner that can be used */
    char why[128];   /* of the first of those: "line 3, column 5: object 2 has no <xmin>"; else "" */
};

/* Read an annotation. What VOC does not use for boxes (poses, parts, actions) is passed over, of an element
 * that comes twice the first counts, and an object that cannot be used costs itself alone. On failure
 * *annotation is all zero.
 * Errors, with line and column: DUET_BAD_FORMAT (broken XML, another kind of document), DUET_UNSUPPORTED (a document type:
 * entities can be made to grow without bound), DUET_TOO_LARGE (16 MiB, 32 levels, 65536 objects);
 * without: DUET_NOT_FOUND, DUET_IO_ERROR, DUET_OUT_OF_MEMORY. */
enum duet_status duet_voc_annotation_open(const char *path, struct duet_voc_annotation *annotation,
                                          struct duet_error *error);
/* Free and zero. Accepts NULL and a zeroed struct. */
void duet_voc_annotation_close(struct duet_voc_annotation *annotation);

#endif
