/* What the scenarios share: checks, a receiver, and a ledger of the events that arrived. */
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

/* A path below the scenario's folder; good until the 8th call after this one. */
const char *below(const char *name);

/* A shim on "notify.sock" and "spool" of the scenario's folder. */
hook_shim *opened(void);
hook_shim_result send_one(hook_shim *shim);

/* A bound socket at "notify.sock". */
int receiver(void);

/* Seconds on a clock that only goes forward. */
double seconds(void);

enum { LEDGER = 65536 };

/* How often each event of one instance came, by its sequence. */
typedef struct {
  unsigned char came[LEDGER];
  int total, twice, broken;
} ledger;

void enter(ledger *ledger, const unsigned char *bytes, long count);
/* All datagrams that are there. */
void take_queue(ledger *ledger, int socket);
/* All files of the spool, in order of their names, each removed, and its count. */
void take_spool(ledger *ledger);
/* All files of this folder, and not its count. */
void take_events(ledger *ledger, const char *folder);
int spooled_files(void);
int files_with_dots(void);

#endif
