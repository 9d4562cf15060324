/* The spool folder of a hook_shim: writing into it, and how much it may hold. Not for callers. */
#ifndef COMPOSE_PODS_HOOK_SPOOL_H
#define COMPOSE_PODS_HOOK_SPOOL_H

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

enum { HOOK_EVENT_PARTS = 4 };

/* What hook_spool_write returns when the bound is reached; no errno is negative. */
enum { HOOK_SPOOL_IS_FULL = -1 };

/* What names an event, beside its bytes. */
typedef struct {
  size_t size;
  uint64_t boottime;
  pid_t pid;
  uint64_t instance;
  uint64_t sequence;
} hook_event;

typedef struct {
  char path[3904];
  /* What was added since the shim was opened, minus these, is what the folder holds: a count by reading
   * changes only what is subtracted, and so loses nothing that is added meanwhile. */
  atomic_int_fast64_t added_files, added_bytes;
  atomic_int_fast64_t gone_files, gone_bytes;
  atomic_uint_fast64_t folder; /* which folder was counted: device and inode, mixed; 0 none */
  atomic_flag counting;
  atomic_int_fast64_t next_count; /* CLOCK_MONOTONIC, ns: not again before */
} hook_spool;

/* 0 or an errno. A folder that can't be had now is no error: the next event tries again. */
int hook_spool_open(hook_spool *spool, const char *path);

/* 0, an errno, or HOOK_SPOOL_IS_FULL. */
int hook_spool_write(hook_spool *spool, const hook_event *event, const struct iovec parts[HOOK_EVENT_PARTS]);

#endif
