/* The spool directory of a hook_shim: writing events, and the limit of its size. Internal to
 * HookShim. */
#ifndef COMPOSE_PODS_HOOK_SPOOL_H
#define COMPOSE_PODS_HOOK_SPOOL_H

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

enum { HOOK_EVENT_PARTS = 4 };

/* The result of hook_spool_write when the spool is full; an errno is never negative. */
enum { HOOK_SPOOL_IS_FULL = -1 };

/* The parts of an event that are in its file name. */
typedef struct {
  size_t size;
  uint64_t boottime;
  pid_t pid;
  uint64_t instance;
  uint64_t sequence;
} hook_event;

typedef struct {
  char path[3904];
  atomic_int_fast64_t next_look; /* CLOCK_MONOTONIC, ns: a full spool is not read before */
} hook_spool;

/* Returns 0 or an errno. A directory that isn't available now is no error: the next event tries
 * again. */
int hook_spool_open(hook_spool *spool, const char *path);

/* Returns 0, an errno, or HOOK_SPOOL_IS_FULL. */
int hook_spool_write(hook_spool *spool, const hook_event *event, const struct iovec parts[HOOK_EVENT_PARTS]);

#endif
