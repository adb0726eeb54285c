#include "cli/process.h"

#include "cli/program.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* The only mutable globals of the programs: a signal handler can reach nothing else. */
static atomic_int first_signal; /* 0: none came */
static atomic_bool hurried, pipe_broken;

static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
enum { ENDING_COUNT = sizeof ending / sizeof *ending };

/* jansson 2.14, which reads model files, cannot be refused: its scanner drops the characters that it has no
 * room for, and when one of them follows a backslash, an assertion of its own ends the program. Whoever meets
 * this reads a model, and has no output open yet. */
static void *needed(size_t size)
{
    static const char why[] = "no memory to read a model's description\n";
    void *memory = malloc(size);
    if (memory || size == 0) return memory;
    ssize_t ignored = write(2, why, sizeof why - 1);
    (void)ignored;
    _exit(DUET_EXIT_FATAL);
}

void duet_process_start(void)
{
    json_set_alloc_funcs(needed, free);
    signal(SIGXFSZ, SIG_IGN);
    /* Read-only even for 1 and 2: writing there must fail, not vanish. */
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF && open("/dev/null", O_RDONLY) != fd) return;
}

static void on_signal(int number);

/* SA_RESTART, at first: libraries that are in the middle of reading or writing need not know. A signal that
 * comes while another of the three is handled waits for that: two at once are two. */
static void listen_to(int number, bool restart)
{
    struct sigaction now, new = {.sa_handler = on_signal, .sa_flags = restart ? SA_RESTART : 0};
    sigemptyset(&new.sa_mask);
    for (size_t i = 0; i < ENDING_COUNT; i++) sigaddset(&new.sa_mask, ending[i]);
    if (sigaction(number, NULL, &now) == 0 && now.sa_handler != SIG_IGN) sigaction(number, &new, NULL);
}

static void on_signal(int number)
{
    int none = 0, before = errno;
    if (number == SIGPIPE) {
        atomic_store(&pipe_broken, true);
    } else if (atomic_compare_exchange_strong(&first_signal, &none, number)) {
        for (size_t i = 0; i < ENDING_COUNT; i++) listen_to(ending[i], false);
    } else {
        atomic_store(&hurried, true);
    }
    errno = before;
}

void duet_process_catch_signals(void)
{
    for (size_t i = 0; i < ENDING_COUNT; i++) listen_to(ending[i], true);
    listen_to(SIGPIPE, true);
}

void duet_process_release_signals(void)
{
    for (size_t i = 0; i < ENDING_COUNT; i++) {
        struct sigaction now;
        if (sigaction(ending[i], NULL, &now) == 0 && now.sa_handler == on_signal) signal(ending[i], SIG_DFL);
    }
}

bool duet_interrupted(void)
{
    return atomic_load(&first_signal) != 0;
}

bool duet_process_hurried(void)
{
    return atomic_load(&hurried);
}

bool duet_pipe_broken(void)
{
    return atomic_load(&pipe_broken);
}

int duet_process_exit_code(int code)
{
    int number = atomic_load(&first_signal);
    return number ? 128 + number : code;
}

bool duet_process_cancelled(void *ctx)
{
    (void)ctx;
    return duet_interrupted();
}

bool duet_process_gives_up(void *ctx)
{
    (void)ctx;
    return duet_process_hurried();
}

void duet_process_die_of_broken_pipe(void)
{
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}

bool duet_process_start_thread(pthread_t *thread, void *(*run)(void *), void *arg)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool started = pthread_create(thread, NULL, run, arg) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

void duet_process_forget_signals(void)
{
    atomic_store(&first_signal, 0);
    atomic_store(&hurried, false);
    atomic_store(&pipe_broken, false);
}
