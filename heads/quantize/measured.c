#include "quantize/measured.h"

#include "core/fail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_MEAN 1e6

static int64_t in_units(double mean)
{
    return llrint(fmax(fmin(mean, LARGEST_MEAN), -LARGEST_MEAN) / DUET_MEAN_UNIT);
}

static enum duet_status begin(struct measured *m, size_t channels, struct duet_error *error)
{
    if (m->channels) return DUET_OK;
    m->low = calloc(channels, sizeof *m->low);
    m->high = calloc(channels, sizeof *m->high);
    m->means = calloc(channels, sizeof *m->means);
    m->counts = calloc(DUET_MAGNITUDES, sizeof *m->counts);
    if (!m->low || !m->high || !m->means || !m->counts) return duet_no_memory(error, NULL, "for ranges");
    for (size_t c = 0; c < channels; c++) {
        m->low[c] = INFINITY;
        m->high[c] = -INFINITY;
    }
    m->channels = channels;
    return DUET_OK;
}

static size_t magnitude(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits >> 20 & (DUET_MAGNITUDES - 1);
}

/* Half way through those of that magnitude. */
static double middle(size_t magnitude)
{
    uint32_t bits = (uint32_t)magnitude << 20 | 1u << 19;
    float x;
    memcpy(&x, &bits, sizeof x);
    return (double)x;
}

static void add_pixel(struct measured *m, const float *pixel, double *sums)
{
    for (size_t c = 0; c < m->channels; c++) {
        m->low[c] = pixel[c] < m->low[c] ? pixel[c] : m->low[c];
        m->high[c] = pixel[c] > m->high[c] ? pixel[c] : m->high[c];
        sums[c] += (double)pixel[c];
        m->counts[magnitude(pixel[c])]++;
    }
}

enum duet_status duet_measured_add(struct measured *measured, const char *layer, const struct duet_view *map,
                                   struct duet_error *error)
{
    struct measured *const m = measured;
    size_t channels = map->shape.dims[3], pixels = map->shape.dims[1] * map->shape.dims[2];
    enum duet_status status = begin(m, channels, error);
    double *sums = status == DUET_OK ? calloc(channels, sizeof *sums) : NULL;
    if (status == DUET_OK && !sums) status = duet_no_memory(error, NULL, "for ranges");
    for (size_t i = 0; status == DUET_OK && i < pixels; i++)
        add_pixel(m, (const float *)map->data + i * channels, sums);
    for (size_t c = 0; status == DUET_OK && c < channels; c++) {
        double mean = sums[c] / (double)pixels;
        if (!isfinite(sums[c]))
            status = duet_fail(error, DUET_BAD_FORMAT, "layer %s: channel %zu of its result is not finite",
                               layer, c);
        else
            m->means[c] += in_units(mean);
    }
    m->maps++;
    free(sums);
    return status;
}

double duet_measured_mean(const struct measured *measured, size_t c)
{
    return measured->maps ? (double)measured->means[c] * DUET_MEAN_UNIT / (double)measured->maps : 0;
}

double duet_measured_mean_of_all(const struct measured *measured)
{
    double sum = 0;
    for (size_t c = 0; c < measured->channels; c++) sum += duet_measured_mean(measured, c);
    return measured->channels ? sum / (double)measured->channels : 0;
}

enum duet_status duet_measured_set(struct measured *measured, size_t channels, double mean,
                                   struct duet_error *error)
{
    enum duet_status status = begin(measured, channels, error);
    for (size_t c = 0; status == DUET_OK && c < channels; c++) measured->means[c] = in_units(mean);
    measured->maps = 1;
    return status;
}

double duet_measured_share(const struct measured *measured, double low, double high)
{
    double best = 1, least = INFINITY, end = fmax(-low, high);
    for (int percent = 100; percent >= 85; percent -= 5) {
        double share = percent / 100.0, step = (high - low) * share / 255, errors = 0;
        for (size_t i = 0; measured->counts && i < DUET_MAGNITUDES - 8; i++) {
            double over = fmin(middle(i), end) - end * share;
            errors += (double)measured->counts[i] * (over > 0 ? over * over : step * step / 12);
        }
        if (errors < least) best = share;
        least = fmin(least, errors);
    }
    return best;
}

void duet_measured_close(struct measured *measured)
{
    free(measured->low);
    free(measured->high);
    free(measured->means);
    free(measured->counts);
    *measured = (struct measured){0};
}
