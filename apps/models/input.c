#include "models/input.h"

#include "cli/words.h"

#include <string.h>

static bool read_size(const char *text, int *width, int *height)
{
    char first[16];
    size_t n = strcspn(text, "x");
    long long w, h;
    if (n >= sizeof first) return false;
    memcpy(first, text, n);
    first[n] = '\0';
    if (!duet_parse_int(first, &w) || !duet_parse_int(text[n] ? text + n + 1 : first, &h)) return false;
    if (w < 1 || h < 1 || w > 8192 || h > 8192) return false;
    *width = (int)w;
    *height = (int)h;
    return true;
}

int models_input_check(const struct duet_program *program, const struct models_input *input)
{
    int width, height;
    if (input->size && !read_size(input->size, &width, &height))
        return duet_usage_error(program, "--size: expected N or WxH with sides from 1 to 8192, got '%s'",
                                input->size);
    if (input->output_stride % 8 != 0 || input->output_stride == 24)
        return duet_usage_error(program, "--output-stride: expected 8, 16 or 32, got %d",
                                input->output_stride);
    return DUET_GO_ON;
}

void models_input_size(const struct models_input *input, int *width, int *height)
{
    if (input->size) read_size(input->size, width, height);
}
