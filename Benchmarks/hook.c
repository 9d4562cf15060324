/* What a notification costs its caller: hook delivered|spooled|bare DIRECTORY COUNT
 *
 * Prints one time in nanoseconds per call, of COUNT calls after 100 that aren't counted. `delivered` has a
 * receiver that waits in recv, as pod-reaper does, and lets it read before the next call; each call must
 * deliver, and in `spooled`, where nobody listens, each must spool. Exit 1 if one didn't. `bare` is
 * `delivered` by one sendto of as many bytes: the kernel's part, with the receiver's waking.
 */
#define _GNU_SOURCE
#include <HookShim.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { WARM_UPS = 100 };

static atomic_long received;
static int descriptor;

static void *receive(void *unused) {
  static char room[1 << 18];
  while (recv(descriptor, room, sizeof room, 0) > 0) atomic_fetch_add(&received, 1);
  return unused;
}

static long nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000 + time.tv_nsec;
}

int main(int count, char **arguments) {
  if (count != 4) return 2;
  int bare = strcmp(arguments[1], "bare") == 0;
  int delivered = bare || strcmp(arguments[1], "delivered") == 0;
  long calls = WARM_UPS + atol(arguments[3]);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char spool[sizeof address.sun_path];
  snprintf(address.sun_path, sizeof address.sun_path, "%s/notify.sock", arguments[2]);
  snprintf(spool, sizeof spool, "%s/spool", arguments[2]);
  pthread_t thread;
  if (delivered) {
    descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) return 1;
    if (pthread_create(&thread, NULL, receive, NULL) != 0) return 1;
  }
  hook_shim *shim;
  if (hook_shim_open(address.sun_path, spool, &shim) != 0) return 1;
  static const char framework[] = "6f1e7a3c-5d2b-4c8e-9f10-2b3c4d5e6f70-0001";
  static const char executor[] = "marathon-shop_frontend.instance-0b9c8d7e-1f2a-11ef-8a3b-0242ac110002._app.1";
  static char whole[64 + 16 + sizeof framework - 1 + sizeof executor - 1];
  int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (long i = 0; i < calls; i++) {
    hook_shim_result result = {HOOK_SHIM_DELIVERED, 0, 0};
    long begin = nanoseconds();
    if (bare) {
      sendto(sender, whole, sizeof whole, MSG_DONTWAIT, (struct sockaddr *)&address, sizeof address);
    } else {
      result = hook_shim_removed(shim, framework, sizeof framework - 1, executor, sizeof executor - 1);
    }
    long took = nanoseconds() - begin;
    if (result.outcome != (delivered ? HOOK_SHIM_DELIVERED : HOOK_SHIM_SPOOLED)) return 1;
    if (i >= WARM_UPS) printf("%ld\n", took);
    while (delivered && atomic_load(&received) <= i) sched_yield();
  }
  hook_shim_close(shim);
  return 0;
}
