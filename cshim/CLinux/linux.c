#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

int linux_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int linux_pidfd_signal(int descriptor, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
}

int linux_pidfd_kill(int descriptor) { return linux_pidfd_signal(descriptor, SIGKILL); }

ssize_t linux_receive(int socket, void *bytes, size_t size, uid_t *user) {
  struct iovec part = {.iov_base = bytes, .iov_len = size};
  union {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(struct ucred))];
  } control;
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1,
      .msg_control = control.room, .msg_controllen = sizeof control.room};
  *user = (uid_t)-1;
  ssize_t length = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (length < 0) return -1;
  for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_CREDENTIALS) {
      struct ucred sender;
      memcpy(&sender, CMSG_DATA(head), sizeof sender);
      *user = sender.uid;
    }
  }
  if (message.msg_flags & MSG_TRUNC) {
    errno = EMSGSIZE;
    return -1;
  }
  return length;
}

int linux_watch_directory(const char *path) {
  int file = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (file < 0) return -1;
  if (inotify_add_watch(file, path, IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW) < 0) {
    int reason = errno;
    close(file);
    errno = reason;
    return -1;
  }
  return file;
}

int linux_watch_came(const void *bytes, ssize_t size) {
  struct inotify_event event;
  int came = 0;
  for (ssize_t at = 0; at + (ssize_t)sizeof event <= size; at += (ssize_t)(sizeof event + event.len)) {
    memcpy(&event, (const char *)bytes + at, sizeof event);
    if (event.mask & (IN_MOVED_TO | IN_Q_OVERFLOW)) came |= LINUX_WATCH_FILLED;
    if (event.mask & (IN_DELETE_SELF | IN_IGNORED)) came |= LINUX_WATCH_REMOVED;
    if (event.mask & IN_MOVE_SELF) came |= LINUX_WATCH_RENAMED;
  }
  return came;
}

int linux_open_path(const char *path) { return open(path, O_PATH | O_CLOEXEC); }

int linux_exchange(const char *one, const char *other) {
  const unsigned exchange = 2; /* RENAME_EXCHANGE, which older C libraries don't define */
  return (int)syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, exchange);
}

int linux_is_kernels(const char *path) {
  struct statfs status;
  if (statfs(path, &status) != 0) return 0;
  switch ((unsigned long)status.f_type) {
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC: return 1;
    default: return 0;
  }
}

int linux_accept(int socket) { return accept4(socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

int linux_peer(int socket, pid_t *process, uid_t *user) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -1;
  *process = peer.pid;
  *user = peer.uid;
  return 0;
}

void linux_forbid_dumps(void) { prctl(PR_SET_DUMPABLE, 0); }

int linux_forbids_dumps(void) { return prctl(PR_GET_DUMPABLE) == 0; }

int linux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int linux_set_attribute(const char *path, const char *name, const void *bytes, size_t size) {
  return lsetxattr(path, name, bytes, size, 0);
}

ssize_t linux_get_attribute(const char *path, const char *name, void *bytes, size_t size) {
  return lgetxattr(path, name, bytes, size);
}

int linux_create_at(int directory, const char *name, mode_t mode) {
  return openat(
      directory, name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode);
}

int linux_find_at(int directory, const char *name) {
  return openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

int linux_open_directory_at(int directory, const char *name) {
  return openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int linux_mark_file(int file, const char *name, const char *value) {
  return fsetxattr(file, name, value, strlen(value), 0);
}

ssize_t linux_read_mark(int file, const char *name, char *value, size_t size) {
  return fgetxattr(file, name, value, size);
}
