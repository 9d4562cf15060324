/* One spool that several processes share: its bound, its reader, and the effect of a fork. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

enum { WRITERS = 4 };

static void fill(hook_shim *shim) {
  while (send_one(shim).outcome == HOOK_SHIM_SPOOLED) continue;
}

/* Four processes with a shim each fill one spool: together they respect its bound, apart from one
 * concurrent call of each process. */
void processes(void) {
  pid_t children[WRITERS];
  for (int i = 0; i < WRITERS; i++) {
    children[i] = fork();
    if (children[i] == 0) {
      fill(opened());
      _exit(failures);
    }
  }
  for (int i = 0; i < WRITERS; i++) {
    int status = -1;
    CHECK(waitpid(children[i], &status, 0) == children[i] && status == 0);
  }
  int count = spooled_files();
  CHECK(count >= HOOK_SHIM_SPOOL_FILES && count < HOOK_SHIM_SPOOL_FILES + WRITERS);
}

static double cpu(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* An event that a full spool refuses doesn't make the agent's thread read the directory. Sanitizers
 * and a cold cache make a call several times slower. Reading all names takes about 10 ms without
 * sanitizers and with a warm cache. With a read every 250 ms, about eight calls would be that slow.
 * A busy machine can slow down some of the others. */
void cost(void) {
  hook_shim *shim = opened();
  fill(shim);
  double longest = 0, end = seconds() + 2;
  int calls = 0, slow = 0;
  do {
    double begin = cpu();
    CHECK(send_one(shim).outcome == HOOK_SHIM_FULL);
    double took = cpu() - begin;
    if (took > longest) longest = took;
    slow += took >= 0.004;
    calls++;
    sched_yield();
  } while (seconds() < end);
  fprintf(stderr, "%d refusals, %d slow, the longest %.0f us of cpu\n", calls, slow, longest * 1e6);
  CHECK(slow <= 3);
  hook_shim_close(shim);
}

static atomic_int over;

static void *send_on(void *shim) {
  while (!atomic_load(&over)) send_one(shim);
  return NULL;
}

/* A process that forks while other threads check a full spool: each child finds the room that is
 * made later. */
void forks(void) {
  enum { CHILDREN = 60 };
  hook_shim *shim = opened();
  fill(shim);
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, send_on, shim) == 0);
  int gate[2];
  CHECK(pipe2(gate, O_CLOEXEC) == 0);
  pid_t children[CHILDREN];
  for (int i = 0; i < CHILDREN; i++) {
    children[i] = fork();
    if (children[i] == 0) {
      close(gate[1]);
      char byte;
      if (read(gate[0], &byte, 1) != 0) _exit(2);
      double end = seconds() + 120;
      while (seconds() < end) {
        if (send_one(shim).outcome == HOOK_SHIM_SPOOLED) _exit(0);
        sched_yield();
      }
      _exit(1);
    }
    double next = seconds() + 0.013; /* spread over the 250 ms between two checks */
    while (seconds() < next) sched_yield();
  }
  atomic_store(&over, 1);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  ledger *book = calloc(1, sizeof *book);
  take_events(book, "spool"); /* without the count, like another program */
  close(gate[0]);
  close(gate[1]);
  int refused = 0;
  for (int i = 0; i < CHILDREN; i++) {
    int status = -1;
    CHECK(waitpid(children[i], &status, 0) == children[i]);
    refused += status != 0;
  }
  CHECK(refused == 0);
  free(book);
  hook_shim_close(shim);
}

/* A reader that exchanges the directory for an empty one and reads it later: no event is lost,
 * whichever of the two directories a writer used. */
void exchange(void) {
  enum { EVENTS = 8000 };
  hook_shim *shim = opened();
  ledger *book = calloc(1, sizeof *book);
  CHECK(mkdir(below("taken"), 0700) == 0);
  int done[2];
  CHECK(pipe2(done, O_CLOEXEC | O_NONBLOCK) == 0);
  pid_t child = fork();
  if (child == 0) {
    int spooled = 0;
    for (int i = 0; i < EVENTS; i++) spooled += send_one(shim).outcome == HOOK_SHIM_SPOOLED;
    CHECK(spooled == EVENTS);
    _exit(failures);
  }
  int status = -1;
  while (waitpid(child, &status, WNOHANG) == 0) {
    CHECK(syscall(SYS_renameat2, AT_FDCWD, below("spool"), AT_FDCWD, below("taken"), 2) == 0);
    take_events(book, "taken");
    unlink(below("taken/" HOOK_SHIM_SPOOL_COUNT));
  }
  CHECK(status == 0);
  take_events(book, "taken");
  take_spool(book);
  CHECK(book->total == EVENTS && book->twice == 0 && book->broken == 0);
  free(book);
  hook_shim_close(shim);
}

/* Files are counted if the count is missing, except those whose names aren't those of events. */
void uncounted(void) {
  hook_shim *shim = opened();
  fill(shim);
  close(open(below("spool/README"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  CHECK(unlink(below("spool/" HOOK_SHIM_SPOOL_COUNT)) == 0);
  hook_shim *other = opened();
  CHECK(send_one(other).outcome == HOOK_SHIM_FULL && send_one(shim).outcome == HOOK_SHIM_FULL);
  ledger *book = calloc(1, sizeof *book);
  CHECK(unlink(below("spool/README")) == 0);
  take_spool(book);
  CHECK(book->total == HOOK_SHIM_SPOOL_FILES);
  CHECK(send_one(shim).outcome == HOOK_SHIM_SPOOLED);
  free(book);
  hook_shim_close(other);
  hook_shim_close(shim);
}
