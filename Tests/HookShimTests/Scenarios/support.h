/* Support for the scenarios: checks, a receiver, and a ledger of the events that arrived. */
#ifndef HOOK_SHIM_TEST_SUPPORT_H
#define HOOK_SHIM_TEST_SUPPORT_H

#include <HookShim.h>
#include <stdbool.h>
#include <stdint.h>

extern int failures;

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);                     \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                         \
  } while (0)

/* A path below the scenario's directory, valid until the 8th call after this one. */
const char *below(const char *name);

/* A shim on "notify.sock" and "spool" in the scenario's directory. */
hook_shim *opened(void);
hook_shim_result send_one(hook_shim *shim);

/* A bound socket at "notify.sock". */
int receiver(void);

/* Seconds of a monotonic clock. */
double seconds(void);

enum { LEDGER = 65536 };

/* The number of times that each event of one instance arrived, by its sequence number. */
typedef struct {
  unsigned char came[LEDGER];
  int total, twice, broken;
} ledger;

void enter(ledger *ledger, const unsigned char *bytes, long count);
/* Enters all datagrams in the queue. */
void take_queue(ledger *ledger, int socket);
/* Enters and removes all files of the spool, in the order of their names, and removes its count. */
void take_spool(ledger *ledger);
/* Enters and removes all files of this directory except its count. */
void take_events(ledger *ledger, const char *directory);
int spooled_files(void);
int files_with_dots(void);

#endif
