#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

int linux_cgroup_device_programs(const char *group) {
  int descriptor = open(group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return -1;
  union bpf_attr query;
  memset(&query, 0, sizeof query);
  query.query.target_fd = (unsigned)descriptor;
  query.query.attach_type = BPF_CGROUP_DEVICE;
  long result = syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof query);
  int error = errno;
  close(descriptor);
  errno = error;
  return result < 0 ? -1 : (int)query.query.prog_cnt;
}

static int watch_events(const char *group) {
  char path[4352];
  int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (watch < 0) return -1;
  /* memory.events.local (Linux 5.2) has the events of this cgroup without those of its
     descendants. */
  static const char *const files[] = {"memory.events.local", "memory.events"};
  for (int file = 0; file < 2; file++) {
    if (snprintf(path, sizeof path, "%s/%s", group, files[file]) >= (int)sizeof path) break;
    if (inotify_add_watch(watch, path, IN_MODIFY) >= 0) return watch;
  }
  int error = errno;
  close(watch);
  errno = error;
  return -1;
}

int linux_watch_memory(const char *group, int is_unified) {
  if (is_unified) return watch_events(group);
  int event = -1, control = -1, directory = open(group, O_RDONLY | O_DIRECTORY | O_CLOEXEC), pressure = -1;
  char line[64];
  if (directory >= 0) {
    pressure = openat(directory, "memory.oom_control", O_RDONLY | O_CLOEXEC);
    control = openat(directory, "cgroup.event_control", O_WRONLY | O_CLOEXEC);
    if (pressure >= 0 && control >= 0) event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  }
  int error = errno;
  if (event >= 0) {
    int length = snprintf(line, sizeof line, "%d %d", event, pressure);
    if (write(control, line, (size_t)length) != length) {
      error = errno;
      close(event);
      event = -1;
    }
  }
  if (pressure >= 0) close(pressure);
  if (control >= 0) close(control);
  if (directory >= 0) close(directory);
  errno = error;
  return event;
}
