/* replay.c: the main of a fuzz target without libFuzzer, for every compiler and sanitizer.
 * replay_NAME MUTATIONS FILE...: each file is an input, and so are that many mutations of it, the same every
 * time. The file at work stands on standard error: the last one there is that which the target did not
 * survive. */
#include "support/mutation.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_BYTES = 1 << 20 };

/* In memory of exactly its size, so that a sanitizer sees a byte too far. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + !size);
    if (!copy) abort();
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_mutations(const uint8_t *data, size_t size, int count)
{
    static uint8_t mutated[MOST_BYTES];
    uint64_t seed = size;
    for (int i = 0; i < count && size > 0; i++) {
        memcpy(mutated, data, size);
        mutate(mutated, size, &seed);
        run(mutated, mutation_random(&seed) % 4 ? size : mutation_random(&seed) % size);
    }
}

int main(int argc, char **argv)
{
    static uint8_t data[MOST_BYTES];
    if (argc < 3) {
        fprintf(stderr, "usage: %s MUTATIONS FILE...\n", argv[0]);
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (!file) {
            perror(argv[i]);
            return 1;
        }
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        fprintf(stderr, "%s\n", argv[i]);
        run(data, size);
        run_mutations(data, size, atoi(argv[1]));
    }
    return 0;
}
