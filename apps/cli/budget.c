#include "cli/budget.h"

#include "cli/process.h"
#include "cli/words.h"
#include "core/fail.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* --- the limit ------------------------------------------------------------------------------------------ */

/* The number that a file of the system holds; 0: none ("max"). */
static double number_in(const char *path)
{
    double value = 0;
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    if (fscanf(file, "%lf", &value) != 1) value = 0;
    fclose(file);
    return value;
}

/* The lower of two limits; 0 is none. */
static double lower(double a, double b)
{
    return a <= 0 || (b > 0 && b < a) ? b : a;
}

/* The least that a group and those it lies in may have. Inside of a container the root is the container's. */
static double walk_groups(const char *root, char *group, const char *file)
{
    char path[1200];
    double least = 0;
    for (char *end = group + strcspn(group, "\n"); end; end = strrchr(group, '/')) {
        *end = '\0';
        snprintf(path, sizeof path, "%s%s/%s", root, group, file);
        least = lower(least, number_in(path));
    }
    return least;
}

/* What this process's control groups, of either kind, may have; 0: not limited. */
static double group_limit(void)
{
    char line[1024];
    double least = 0;
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file)) {
        char *old = strstr(line, ":memory:");
        if (strncmp(line, "0::", 3) == 0)
            least = lower(least, walk_groups("/sys/fs/cgroup", line + 3, "memory.max"));
        else if (old)
            least = lower(least, walk_groups("/sys/fs/cgroup/memory", old + 8, "memory.limit_in_bytes"));
    }
    if (file) fclose(file);
    return least;
}

size_t duet_budget_default(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    double memory = pages > 0 && page > 0 ? (double)pages * (double)page : 2e9;
    return (size_t)(lower(memory, group_limit()) / 2);
}

int duet_budget_bytes(const struct duet_program *program, const struct duet_picture_settings *settings,
                      size_t *bytes)
{
    *bytes = 0;
    if (!settings->max_memory)
        *bytes = duet_budget_default();
    else if (!duet_parse_size(settings->max_memory, bytes))
        return duet_usage_error(program, "--max-memory: expected a size such as 500M or 2G, got '%s'",
                                settings->max_memory);
    return DUET_GO_ON;
}

void duet_budget_limits(const struct duet_picture_settings *settings, struct duet_picture_options *options)
{
    options->strict = settings->strict;
    options->max_pixels = (size_t)settings->max_pixels;
    if (settings->max_memory && duet_parse_size(settings->max_memory, &options->max_memory))
        options->max_bytes = options->max_memory;
    else
        options->max_memory = duet_budget_default();
}

/* --- shares --------------------------------------------------------------------------------------------- */

enum duet_status duet_budget_open(struct duet_budget *budget, size_t limit, struct duet_error *error)
{
    pthread_condattr_t attributes;
    *budget = (struct duet_budget){0};
    if (pthread_condattr_init(&attributes) != 0) return duet_no_memory(error, NULL, "for a condition");
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&budget->given, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&budget->lock, NULL);
    budget->limit = limit;
    return DUET_OK;
}

void duet_budget_close(struct duet_budget *budget)
{
    if (budget->limit == 0) return;
    pthread_cond_destroy(&budget->given);
    pthread_mutex_destroy(&budget->lock);
    *budget = (struct duet_budget){0};
}

int duet_budget_workers(const struct duet_budget *budget, size_t each)
{
    const size_t many = 256;
    size_t most = each > 0 ? budget->limit / 2 / each : many;
    return most > many ? (int)many : most > 1 ? (int)most : 1;
}

bool duet_budget_take(struct duet_budget *budget, size_t bytes)
{
    enum { PATIENCE_NS = 50 * 1000 * 1000 }; /* how often a signal is asked for */
    bool go_on = true;
    pthread_mutex_lock(&budget->lock);
    while (budget->used > 0 && (budget->used >= budget->limit || bytes > budget->limit - budget->used) &&
           go_on) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += PATIENCE_NS;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&budget->given, &budget->lock, &until);
        go_on = !duet_process_cancelled(NULL);
    }
    if (go_on) budget->used += bytes;
    pthread_mutex_unlock(&budget->lock);
    return go_on;
}

void duet_budget_give(struct duet_budget *budget, size_t bytes)
{
    if (bytes == 0) return;
    pthread_mutex_lock(&budget->lock);
    budget->used -= bytes;
    pthread_cond_broadcast(&budget->given);
    pthread_mutex_unlock(&budget->lock);
}
