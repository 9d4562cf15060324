/* Encodes and delivers events. The guarantees and the format are in include/HookShim.h. */
#define _GNU_SOURCE
#include "HookShim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "HookSpool.h"

struct hook_shim {
  struct sockaddr_un address;
  atomic_int socket; /* -1 until it is created */
  uint64_t instance;
  atomic_uint_fast64_t sequence;
  unsigned char boot_id[16];
  hook_spool spool;
};

typedef struct {
  uint16_t tag;
  const char *bytes;
  size_t length;
} field;

/* --- opening ---------------------------------------------------------------------------------- */

static uint64_t nanoseconds(clockid_t clock) {
  struct timespec time = {0};
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Parses 32 hexadecimal digits with hyphens; any other text leaves zeros. */
static void read_boot_id(unsigned char id[16]) {
  char text[64];
  int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  ssize_t count = read(file, text, sizeof text);
  close(file);
  unsigned char parsed[16] = {0};
  int digits = 0;
  for (ssize_t i = 0; i < count && digits < 32; i++) {
    char c = text[i];
    int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (value < 0) continue;
    parsed[digits / 2] = (unsigned char)(parsed[digits / 2] << 4 | value);
    digits++;
  }
  if (digits == 32) memcpy(id, parsed, 16);
}

/* The socket is created once; if two threads create one, the second closes its own. */
static int socket_of(hook_shim *shim) {
  int known = atomic_load(&shim->socket);
  if (known >= 0) return known;
  int made = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made < 0) return -1;
  if (atomic_compare_exchange_strong(&shim->socket, &known, made)) return made;
  close(made);
  return known;
}

int hook_shim_open(const char *socket_path, const char *spool_path, hook_shim **shim) {
  int before = errno;
  *shim = NULL;
  if (socket_path == NULL || *socket_path == 0) socket_path = HOOK_SHIM_DEFAULT_SOCKET;
  if (spool_path == NULL || *spool_path == 0) spool_path = HOOK_SHIM_DEFAULT_SPOOL;
  hook_shim *made = calloc(1, sizeof *made);
  if (made == NULL) return ENOMEM;

  int error = 0;
  if (*socket_path != '/' || *spool_path != '/') {
    error = EINVAL;
  } else if (strlen(socket_path) >= sizeof made->address.sun_path) {
    error = ENAMETOOLONG;
  } else {
    error = hook_spool_open(&made->spool, spool_path);
  }
  if (error != 0) {
    free(made);
    errno = before;
    return error;
  }
  made->address.sun_family = AF_UNIX;
  strcpy(made->address.sun_path, socket_path);
  atomic_init(&made->socket, -1);
  atomic_init(&made->sequence, 0);
  socket_of(made); /* if this fails, the next event tries again */
  read_boot_id(made->boot_id);
  if (getrandom(&made->instance, sizeof made->instance, GRND_NONBLOCK) != sizeof made->instance)
    made->instance = nanoseconds(CLOCK_REALTIME) ^ (uint64_t)(uintptr_t)made << 20;
  *shim = made;
  errno = before;
  return 0;
}

void hook_shim_close(hook_shim *shim) {
  if (shim == NULL) return;
  int before = errno;
  int socket = atomic_load(&shim->socket);
  if (socket >= 0) close(socket);
  free(shim);
  errno = before;
}

/* --- the event -------------------------------------------------------------------------------- */

static void put(unsigned char *at, uint64_t value, int size) {
  for (int i = 0; i < size; i++) *at++ = (unsigned char)(value >> (8 * i));
}

static void put_header(unsigned char *at, hook_shim *shim, int kind, const hook_event *event) {
  put(at, HOOK_EVENT_MAGIC, 4);
  put(at + HOOK_EVENT_AT_VERSION, HOOK_EVENT_VERSION, 2);
  put(at + HOOK_EVENT_AT_KIND, (uint64_t)kind, 2);
  put(at + HOOK_EVENT_AT_LENGTH, event->size, 4);
  put(at + HOOK_EVENT_AT_PID, (uint32_t)event->pid, 4);
  put(at + HOOK_EVENT_AT_INSTANCE, event->instance, 8);
  put(at + HOOK_EVENT_AT_SEQUENCE, event->sequence, 8);
  put(at + HOOK_EVENT_AT_WALL_CLOCK, nanoseconds(CLOCK_REALTIME), 8);
  put(at + HOOK_EVENT_AT_BOOT_TIME, event->boottime, 8);
  memcpy(at + HOOK_EVENT_AT_BOOT_ID, shim->boot_id, sizeof shim->boot_id);
}

static void put_field(unsigned char *at, const field *from) {
  put(at, from->tag, HOOK_FIELD_AT_LENGTH);
  put(at + HOOK_FIELD_AT_LENGTH, from->length, 4);
}

/* --- delivery --------------------------------------------------------------------------------- */

/* Returns 0, or the errno if the event could not be sent immediately. */
static int deliver(hook_shim *shim, struct iovec *parts, int count) {
  int socket = socket_of(shim);
  if (socket < 0) return errno;
  struct msghdr message = {
      .msg_name = &shim->address,
      .msg_namelen = sizeof shim->address,
      .msg_iov = parts,
      .msg_iovlen = (size_t)count,
  };
  return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

/* The strings are sent from the caller's memory: nothing is copied, whatever their length. */
static hook_shim_result send_event(hook_shim *shim, int kind, const field fields[2]) {
  int before = errno;
  hook_shim_result result = {HOOK_SHIM_DELIVERED, 0, 0};
  size_t size = HOOK_EVENT_HEADER;
  for (int i = 0; i < 2; i++) {
    if (fields[i].length > HOOK_SHIM_LONGEST || (fields[i].bytes == NULL && fields[i].length > 0)) {
      result.outcome = HOOK_SHIM_REFUSED;
      result.socket_errno = result.spool_errno = fields[i].bytes == NULL ? EFAULT : EMSGSIZE;
      return result;
    }
    size += HOOK_FIELD_HEADER + fields[i].length;
  }
  hook_event event = {
      .size = size,
      .boottime = nanoseconds(CLOCK_BOOTTIME),
      .pid = getpid(), /* not cached: the process may have forked since hook_shim_open */
      .instance = shim->instance,
      .sequence = atomic_fetch_add(&shim->sequence, 1) + 1,
  };
  unsigned char head[HOOK_EVENT_HEADER + HOOK_FIELD_HEADER], second[HOOK_FIELD_HEADER];
  put_header(head, shim, kind, &event);
  put_field(head + HOOK_EVENT_HEADER, &fields[0]);
  put_field(second, &fields[1]);
  struct iovec parts[HOOK_EVENT_PARTS] = {
      {head, sizeof head},
      {(void *)fields[0].bytes, fields[0].length},
      {second, sizeof second},
      {(void *)fields[1].bytes, fields[1].length},
  };

  result.socket_errno = deliver(shim, parts, HOOK_EVENT_PARTS);
  if (result.socket_errno != 0) {
    result.spool_errno = hook_spool_write(&shim->spool, &event, parts);
    result.outcome = result.spool_errno == 0 ? HOOK_SHIM_SPOOLED
                     : result.spool_errno == HOOK_SPOOL_IS_FULL ? HOOK_SHIM_FULL
                                                                : HOOK_SHIM_FAILED;
    if (result.outcome == HOOK_SHIM_FULL) result.spool_errno = ENOSPC;
  }
  errno = before;
  return result;
}

hook_shim_result hook_shim_started(
    hook_shim *shim, const char *run, size_t run_length, const char *sandbox, size_t sandbox_length) {
  const field fields[2] = {{HOOK_FIELD_RUN, run, run_length}, {HOOK_FIELD_SANDBOX, sandbox, sandbox_length}};
  return send_event(shim, HOOK_EVENT_STARTED, fields);
}

hook_shim_result hook_shim_removed(
    hook_shim *shim, const char *framework, size_t framework_length, const char *executor,
    size_t executor_length) {
  const field fields[2] = {
      {HOOK_FIELD_FRAMEWORK, framework, framework_length}, {HOOK_FIELD_EXECUTOR, executor, executor_length}};
  return send_event(shim, HOOK_EVENT_REMOVED, fields);
}

/* --- description ------------------------------------------------------------------------------ */

void hook_shim_describe(hook_shim_result result, char *line, size_t size) {
  int before = errno;
  char room1[128], room2[128];
  const char *socket = strerror_r(result.socket_errno, room1, sizeof room1);
  const char *spool = strerror_r(result.spool_errno, room2, sizeof room2);
  switch (result.outcome) {
    case HOOK_SHIM_DELIVERED: snprintf(line, size, "delivered to pod-reaper"); break;
    case HOOK_SHIM_SPOOLED: snprintf(line, size, "spooled for pod-reaper (socket: %s)", socket); break;
    case HOOK_SHIM_REFUSED:
      snprintf(line, size, "not sent: an ID or a path is longer than %d bytes", HOOK_SHIM_LONGEST);
      break;
    case HOOK_SHIM_FULL:
      snprintf(line, size, "not sent to pod-reaper (socket: %s), and its spool is full: is pod-reaper running?", socket);
      break;
    default:
      snprintf(line, size, "not sent to pod-reaper (socket: %s), and not spooled (%s)", socket, spool);
  }
  errno = before;
}
