/* System calls that Swift can't make: variadic ones, those that need macros, and some without a wrapper in older C
   libraries. */
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>
#include <sys/types.h>

/* A descriptor of a process that becomes readable when the process ends (pidfd_open(2), Linux 5.3);
   -1 and errno where there is none. */
int linux_pidfd_open(pid_t pid);

/* Receives a datagram without waiting, with the sender's user as the kernel knows it (unix(7), SCM_CREDENTIALS; the
   socket has SO_PASSCRED). Returns its length, or -1 and errno: EMSGSIZE for one that doesn't fit. *user is -1 where
   the kernel doesn't tell. */
ssize_t linux_receive(int socket, void *bytes, size_t size, uid_t *user);

/* A descriptor that becomes readable when a file is renamed into a folder, or the folder is removed or renamed
   (inotify(7)); -1 and errno. */
int linux_watch_folder(const char *path);

/* Whether what was read from it says that the folder was removed or renamed. */
int linux_watch_ended(const void *bytes, ssize_t size);

/* The next connection, without waiting and closed on exec (accept4(2)); -1 and errno. */
int linux_accept(int socket);

/* The process and user at the other end of a connected unix socket (unix(7), SO_PEERCRED). Returns 0 or -1. */
int linux_peer(int socket, pid_t *process, uid_t *user);

#endif
