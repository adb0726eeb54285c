/* fuzz_seeds FOLDER: writes the test suite's small pictures there, for fuzz_frames to begin with. */
#include "support/pictures.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
        return 2;
    }
    for (int i = 0; i < picture_count; i++) {
        const char *name;
        char path[4096];
        struct picture picture = picture_at(i, &name);
        snprintf(path, sizeof path, "%s/%s", argv[1], name);
        FILE *file = fopen(path, "wb");
        if (!file || fwrite(picture.data, 1, picture.size, file) != picture.size || fclose(file) != 0) {
            perror(path);
            return 1;
        }
        free(picture.data);
    }
    return 0;
}
