/* The guards that this process has started, and what falls to it when one of them is killed. Not for callers. */
#ifndef CLINUX_GUARDS_H
#define CLINUX_GUARDS_H

#include <sys/types.h>

/* Nobody takes a new guard for something that fell to this process: held from before the fork until it is listed. */
void guards_lock(void);

/* Lists a new guard, unless it is -1. While there are any, this process is a subreaper. */
void guards_unlock(pid_t process);

/* A guard was waited for. */
void guards_strike(pid_t process);

/* Kills the children in other sessions that are no guards: what fell to this process, which starts nothing else there.
   Returns how many there were. */
int guards_kill_fallen(void);

/* The processes in a `children` file of /proc (proc(5)), at most `most`; -1 and errno where it can't be read. */
int guards_listed(const char *path, pid_t *found, int most);

#endif
