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
  atomic_int_fast64_t next_look; /* CLOCK_MONOTONIC, ns: a full spool is not looked into before */
} hook_spool;

/* 0 or an errno. A folder that can't be had now is no error: the next event tries again. */
int hook_spool_open(hook_spool *spool, const char *path);

/* 0, an errno, or HOOK_SPOOL_IS_FULL. */
int hook_spool_write(hook_spool *spool, const hook_event *event, const struct iovec parts[HOOK_EVENT_PARTS]);

#endif
