/* System calls that Swift can't make: variadic ones, those that need macros, and some without a wrapper in older C
   libraries. */
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>
#include <sys/types.h>

/* The program's name and arguments as execve(2) was given them, whatever /proc says; ends with
   NULL. NULL in a process whose C library tells a constructor nothing. */
char *const *linux_arguments(void);

/* A descriptor of a process that becomes readable when the process ends (pidfd_open(2), Linux 5.3);
   -1 and errno where there is none. */
int linux_pidfd_open(pid_t pid);

/* Sends SIGKILL to the very process that the descriptor stands for (pidfd_send_signal(2), Linux 5.1); 0, or -1 and
   errno. */
int linux_pidfd_kill(int descriptor);

/* Sends a signal to that process; 0, or -1 and errno. */
int linux_pidfd_signal(int descriptor, int signal);

/* Receives a datagram without waiting, with the sender's user as the kernel knows it (unix(7), SCM_CREDENTIALS; the
   socket has SO_PASSCRED). Returns its length, or -1 and errno: EMSGSIZE for one that doesn't fit. *user is -1 where
   the kernel doesn't tell. */
ssize_t linux_receive(int socket, void *bytes, size_t size, uid_t *user);

/* A descriptor that becomes readable when a file is renamed into a folder, or the folder is removed or renamed
   (inotify(7)); -1 and errno. */
int linux_watch_folder(const char *path);

/* What linux_watch_came tells. */
enum { LINUX_WATCH_FILLED = 1, LINUX_WATCH_REMOVED = 2, LINUX_WATCH_RENAMED = 4 };

/* What has happened to the folder, from what was read from the descriptor. */
int linux_watch_came(const void *bytes, ssize_t size);

/* A descriptor that only stands for a file: nothing is done to it, nor waited for (open(2), O_PATH); -1 and errno. */
int linux_open_path(const char *path);

/* Mounts what a path without links leads to in a directory, at a name that is made for it, in a mount namespace (setns(2));
   -1 for this process's own. Once done nobody can put something else in the place of what was found: ELOOP where that was
   done before. What is missing of the path is made, directories, where `makes` says so. 0, or -1 and errno. */
int linux_pin(int space, const char *source, const char *directory, const char *name, int makes);

/* Takes back what linux_pin has mounted and made, and with the last the directory. 0, or -1 and errno. */
int linux_unpin(int space, const char *directory, const char *name);

/* Exchanges two files at once (renameat2(2), Linux 3.15); -1 and errno where that can't be. */
int linux_exchange(const char *one, const char *other);

/* The two ends of a pipe, both closed on exec (pipe2(2)); 0, or -1 and errno. */
int linux_pipe(int ends[2]);

/* No core dump has this process's memory from now on (prctl(2), PR_SET_DUMPABLE). */
void linux_forbid_dumps(void);

/* Whether that is so. */
int linux_forbids_dumps(void);

/* Writes a directory's extended attribute (setxattr(2)), in the place of what it held; 0, or -1 and errno. */
int linux_set_attribute(const char *path, const char *name, const void *bytes, size_t size);

/* Reads a directory's extended attribute (getxattr(2)); its length, or -1 and errno: ENODATA where it has none, ERANGE
   where it is longer. Links aren't followed. */
ssize_t linux_get_attribute(const char *path, const char *name, void *bytes, size_t size);

/* A new file of a directory, to append to; -1 and errno: EEXIST where there is anything of that name (openat(2), O_EXCL). */
int linux_create_at(int directory, const char *name, mode_t mode);

/* A descriptor that only stands for what has a name in a directory, a link itself included: nothing is done to it, nor
   waited for (openat(2), O_PATH); -1 and errno. */
int linux_find_at(int directory, const char *name);

/* A directory in a directory, no link to one; -1 and errno. */
int linux_open_directory_at(int directory, const char *name);

/* Gives an open file an extended attribute (fsetxattr(2)); 0, or -1 and errno where its file system has none. */
int linux_mark_file(int file, const char *name, const char *value);

/* The value of that attribute of an open file: its length, or -1 and errno (fgetxattr(2)). */
ssize_t linux_read_mark(int file, const char *name, char *value, size_t size);

/* Whether the kernel makes the files there: /proc, /sys and cgroups. */
int linux_is_kernels(const char *path);

/* How many programs decide which devices a cgroup of version 2 may use (bpf(2), BPF_PROG_QUERY); -1 and errno where that
   can't be asked. */
int linux_cgroup_device_programs(const char *group);

/* A descriptor that becomes readable when a cgroup has reached its memory limit and nothing could be reclaimed: an eventfd
   (version 1, cgroup-v1/memory.rst), or a watch on its events (version 2), which come of other causes too. -1 and errno. */
int linux_watch_memory(const char *group, int is_unified);

/* The next connection, without waiting and closed on exec (accept4(2)); -1 and errno. */
int linux_accept(int socket);

/* The process and user at the other end of a connected unix socket (unix(7), SO_PEERCRED). Returns 0 or -1. */
int linux_peer(int socket, pid_t *process, uid_t *user);

/* A program to start. */
struct linux_program {
  /* Where it runs. */
  const char *folder;
  /* Its path, and what it is given; ends with NULL. */
  char *const *arguments;
  /* Its variables, NAME=VALUE; ends with NULL. */
  char *const *environment;
  /* Its standard input. */
  int input;
  /* Its standard output; not 0. */
  int output;
  /* Its standard error; neither 0 nor 1. */
  int error;
};

/* The children of a process, as the `stat` of every process in /proc says: at most `most` of them.
   For kernels whose /proc has no `children`, which Linux before 4.2 lacks where it was built
   without CONFIG_CHECKPOINT_RESTORE. Safe after a fork of a process with threads. Returns how many were
   found, or -1 and errno where /proc can't be read. */
int linux_children(pid_t parent, pid_t *found, int most);

/* Starts a program in a session of its own that ends with this process, however that ends, and with all that it started,
   in whatever session. When the program itself ends, what it left running ends too.
   Where the program kills its guard, linux_wait_program ends what is left, since this process is a subreaper until it
   returns; where it stops its guard, that goes on within a second, or when the calling thread ends: call both functions
   on one thread. What no watch covers: the guard is killed, and this process too before linux_wait_program returns. Then
   the program ends, and what it started in turn lives until its cgroup is destroyed.
   *lifeline is a descriptor whose closing kills it; *process and the returned descriptor are for linux_wait_program.
   -1 and errno where there can be no guard. */
int linux_start_program(const struct linux_program *what, pid_t *process, int *lifeline);

/* Waits for the program's end, closes the descriptor, and sets the status as waitpid(2) has it.
   Returns 0, or errno where the program could not be started. */
int linux_wait_program(pid_t process, int result, int *status);

/* From now on a crash (SIGSEGV, SIGILL, SIGBUS, SIGFPE, SIGTRAP, SIGABRT) writes two lines to standard error before the
   signal ends the process: `NAME: crashed by signal N (SIGNAME), please report this` with the hint behind it, and the
   return addresses with the address that the program is loaded at, for `addr2line -e PROGRAM -f ADDRESS-LOADED`. A
   later call replaces name (of up to 63 bytes) and hint (of up to 159). Where SWIFT_BACKTRACE is set, Swift's own backtrace follows.
   A stack overflow of another thread than the one that calls this leaves no line. */
void linux_report_crashes(const char *name, const char *hint);

/* From now on large blocks are returned to the kernel as soon as they are freed, and threads share one heap: the memory of
   a process that at times reads much stays small. */
void linux_keep_memory_small(void);

#endif
