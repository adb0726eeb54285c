#include "models/input.h"

#include "cli/words.h"

static bool read_size(const char *text, int *width, int *height)
{
    long long size[2];
    int count = duet_parse_pair(text, "x", size);
    if (count == 1) size[1] = size[0];
    if (count == 0 || size[0] < 1 || size[1] < 1 || size[0] > 8192 || size[1] > 8192) return false;
    *width = (int)size[0];
    *height = (int)size[1];
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
