/* Notifies pod-reaper that an executor started or was removed, from a process that must not block.
 *
 * An event is sent as one datagram to the reaper's unix socket. If no process listens, or the
 * reaper's queue is full, the event becomes a file in the spool directory, which the reaper reads
 * later. The code needs C11 and libc, nothing else.
 *
 * Guarantees for callers:
 * - No call waits for the reaper or for other threads, and none takes a lock of its own. A call
 *   that spools waits for the lock of the directory's inode in the kernel: while another writer
 *   creates its file, while a reader that reads the directory in place lists it or removes files,
 *   or if the directory was exchanged just before the event was written into it. With a reader that
 *   exchanges the directory and waits a moment, as pod-reaper does, only another writer can hold
 *   the lock. The directory should be on tmpfs (the default is): on a disk a call waits for its
 *   file system.
 * - No call raises SIGPIPE or SIGXFSZ, changes errno, allocates memory (except one block in
 *   hook_shim_open), or interprets the strings: any bytes are allowed.
 * - Any number of threads may use one hook_shim.
 *
 * The event format is version 1. The constants HOOK_EVENT_… below define it. Numbers are
 * little-endian. An event is exactly `length` bytes: a header, then fields to its end.
 *
 * A reader skips unknown tags; a new field doesn't change the version. A string is at most
 * HOOK_SHIM_LONGEST bytes, so that an event with two of them (131,152 bytes) fits the default send
 * buffer of a socket (212,992 bytes). If an administrator made that smaller, a long event is
 * spooled. A longer string is refused, not cut: a truncated ID could be the ID of another executor.
 *
 * The spool. A file holds one event. It is written under a name that begins with a dot, and then
 * renamed to
 *
 *   BOOTTIME-PID-SEQUENCE-INSTANCE-SIZE.event
 *
 * (20, 10 and 20 decimal digits, 16 hexadecimal digits, size in bytes), so that the order of names
 * is the order of events. The directory must belong to the caller or to root, and only its owner
 * may write to it. A missing directory is created with mode 0700 (its parent with 0755), whatever
 * the umask. A reader removes the events that it has consumed, and events whose name begins with a
 * dot and that are older than a minute: their writer died. It may exchange the directory for an
 * empty one (pod-reaper: SPOOL.taken) and read the old one. A writer that had opened the old
 * directory before still writes to it, so the reader must read it again, and must not remove it.
 * The reader removes the count last.
 *
 * Limits of the spool: HOOK_SHIM_SPOOL_BYTES bytes in whole 4 KiB pages, as tmpfs allocates them,
 * and so at most HOOK_SHIM_SPOOL_FILES files. When the limit is reached, new events are refused,
 * and the oldest are kept. The size of the file HOOK_SHIM_SPOOL_COUNT is the number of pages: after
 * spooling an event a writer appends one byte for each page, in one write, so that all threads and
 * processes share one limit. It can be exceeded by one event for each concurrent call, and by the
 * events that are spooled while a reader reads the directory in place. Only this size shows that a
 * spool is full: no call reads the directory, except (a) hook_shim_open, if there are events and no
 * count, and (b) a call that finds the spool full, which makes two reads of 2 KiB (about twenty
 * names each) at most four times a second in each process. If the directory then has fewer events
 * than the count, somebody removed them but not the count, and the count is created again.
 */
#ifndef COMPOSE_PODS_HOOK_SHIM_H
#define COMPOSE_PODS_HOOK_SHIM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HOOK_SHIM_DEFAULT_SOCKET "/run/compose-pods/notify.sock"
#define HOOK_SHIM_DEFAULT_SPOOL "/run/compose-pods/spool"

#define HOOK_SHIM_LONGEST 65536
#define HOOK_SHIM_SPOOL_FILES 16384
#define HOOK_SHIM_SPOOL_BYTES (64 * 1024 * 1024)
#define HOOK_SHIM_SPOOL_COUNT ".count"

/* The event format. AT constants are offsets in bytes from the start of the event; each comment
 * begins with the size in bytes. */
#define HOOK_EVENT_MAGIC 0x4b485043u /* "CPHK", at 0; 4 bytes */
#define HOOK_EVENT_VERSION 1         /* nothing after another version can be relied on */
#define HOOK_EVENT_AT_VERSION 4      /* 2 */
#define HOOK_EVENT_AT_KIND 6         /* 2; a reader skips unknown kinds */
#define HOOK_EVENT_AT_LENGTH 8       /* 4; of the whole event in bytes */
#define HOOK_EVENT_AT_PID 12         /* 4; of the sender, in its own pid namespace */
#define HOOK_EVENT_AT_INSTANCE 16    /* 8; a random number of each hook_shim */
/* 8; 1, 2, 3… in each instance. PID, instance and sequence are the ID of the event, by which a
 * reader recognizes an event that arrives twice. */
#define HOOK_EVENT_AT_SEQUENCE 24
#define HOOK_EVENT_AT_WALL_CLOCK 32 /* 8; nanoseconds since 1970 */
#define HOOK_EVENT_AT_BOOT_TIME 40  /* 8; CLOCK_BOOTTIME in ns: orders the events of one boot */
/* 16; /proc/sys/kernel/random/boot_id in binary; zeros if it can't be read */
#define HOOK_EVENT_AT_BOOT_ID 48
#define HOOK_EVENT_HEADER 64 /* the header's size */

/* A field: tag (2 bytes), zero (2), length in bytes (4), then that many bytes. */
#define HOOK_FIELD_AT_LENGTH 4
#define HOOK_FIELD_HEADER 8 /* the size of a field before its bytes */

#define HOOK_EVENT_STARTED 1 /* has the fields run and sandbox */
#define HOOK_EVENT_REMOVED 2 /* has the fields framework and executor */
#define HOOK_FIELD_RUN 1
#define HOOK_FIELD_SANDBOX 2
#define HOOK_FIELD_FRAMEWORK 3
#define HOOK_FIELD_EXECUTOR 4

/* A connection to the reaper. */
typedef struct hook_shim hook_shim;

/* Where an event was delivered. */
typedef enum {
  HOOK_SHIM_DELIVERED = 0, /* the event is in the reaper's queue */
  HOOK_SHIM_SPOOLED = 1,   /* the event is in the spool */
  HOOK_SHIM_REFUSED = 2,   /* not delivered: a string is too long, or null with a length */
  HOOK_SHIM_FULL = 3,      /* not delivered, and the spool is full */
  HOOK_SHIM_FAILED = 4     /* not delivered, and the spool could not be written */
} hook_shim_outcome;

/* The outcome of an event, and its cause. */
typedef struct {
  hook_shim_outcome outcome;
  int socket_errno; /* why the event was not delivered, or 0 */
  int spool_errno;  /* why the event was not spooled, or 0 */
} hook_shim_result;

/* Opens a connection to the reaper. Neither the reaper nor its directory needs to exist yet.
 *
 * A null or empty path means the default. Returns 0, or an errno with *shim null: EINVAL if a path
 * is not absolute, or the spool is in /proc, /sys or a cgroup hierarchy; ENAMETOOLONG if a path is
 * too long (107 bytes for the socket, as in unix(7); 3,900 for the spool, 255 for each of its
 * components); ENOTDIR if the spool exists and is not a directory; EPERM if other users may write
 * to it; ENOMEM.
 */
int hook_shim_open(const char *socket_path, const char *spool_path, hook_shim **shim);

/* An executor's container was launched: its run (Mesos' container ID) and the path of its
 * sandbox. */
hook_shim_result hook_shim_started(
    hook_shim *shim, const char *run, size_t run_length, const char *sandbox, size_t sandbox_length);

/* The agent removed an executor. */
hook_shim_result hook_shim_removed(
    hook_shim *shim, const char *framework, size_t framework_length, const char *executor,
    size_t executor_length);

/* Describes the outcome of an event in one line without a newline, cut to `size` bytes with the
 * terminating zero byte. */
void hook_shim_describe(hook_shim_result result, char *line, size_t size);

/* Closes the connection; no other call may be in progress. `shim` may be null. */
void hook_shim_close(hook_shim *shim);

#ifdef __cplusplus
}
#endif

#endif
