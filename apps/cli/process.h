/* process.h: a program and the system around it: signals, closed descriptors, the end of standard output. */
#ifndef DUET_APPS_CLI_PROCESS_H
#define DUET_APPS_CLI_PROCESS_H

#include <pthread.h>
#include <stdbool.h>

/* First thing in main(): descriptors 0, 1 and 2 that the caller left closed are filled, so that no file we
 * open becomes "standard output" by accident (writing to a stdout that was closed fails, as it should); and
 * a file over the limit of its size (ulimit -f) is an error of the write that hits it, as a full disk is, not
 * the end of the process. */
void duet_process_start(void);

/* Before work that should end in good order. SIGINT, SIGTERM and SIGHUP only make duet_interrupted() true,
 * however many come, and at whatever distance: nothing that has begun to be written is killed. From the
 * second one on, duet_process_hurried() is true as well, and system calls that wait are no longer restarted.
 * SIGPIPE only makes duet_pipe_broken() true and the write fails. Signals that the caller had ignored (nohup,
 * background jobs) stay ignored. */
void duet_process_catch_signals(void);

/* When there is nothing left to end in good order: SIGINT, SIGTERM and SIGHUP kill again. One that was caught
 * stays caught: ask duet_interrupted() afterwards. */
void duet_process_release_signals(void);

bool duet_interrupted(void);
bool duet_process_hurried(void);
bool duet_pipe_broken(void);

/* The code to exit with: 128 + the number of the first signal that was caught (130, 143, 129), or `code` when
 * none was. */
int duet_process_exit_code(int code);

/* duet_interrupted() and duet_process_hurried(), for the libraries' options: what waits for bytes that do not
 * come asks `cancelled` whether to go on (a signal alone does not end a read), what waits for a reader asks
 * the other one. `ctx` is not looked at. */
bool duet_process_cancelled(void *ctx);
bool duet_process_gives_up(void *ctx);

/* End as a program does whose reader went away: quietly, by SIGPIPE. */
void duet_process_die_of_broken_pipe(void);

/* Start a thread that leaves signals to the main one. False: there cannot be one more. */
bool duet_process_start_thread(pthread_t *thread, void *(*run)(void *), void *arg);

/* For tests: forget what was caught. */
void duet_process_forget_signals(void);

#endif
