/* duet.h: all that an application needs, by one include: find objects in pictures, and label their pixels,
 * with MobileNetV2 networks on the CPU.
 *
 *     cc -std=c11 see.c -o see $(pkg-config --cflags --libs duet)
 *     ./see ssdlite-coco.safetensors street.ppm
 *
 * A complete program (the tests cut it out of this comment, compile and run it):
 *
 *     // see.c: what is in a picture? Takes a model file and a binary PPM.
 *     #include <duet/duet.h>
 *     #include <stdio.h>
 *
 *     int main(int argc, char **argv)
 *     {
 *         int width, height;
 *         FILE *ppm = argc == 3 ? fopen(argv[2], "rb") : NULL;
 *         if (!ppm || fscanf(ppm, "P6 %d %d 255%*c", &width, &height) != 2) {
 *             fputs("usage: see MODEL.safetensors PICTURE.ppm\n", stderr);
 *             return 2;
 *         }
 *         struct duet_error error;
 *         struct duet_model *model = NULL;
 *         struct duet_detector *detector = NULL;
 *         struct duet_image image = {0};
 *         struct duet_detections found = {0};
 *         enum duet_status status = duet_model_open(argv[1], &model, &error);
 *         if (status == DUET_OK) status = duet_detector_create(model, NULL, &detector, &error);
 *         if (status == DUET_OK) status = duet_image_create(&image, width, height, DUET_RGB8, &error);
 *         if (status == DUET_OK && fread(image.pixels, image.stride, (size_t)height, ppm) < (size_t)height)
 *             fputs("see: the picture is cut short\n", stderr); // what is missing is black
 *         if (status == DUET_OK) status = duet_detector_run(detector, &image, NULL, &found, &error);
 *         if (status != DUET_OK) fprintf(stderr, "see: %s\n", error.text);
 *         for (size_t i = 0; i < found.count; i++) {
 *             const struct duet_detection *d = &found.items[i];
 *             printf("%s %.3f at %.1f,%.1f size %.1fx%.1f\n", d->label, d->score, d->box.x, d->box.y,
 *                    d->box.width, d->box.height);
 *         }
 *         duet_detections_close(&found);
 *         duet_image_close(&image);
 *         duet_detector_close(&detector);
 *         duet_model_close(&model);
 *         fclose(ppm);
 *         return status == DUET_OK ? 0 : 1;
 *     }
 *
 * The parts, each with a manual of its own on top of its header:
 *
 *   status.h     every call that can fail returns enum duet_status; the reason is text in a struct
 *                duet_error that belongs to the caller. The library never prints and never exits
 *
 *   model.h      a model file, opened: heads (head.h), weights, labels, origin. Read-only, shared by threads, and
 *                counted: it may be closed while what was made of it goes on
 *
 *   detector.h   pictures to boxes. One thread at a time: clone it for more
 *
 *   segmenter.h  pictures to class maps, in the same way; classifier.h: to classes
 *
 *   runner.h     several at once, where a model can: all of its heads, or some, from one pass
 *
 *   image.h      8-bit pixels, the library's memory or yours. Decoding files is the application's business
 *
 *   results.h    what was found, in the picture's own pixels
 *
 *   run.h        what a run can be told: whose threads, and how it is stopped
 *
 *   threads.h    a pool to hand to a run. No pool: the caller's thread alone. The results are the same bytes
 *
 * For looking closer there are network.h (layers, shapes, costs, running a network by hand), weights.h (model
 * files tensor by tensor), import.h (other people's model files to Duet's own), and below them the pieces
 * that the runner is made of.
 *
 * Ownership: what a _create, _open, _clone or _run gives is yours, and ends with the _close of its kind,
 * which takes the address of your pointer (or struct), leaves NULL (or zeros) and accepts those too: after a
 * failure close everything, made or not, in any order. Everything else is borrowed, and its header says until
 * when.
 *
 * Option structs begin with struct_size, so that programs and libraries of different age go together. Begin
 * with the initialiser of the struct, and change what is to be another:
 *
 *     struct duet_run_options options = DUET_RUN_OPTIONS;
 *     options.pool = &pool;
 *
 * NULL instead of a struct is the same as the initialiser alone.
 */
#ifndef DUET_DUET_H
#define DUET_DUET_H

#include "duet/detector.h"
#include "duet/image.h"
#include "duet/model.h"
#include "duet/results.h"
#include "duet/run.h"
#include "duet/runner.h"
#include "duet/segmenter.h"
#include "duet/status.h"
#include "duet/threads.h"

DUET_C_BEGIN

/* Of the headers a program is compiled with. */
#define DUET_VERSION_MAJOR 0
#define DUET_VERSION_MINOR 1
#define DUET_VERSION_PATCH 0

/* Of the library it runs with: "0.1.0". Static storage. */
DUET_API const char *duet_version(void);

DUET_C_END
#endif
