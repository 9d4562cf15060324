/* System calls that Swift can't make: variadic functions, functions that need macros, and
   functions without a wrapper in older C libraries. */
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>
#include <sys/types.h>

/* The program's name and arguments as passed to execve(2), without use of /proc. The array ends
   with NULL. NULL if the C library passes no arguments to constructors. */
char *const *linux_arguments(void);

/* A descriptor of a process that becomes readable when the process exits (pidfd_open(2), Linux
   5.3); -1 and errno on failure. */
int linux_pidfd_open(pid_t pid);

/* Sends SIGKILL to exactly the process of the descriptor (pidfd_send_signal(2), Linux 5.1).
   Returns 0, or -1 and errno. */
int linux_pidfd_kill(int descriptor);

/* Sends a signal to exactly the process of the descriptor. Returns 0, or -1 and errno. */
int linux_pidfd_signal(int descriptor, int signal);

/* Receives a datagram without blocking, and the sender's user ID from the kernel (unix(7),
   SCM_CREDENTIALS; the socket needs SO_PASSCRED). Returns the length, or -1 and errno: EMSGSIZE
   for a datagram that doesn't fit. *user is -1 if the kernel reports none. */
ssize_t linux_receive(int socket, void *bytes, size_t size, uid_t *user);

/* A descriptor that becomes readable when a file is renamed into a directory, or the directory
   is removed or renamed (inotify(7)); -1 and errno on failure. */
int linux_watch_directory(const char *path);

/* Flags in the result of linux_watch_came. */
enum { LINUX_WATCH_FILLED = 1, LINUX_WATCH_REMOVED = 2, LINUX_WATCH_RENAMED = 4 };

/* What happened to the directory, from the bytes that were read from the descriptor. */
int linux_watch_came(const void *bytes, ssize_t size);

/* A descriptor with O_PATH (open(2)): opening has no effect on the file and never blocks; -1 and
   errno on failure. */
int linux_open_path(const char *path);

/* Bind-mounts `source`, a path without symbolic links, at a new name in a directory, in the
   mount namespace `space` (setns(2)) or, with -1, in the namespace of this process. Afterwards
   the mount can't be replaced by another file; a symbolic link on the path gives ELOOP. Missing
   directories of the path are created if `makes` is not 0. Returns 0, or -1 and errno. */
int linux_pin(int space, const char *source, const char *directory, const char *name, int makes);

/* Removes a mount of linux_pin and its mount point, and with the last one the directory. Returns
   0, or -1 and errno. */
int linux_unpin(int space, const char *directory, const char *name);

/* Exchanges two files atomically (renameat2(2), Linux 3.15). Returns 0, or -1 and errno. */
int linux_exchange(const char *one, const char *other);

/* Creates a pipe with both ends closed on exec (pipe2(2)). Returns 0, or -1 and errno. */
int linux_pipe(int ends[2]);

/* Excludes this process's memory from core dumps from now on (prctl(2), PR_SET_DUMPABLE). */
void linux_forbid_dumps(void);

/* Whether linux_forbid_dumps is in effect. */
int linux_forbids_dumps(void);

/* Sets an extended attribute of a directory, and replaces its old value (setxattr(2)). Returns
   0, or -1 and errno. */
int linux_set_attribute(const char *path, const char *name, const void *bytes, size_t size);

/* Reads an extended attribute of a directory without following symbolic links (getxattr(2)).
   Returns its length, or -1 and errno: ENODATA if there is none, ERANGE if it is longer than
   `size`. */
ssize_t linux_get_attribute(const char *path, const char *name, void *bytes, size_t size);

/* Creates a file in a directory for appending (openat(2), O_EXCL). Returns a descriptor, or -1
   and errno: EEXIST if the name exists. */
int linux_create_at(int directory, const char *name, mode_t mode);

/* A descriptor with O_PATH (openat(2)) of a name in a directory; a symbolic link isn't followed.
   Opening has no effect on the file and never blocks. -1 and errno on failure. */
int linux_find_at(int directory, const char *name);

/* Opens a subdirectory of a directory; a symbolic link isn't followed. Returns a descriptor, or
   -1 and errno. */
int linux_open_directory_at(int directory, const char *name);

/* Sets an extended attribute of an open file (fsetxattr(2)). Returns 0, or -1 and errno, for
   example if the file system has no extended attributes. */
int linux_mark_file(int file, const char *name, const char *value);

/* Reads that attribute of an open file (fgetxattr(2)). Returns its length, or -1 and errno. */
ssize_t linux_read_mark(int file, const char *name, char *value, size_t size);

/* Whether a path is on a file system of the kernel: /proc, /sys or a cgroup hierarchy. */
int linux_is_kernels(const char *path);

/* The number of BPF programs that control the device access of a version 2 cgroup (bpf(2),
   BPF_PROG_QUERY); -1 and errno if it can't be queried. */
int linux_cgroup_device_programs(const char *group);

/* A descriptor that becomes readable when a cgroup has reached its memory limit and nothing
   could be reclaimed: an eventfd (version 1, cgroup-v1/memory.rst), or a watch on its event file
   (version 2), which also reports other events. -1 and errno on failure. */
int linux_watch_memory(const char *group, int is_unified);

/* Accepts a connection without blocking; the descriptor is closed on exec and nonblocking
   (accept4(2)). -1 and errno on failure. */
int linux_accept(int socket);

/* The process and user at the other end of a connected unix socket (unix(7), SO_PEERCRED).
   Returns 0, or -1 and errno. */
int linux_peer(int socket, pid_t *process, uid_t *user);

/* A program to start. */
struct linux_program {
  /* The working directory. */
  const char *directory;
  /* The path of the program and its arguments; ends with NULL. */
  char *const *arguments;
  /* The environment variables, NAME=VALUE; ends with NULL. */
  char *const *environment;
  /* Standard input. */
  int input;
  /* Standard output; not 0. */
  int output;
  /* Standard error; neither 0 nor 1. */
  int error;
};

/* Finds the children of a process, at most `most`, in the `stat` files of all processes. It is
   for kernels whose /proc has no `children` files: Linux before 4.2 without
   CONFIG_CHECKPOINT_RESTORE. It is safe after a fork of a process with threads. Returns the
   number of children, or -1 and errno if /proc can't be read. */
int linux_children(pid_t parent, pid_t *found, int most);

/* Starts a program in a new session. The program and all its descendants, in any session, are
   killed when this process exits for any reason. When the program exits, its remaining
   descendants are killed too.

   If the program kills its guard, linux_wait_program kills the remaining descendants: this
   process is a subreaper until that function returns. If the program stops its guard, the guard
   is continued within a second, or when the calling thread exits, so call both functions on one
   thread. One case is not covered: the guard is killed, and this process is killed too before
   linux_wait_program returns. The program is then killed, but its descendants live until their
   cgroup is destroyed.

   *lifeline is a descriptor; closing it kills the program. *process and the returned descriptor
   are arguments of linux_wait_program. Returns -1 and errno if no guard can be started. */
int linux_start_program(const struct linux_program *what, pid_t *process, int *lifeline);

/* Waits until the program exits, closes the descriptor, and sets *status to the status of
   waitpid(2). Returns 0, or errno if the program could not be started. */
int linux_wait_program(pid_t process, int result, int *status);

/* From now on a crash (SIGSEGV, SIGILL, SIGBUS, SIGFPE, SIGTRAP, SIGABRT) writes two lines to
   standard error before the signal kills the process:
   `NAME: crashed by signal N (SIGNAME), please report this` followed by the hint, and the return
   addresses with the load address of the program, for
   `addr2line -e PROGRAM -f ADDRESS-LOADED`. A later call replaces the name (up to 63 bytes) and
   the hint (up to 159 bytes). If SWIFT_BACKTRACE is set, Swift's own backtrace follows. A stack
   overflow in another thread than the caller of this function writes no line. */
void linux_report_crashes(const char *name, const char *hint);

/* From now on large blocks are returned to the kernel as soon as they are freed, and all threads
   share one heap. This keeps the memory of a process small that sometimes reads large data. */
void linux_keep_memory_small(void);

#endif
