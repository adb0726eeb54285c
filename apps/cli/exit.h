/* exit.h: what the programs' exit codes mean. The same in every program. */
#ifndef DUET_APPS_CLI_EXIT_H
#define DUET_APPS_CLI_EXIT_H

enum duet_exit {
    DUET_EXIT_OK = 0,         /* everything was done */
    DUET_EXIT_FATAL = 1,      /* nothing useful could be done: no model, results cannot be written ... */
    DUET_EXIT_USAGE = 2,      /* the command line makes no sense, or would overwrite something */
    DUET_EXIT_SOME_FAILED = 3 /* finished, but some inputs failed, or a picture could not be drawn; each was
                                 named. After a signal: duet_process_exit_code() in process.h */
};

#endif
