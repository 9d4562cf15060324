/* System calls that Swift can't make: syscall(2) is variadic, and some have no wrapper in older C libraries. */
#ifndef CLINUX_H
#define CLINUX_H

#include <sys/types.h>

/* A descriptor of a process that becomes readable when the process ends (pidfd_open(2), Linux 5.3);
   -1 and errno where there is none. */
int linux_pidfd_open(pid_t pid);

#endif
