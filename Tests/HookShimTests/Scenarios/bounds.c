/* Many events: several threads, a full queue, a concurrent reader, and the bounds of the spool. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

enum { THREADS = 4, EVENTS = HOOK_SHIM_SPOOL_FILES / 2 * 3 };

typedef struct {
  hook_shim *shim;
  int events;
  atomic_int *done;
  int delivered, spooled, other;
} sender;

static void *send_all(void *argument) {
  sender *self = argument;
  for (int i = 0; i < self->events; i++) {
    switch (send_one(self->shim).outcome) {
      case HOOK_SHIM_DELIVERED: self->delivered++; break;
      case HOOK_SHIM_SPOOLED: self->spooled++; break;
      default: self->other++;
    }
  }
  atomic_fetch_add(self->done, 1);
  return NULL;
}

/* Sends from all threads and calls `meanwhile` until they are done. Returns the sums. */
static sender send_from_threads(hook_shim *shim, int each, void (*meanwhile)(ledger *), ledger *book) {
  atomic_int done = 0;
  sender senders[THREADS], sum = {0};
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    senders[i] = (sender){.shim = shim, .events = each, .done = &done};
    CHECK(pthread_create(&threads[i], NULL, send_all, &senders[i]) == 0);
  }
  while (meanwhile != NULL && atomic_load(&done) < THREADS) {
    meanwhile(book);
    sched_yield();
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    sum.delivered += senders[i].delivered;
    sum.spooled += senders[i].spooled;
    sum.other += senders[i].other;
  }
  return sum;
}

/* Ten thousand events with a full queue: each is delivered or spooled, none twice. */
void full_queue(void) {
  int socket = receiver();
  hook_shim *shim = opened();
  sender sum = send_from_threads(shim, 10000 / THREADS, NULL, NULL);
  CHECK(sum.delivered > 0 && sum.spooled > 0 && sum.other == 0);
  ledger *book = calloc(1, sizeof *book);
  take_queue(book, socket);
  CHECK(book->total == sum.delivered);
  take_spool(book);
  CHECK(book->total == 10000 && book->twice == 0 && book->broken == 0 && files_with_dots() == 0);
  for (int i = 1; i <= 10000; i++) CHECK(book->came[i] == 1);
  free(book);
  close(socket);
  hook_shim_close(shim);
}

/* 1.5 times as many events as the spool can hold, with a concurrent reader: the spool doesn't stay
 * full, and each spooled event is read once. */
void churn(void) {
  hook_shim *shim = opened();
  ledger *book = calloc(1, sizeof *book);
  sender sum = send_from_threads(shim, EVENTS / THREADS, take_spool, book);
  take_spool(book);
  CHECK(sum.spooled == book->total && book->twice == 0 && book->broken == 0);
  CHECK(sum.delivered == 0 && sum.spooled + sum.other == EVENTS);
  CHECK(sum.spooled > HOOK_SHIM_SPOOL_FILES); /* the room that the reader made was used */
  free(book);
  hook_shim_close(shim);
}

/* True if the spool accepts an event again, within 250 ms or later on a busy machine. */
static bool takes_again(hook_shim *shim) {
  double deadline = seconds() + 120;
  while (seconds() < deadline) {
    if (send_one(shim).outcome == HOOK_SHIM_SPOOLED) return true;
    sched_yield();
  }
  return false;
}

/* The bound on files: the oldest are kept, another shim sees it at once, and new room is used. */
void files(void) {
  hook_shim *shim = opened();
  for (int i = 0; i < HOOK_SHIM_SPOOL_FILES; i++) CHECK(send_one(shim).outcome == HOOK_SHIM_SPOOLED);
  hook_shim_result result = send_one(shim);
  CHECK(result.outcome == HOOK_SHIM_FULL && result.spool_errno == ENOSPC && result.socket_errno == ENOENT);
  hook_shim *other = opened();
  CHECK(send_one(other).outcome == HOOK_SHIM_FULL);
  CHECK(spooled_files() == HOOK_SHIM_SPOOL_FILES);
  ledger *book = calloc(1, sizeof *book);
  take_spool(book);
  CHECK(book->total == HOOK_SHIM_SPOOL_FILES && book->came[1] == 1 && book->came[HOOK_SHIM_SPOOL_FILES] == 1);
  CHECK(takes_again(shim) && takes_again(other));
  free(book);
  hook_shim_close(other);
  hook_shim_close(shim);
}

/* The bound on bytes, counted in pages as tmpfs allocates them. */
void bytes(void) {
  static char longest[HOOK_SHIM_LONGEST];
  hook_shim *shim = opened();
  int good = 0;
  hook_shim_result result;
  do {
    result = hook_shim_removed(shim, longest, sizeof longest, longest, sizeof longest);
    good += result.outcome == HOOK_SHIM_SPOOLED;
  } while (result.outcome == HOOK_SHIM_SPOOLED && good < 1000);
  /* 64 + 2 * (8 + 65536) bytes are 33 pages. */
  CHECK(result.outcome == HOOK_SHIM_FULL && good == HOOK_SHIM_SPOOL_BYTES / (33 * 4096));
  CHECK(spooled_files() == good);
  CHECK(send_one(shim).outcome == HOOK_SHIM_SPOOLED); /* there is room for a small event */
  hook_shim_close(shim);
}
