/* The guards that this process has started, and the orphans that it inherits from killed guards.
   Internal to CLinux. */
#ifndef CLINUX_GUARDS_H
#define CLINUX_GUARDS_H

#include <sys/types.h>

/* Held from before the fork until the guard is listed, so that a new guard isn't mistaken for an
   orphan. */
void guards_lock(void);

/* Lists a new guard, unless `process` is -1, and unlocks. This process is a subreaper while
   guards are listed. */
void guards_unlock(pid_t process);

/* Removes a reaped guard from the list. */
void guards_strike(pid_t process);

/* Kills the children in other sessions that are not guards: inherited orphans, since this
   process starts nothing else in other sessions. Returns how many there were. */
int guards_kill_fallen(void);

/* Reads the process IDs, at most `most`, from a `children` file of /proc (proc(5)). Returns
   their number, or -1 and errno if the file can't be read. */
int guards_listed(const char *path, pid_t *found, int most);

#endif
