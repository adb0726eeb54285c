/* scene.h: pictures drawn by program, with the truth about them: which pixel belongs to what.
 *
 * A street with a bus, a STOP sign and an aeroplane above it. Networks trained on photographs recognise all
 * three; demonstrations and tests need no photograph and no hand-drawn truth. The same options give the same
 * bytes.
 */
#ifndef DUET_DATA_SCENE_SCENE_H
#define DUET_DATA_SCENE_SCENE_H

#include "duet/image.h"
#include "duet/results.h"

#include <stddef.h>
#include <stdint.h>

enum duet_scene_kind {
    DUET_SCENE_DEMO, /* all three */
    DUET_SCENE_STOP,
    DUET_SCENE_BUS,
    DUET_SCENE_AEROPLANE,
    DUET_SCENE_COUNT
};

#define DUET_SCENE_MIN_SIDE 16
#define DUET_SCENE_MAX_SIDE 8192

struct duet_scene_options {
    enum duet_scene_kind kind;
    int width, height; /* pixels; 0: 640 x 480 */
    unsigned seed;     /* places, colours, clouds, trees */
    double moment;     /* 0..1: bus and aeroplane move, the camera nears the sign */
};

#define DUET_SCENE_MAX_OBJECTS 3

struct duet_scene_object {
    int category_id;     /* COCO: aeroplane 5, bus 6, stop sign 13 */
    int class_id;        /* PASCAL VOC: aeroplane 1, bus 6; 0: part of the background there (stop sign) */
    const char *label;   /* COCO's name; static */
    struct duet_box box; /* smallest that holds its visible pixels */
    uint64_t pixels;     /* how many those are, > 0 */
};

struct duet_scene {
    struct duet_image picture;                                /* RGB8 */
    struct duet_image owners;                                 /* GRAY8: 0, or 1 + the object's index */
    struct duet_image classes;                                /* GRAY8: VOC class */
    struct duet_scene_object objects[DUET_SCENE_MAX_OBJECTS]; /* those that can be seen */
    size_t count;
};

/* Draw. NULL options: all zero. *scene is owned by the caller: duet_scene_close. Errors: DUET_BAD_ARGUMENT
 * (kind, side or moment out of range), DUET_OUT_OF_MEMORY. */
enum duet_status duet_scene_draw(const struct duet_scene_options *options, struct duet_scene *scene,
                                 struct duet_error *error);
/* Accepts NULL and a zeroed scene. */
void duet_scene_close(struct duet_scene *scene);

/* A COCO instances file about many scenes: exact boxes, areas and masks (uncompressed run lengths). It is
 * written as it grows, under a temporary name. */
struct duet_scene_truth; /* opaque */

/* Errors: DUET_IO_ERROR, DUET_NOT_FOUND (no such folder), DUET_OUT_OF_MEMORY. */
enum duet_status duet_scene_truth_open(const char *path, struct duet_scene_truth **truth,
                                       struct duet_error *error);
/* `file_name` and `image_id` as the file is to give them. Errors: DUET_OUT_OF_MEMORY. */
enum duet_status duet_scene_truth_add(struct duet_scene_truth *truth, const char *file_name, int64_t image_id,
                                      const struct duet_scene *scene, struct duet_error *error);
/* Move the file to its name; frees, sets *truth to NULL. Errors: DUET_IO_ERROR. */
enum duet_status duet_scene_truth_commit(struct duet_scene_truth **truth, struct duet_error *error);
/* Throw it away; accepts NULL. */
void duet_scene_truth_discard(struct duet_scene_truth **truth);

#endif
