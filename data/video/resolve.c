/* Looking up a host's name before FFmpeg does: there it cannot be called off, and a name server that does not
 * answer takes half a minute. The lookup is a thread of its own, which is left alone when nobody waits for it
 * any more. FFmpeg asks again, and gets what the system has just learnt. */
#include "video/reader.h"

#include "core/fail.h"
#include "core/os.h"

#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct lookup {
    atomic_int users; /* us and the thread; the last one frees */
    atomic_bool done;
    int outcome; /* getaddrinfo's; to be read after `done` */
    char host[256];
};

static void leave(struct lookup *lookup)
{
    if (atomic_fetch_sub(&lookup->users, 1) == 1) free(lookup);
}

static void *look_up(void *ctx)
{
    struct lookup *lookup = ctx;
    struct addrinfo *found = NULL;
    lookup->outcome = getaddrinfo(lookup->host, NULL, NULL, &found);
    if (lookup->outcome == 0) freeaddrinfo(found);
    atomic_store(&lookup->done, true);
    leave(lookup);
    return NULL;
}

static bool start(struct lookup *lookup)
{
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) != 0) return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    bool started = pthread_create(&thread, &attributes, look_up, lookup) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

static enum duet_status wait_for(const struct duet_reader *reader, struct lookup *lookup,
                                 struct duet_error *error)
{
    const struct timespec nap = {.tv_nsec = 5000000};
    const struct duet_video_source *source = &reader->source;
    while (!atomic_load(&lookup->done)) {
        if (duet_video_cancelled(source))
            return duet_fail(error, DUET_INTERRUPTED, "%s: stopped on request", source->name);
        if (duet_seconds() > reader->wait_until)
            return duet_fail(error, DUET_IO_ERROR, "%s: cannot open: no answer to who '%s' is", source->name,
                             lookup->host);
        nanosleep(&nap, NULL);
    }
    if (lookup->outcome == 0) return DUET_OK;
    return duet_fail(error, DUET_IO_ERROR, "%s: cannot open: %s", source->name,
                     gai_strerror(lookup->outcome));
}

enum duet_status duet_address_resolve(const struct duet_reader *reader, struct duet_error *error)
{
    const char *address = reader->source.address;
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup) return duet_no_memory(error, reader->source.name, NULL);
    av_url_split(NULL, 0, NULL, 0, lookup->host, sizeof lookup->host, NULL, NULL, 0, address);
    /* Through a proxy, the name is its business. */
    bool proxied = strncasecmp(address, "http", 4) == 0 &&
                   (getenv("http_proxy") || getenv("HTTPS_PROXY") || getenv("https_proxy"));
    atomic_store(&lookup->users, 2);
    if (lookup->host[0] == '\0' || proxied || !start(lookup)) {
        free(lookup);
        return DUET_OK; /* FFmpeg will do it, or has nothing to look up */
    }
    enum duet_status status = wait_for(reader, lookup, error);
    leave(lookup);
    return status;
}
