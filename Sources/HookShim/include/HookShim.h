/* Tells pod-reaper that an executor started or is gone, from within a process that must not wait.
 *
 * An event goes out as one datagram on the reaper's unix socket. If nobody listens, or the reaper's
 * queue is full, it becomes a file in the spool folder, which the reaper reads when it can. C11 and
 * libc, nothing else.
 *
 * What a caller can rely on:
 * - No call waits for the reaper or for other threads, and none takes a lock of its own. A call that
 *   spools waits for what the kernel waits for: the lock of the folder's inode, while another writer
 *   makes its file, while a reader that reads the folder where it is lists it or removes from it, or
 *   where an event was about to be written into a folder that was just exchanged. With a reader that
 *   exchanges the folder and waits a moment, as pod-reaper does, that is another writer's time alone.
 *   The folder should lie on tmpfs (the default does): on a disk a call waits for its file system.
 * - No call raises SIGPIPE or SIGXFSZ, changes errno, allocates memory (but for one block in
 *   hook_shim_open), or looks at what the strings hold: any bytes will do.
 * - Any number of threads may use one hook_shim.
 *
 * The event format, version 1, is what the constants HOOK_EVENT_… below say. Numbers are
 * little-endian; an event is `length` bytes, no more: a header, then fields to its end.
 *
 * A reader skips tags that it doesn't know; a new field is no new version. A string is at most
 * HOOK_SHIM_LONGEST bytes, so that an event with two of them (131,152 bytes) fits a socket's default
 * send buffer (212,992); where an administrator made that smaller, a long event is spooled. A longer
 * string is refused, not cut: half an ID is somebody else's ID.
 *
 * The spool. A file holds one event. It is written under a name that begins with a dot, then renamed to
 *
 *   BOOTTIME-PID-SEQUENCE-INSTANCE-SIZE.event
 *
 * (20, 10 and 20 decimal digits, 16 hexadecimal ones, size in bytes), so that names sort in the order
 * of events. The folder must belong to the caller or root and be writable for nobody else; a missing
 * one is made with mode 0700 (its parent with 0755), whatever the umask. A reader removes what it has
 * consumed, and events' names with a dot that are older than a minute: their writer died. It may exchange
 * the folder for an empty one (pod-reaper: SPOOL.taken) and read that; who had opened the old one before
 * goes on writing there, so it has to be read again, and must not be removed. Last it removes the count.
 *
 * Bounds of the spool: HOOK_SHIM_SPOOL_BYTES bytes in whole 4 KiB pages, as tmpfs takes them, and so at
 * most HOOK_SHIM_SPOOL_FILES files. Past it new events are refused: the oldest are kept. The size of the
 * file HOOK_SHIM_SPOOL_COUNT is the count in pages: whoever has spooled an event appends as many bytes, in
 * one write, so that there is one bound for all threads and processes. It may be passed by one event for
 * each call that is under way at once, and by what is spooled while a reader reads the folder where it is.
 * A full spool is found by the size alone: no call reads the folder, but for (a) hook_shim_open, where
 * there are events and no count, and (b) two reads of 2 KiB, some twenty names each, at most four times a
 * second in each process while it is full: if no more events are there, somebody has removed them and not
 * the count, which then begins anew.
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

/* The event format. What is AT an offset, in bytes from the event's begin, has its size behind it. */
#define HOOK_EVENT_MAGIC 0x4b485043u /* "CPHK", at 0; 4 bytes */
#define HOOK_EVENT_VERSION 1         /* another one means that nothing after it can be relied on */
#define HOOK_EVENT_AT_VERSION 4      /* 2 */
#define HOOK_EVENT_AT_KIND 6         /* 2; unknown kinds are to be skipped */
#define HOOK_EVENT_AT_LENGTH 8       /* 4; of the whole event in bytes */
#define HOOK_EVENT_AT_PID 12         /* 4; of the sender, in its own pid namespace */
#define HOOK_EVENT_AT_INSTANCE 16    /* 8; a random number of each hook_shim */
/* 8; 1, 2, 3… in each instance. Pid, instance and sequence together are the event's id: an event that
 * comes twice is known by it. */
#define HOOK_EVENT_AT_SEQUENCE 24
#define HOOK_EVENT_AT_WALL_CLOCK 32 /* 8; nanoseconds since 1970 */
#define HOOK_EVENT_AT_BOOT_TIME 40  /* 8; CLOCK_BOOTTIME in nanoseconds: orders the events of one boot */
/* 16; /proc/sys/kernel/random/boot_id in binary; zeros if that is not readable */
#define HOOK_EVENT_AT_BOOT_ID 48
#define HOOK_EVENT_HEADER 64 /* the header's size */

/* A field: tag (2), zero (2), length in bytes (4), that many bytes. */
#define HOOK_FIELD_AT_LENGTH 4
#define HOOK_FIELD_HEADER 8 /* the size of what is before its bytes */

#define HOOK_EVENT_STARTED 1 /* has the fields run and sandbox */
#define HOOK_EVENT_REMOVED 2 /* has the fields framework and executor */
#define HOOK_FIELD_RUN 1
#define HOOK_FIELD_SANDBOX 2
#define HOOK_FIELD_FRAMEWORK 3
#define HOOK_FIELD_EXECUTOR 4

/* A way to the reaper. */
typedef struct hook_shim hook_shim;

/* Where an event went. */
typedef enum {
  HOOK_SHIM_DELIVERED = 0, /* the reaper's queue has it */
  HOOK_SHIM_SPOOLED = 1,   /* the spool has it */
  HOOK_SHIM_REFUSED = 2,   /* nowhere: a string is too long, or a null pointer with a length */
  HOOK_SHIM_FULL = 3,      /* nowhere: not delivered, and the spool is at its bound */
  HOOK_SHIM_FAILED = 4     /* nowhere: not delivered, and the spool could not be written */
} hook_shim_outcome;

/* What became of an event, and why. */
typedef struct {
  hook_shim_outcome outcome;
  int socket_errno; /* why it was not delivered, or 0 */
  int spool_errno;  /* why it was not spooled, or 0 */
} hook_shim_result;

/* Opens a way to the reaper. Neither the reaper nor its folder need to exist as yet.
 *
 * A null or empty path is the default. Returns 0, or an errno with *shim null: EINVAL if a path is not
 * absolute, or the spool in /proc, /sys or a cgroup, ENAMETOOLONG if it is too long (107 bytes for the
 * socket, as the kernel has it; 3,900 for the spool, 255 for each of its components), ENOTDIR if the spool is there and no folder, EPERM if others may write to it, ENOMEM.
 */
int hook_shim_open(const char *socket_path, const char *spool_path, hook_shim **shim);

/* An executor's container was launched: its run (Mesos' container ID) and its sandbox's path. */
hook_shim_result hook_shim_started(
    hook_shim *shim, const char *run, size_t run_length, const char *sandbox, size_t sandbox_length);

/* The agent removed an executor. */
hook_shim_result hook_shim_removed(
    hook_shim *shim, const char *framework, size_t framework_length, const char *executor,
    size_t executor_length);

/* What became of an event as one line without a newline, cut to `size` with its zero byte. */
void hook_shim_describe(hook_shim_result result, char *line, size_t size);

/* Closes it; no other call may be under way. Null is allowed. */
void hook_shim_close(hook_shim *shim);

#ifdef __cplusplus
}
#endif

#endif
