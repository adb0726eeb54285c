/* commands.h: the commands of "models" that have files of their own. */
#ifndef DUET_APPS_MODELS_COMMANDS_H
#define DUET_APPS_MODELS_COMMANDS_H

int models_diff(int argc, char **argv);
int models_fetch(int argc, char **argv);
int models_import(int argc, char **argv);
int models_show(int argc, char **argv);

#endif
