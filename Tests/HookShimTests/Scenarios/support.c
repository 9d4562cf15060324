#define _GNU_SOURCE
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int failures = 0;

const char *below(const char *name) {
  static _Thread_local char paths[8][512];
  static _Thread_local int turn;
  char *path = paths[turn++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", getenv("DIRECTORY"), name);
  return path;
}

hook_shim *opened(void) {
  hook_shim *shim = NULL;
  CHECK(hook_shim_open(below("notify.sock"), below("spool"), &shim) == 0);
  return shim;
}

hook_shim_result send_one(hook_shim *shim) {
  return hook_shim_removed(shim, "framework", 9, "executor", 8);
}

int receiver(void) {
  int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, below("notify.sock"));
  CHECK(bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0);
  return descriptor;
}

double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void enter(ledger *ledger, const unsigned char *bytes, long count) {
  uint32_t length = 0;
  uint64_t sequence = 0;
  if (count >= 64) {
    memcpy(&length, bytes + 8, 4);
    memcpy(&sequence, bytes + 24, 8);
  }
  if (count < 64 || memcmp(bytes, "CPHK", 4) != 0 || length != count || sequence >= LEDGER) {
    ledger->broken++;
    return;
  }
  ledger->total++;
  if (ledger->came[sequence]++ > 0) ledger->twice++;
}

static unsigned char room[1 << 18];

void take_queue(ledger *ledger, int socket) {
  for (;;) {
    long count = recv(socket, room, sizeof room, MSG_DONTWAIT);
    if (count < 0) break;
    enter(ledger, room, count);
  }
  CHECK(errno == EAGAIN);
}

static int is_event(const struct dirent *entry) { return entry->d_name[0] != '.'; }
static int is_unfinished(const struct dirent *entry) {
  return entry->d_name[0] == '.' && strlen(entry->d_name) > 2 &&
         strcmp(entry->d_name, HOOK_SHIM_SPOOL_COUNT) != 0;
}

static int count_of(int (*which)(const struct dirent *)) {
  struct dirent **names;
  int count = scandir(below("spool"), &names, which, NULL);
  for (int i = 0; i < count; i++) free(names[i]);
  if (count >= 0) free(names);
  return count;
}

int spooled_files(void) { return count_of(is_event); }
int files_with_dots(void) { return count_of(is_unfinished); }

void take_spool(ledger *ledger) {
  take_events(ledger, "spool");
  unlink(below("spool/" HOOK_SHIM_SPOOL_COUNT));
}

void take_events(ledger *ledger, const char *directory) {
  struct dirent **names;
  int count = scandir(below(directory), &names, is_event, alphasort);
  CHECK(count >= 0);
  uint64_t last = 0;
  for (int i = 0; i < count; i++) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", below(directory), names[i]->d_name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    long size = read(file, room, sizeof room);
    close(file);
    unlink(path);
    enter(ledger, room, size);
    /* Names sort in the order of the events. */
    uint64_t boottime = 0;
    memcpy(&boottime, room + 40, 8);
    CHECK(boottime >= last);
    last = boottime;
    free(names[i]);
  }
  if (count >= 0) free(names);
}
