#include "common/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

/* The only mutable globals of the programs: a signal handler can reach nothing else. */
static atomic_bool interrupted, pipe_broken;

void duet_process_start(void)
{
    /* Read-only even for 1 and 2: writing there must fail, not vanish. */
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF && open("/dev/null", O_RDONLY) != fd) return;
}

static void on_signal(int number)
{
    if (number == SIGPIPE)
        atomic_store(&pipe_broken, true);
    else
        atomic_store(&interrupted, true);
}

/* `once`: the second such signal does what it does by default. */
static void catch_signal(int number, bool once)
{
    /* SA_RESTART: a result half written when Ctrl-C comes is written to its end. */
    struct sigaction old, new = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    if (once) new.sa_flags |= (int)SA_RESETHAND;
    sigemptyset(&new.sa_mask);
    if (sigaction(number, NULL, &old) == 0 && old.sa_handler != SIG_IGN) sigaction(number, &new, NULL);
}

void duet_process_catch_signals(void)
{
    catch_signal(SIGINT, true);
    catch_signal(SIGTERM, true);
    catch_signal(SIGPIPE, false);
}

void duet_process_release_signals(void)
{
    const int numbers[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction now;
        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler == on_signal)
            signal(numbers[i], SIG_DFL);
    }
}

bool duet_interrupted(void)
{
    return atomic_load(&interrupted);
}

bool duet_pipe_broken(void)
{
    return atomic_load(&pipe_broken);
}

bool duet_process_cancelled(void *ctx)
{
    (void)ctx;
    return duet_interrupted();
}

void duet_process_die_of_broken_pipe(void)
{
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}

void duet_process_forget_signals(void)
{
    atomic_store(&interrupted, false);
    atomic_store(&pipe_broken, false);
}
