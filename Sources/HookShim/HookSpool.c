#define _GNU_SOURCE
#include "HookSpool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "HookShim.h"

enum { PAGE = 4096, NAME = 128, MOST = HOOK_SHIM_SPOOL_BYTES / PAGE };

_Static_assert((int)MOST <= (int)HOOK_SHIM_SPOOL_FILES, "a file is a page at least: one count is both bounds");

static const char count_name[] = HOOK_SHIM_SPOOL_COUNT;
static const int64_t look_interval = 250000000; /* ns */

static int64_t pages(size_t size) { return (int64_t)((size + PAGE - 1) / PAGE); }

static int64_t now(void) {
  struct timespec time = {0};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* --- the directory ---------------------------------------------------------------------------- */

/* The descriptor of the directory, or a negative errno. A directory that other users may write
 * to is refused: they could fill it, or remove events. */
static int open_directory(const char *path) {
  int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0) return errno == ELOOP ? -ENOTDIR : -errno;
  struct stat status;
  int error = fstat(directory, &status) < 0 ? errno : 0;
  if (error == 0 && ((status.st_uid != geteuid() && status.st_uid != 0) || (status.st_mode & 022)))
    error = EPERM;
  if (error != 0) {
    close(directory);
    return -error;
  }
  return directory;
}

/* Makes a directory with this mode, whatever the umask: access must not depend on which process
 * was first. */
static int make(const char *path, mode_t mode) {
  if (mkdir(path, mode & 0700) < 0) return errno == EEXIST ? 0 : errno;
  int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0) return errno;
  int error = fchmod(directory, mode) < 0 ? errno : 0;
  close(directory);
  return error;
}

static int directory_of(const char *path) {
  int directory = open_directory(path);
  if (directory != -ENOENT) return directory;
  char parent[sizeof((hook_spool *)0)->path];
  strcpy(parent, path);
  char *slash = strrchr(parent, '/');
  if (slash > parent) {
    *slash = 0;
    make(parent, 0755);
  }
  int error = make(path, 0700);
  return error != 0 ? -error : open_directory(path);
}

/* Returns 0, or the errno if the path can never be a spool: a component is too long for any file
 * system, or it is on a file system of the kernel. */
static int unusable(const char *path) {
  for (const char *at = path; *at != 0;) {
    at += strspn(at, "/");
    size_t length = strcspn(at, "/");
    if (length > NAME_MAX) return ENAMETOOLONG;
    at += length;
  }
  char parent[sizeof((hook_spool *)0)->path];
  strcpy(parent, path);
  struct statfs status;
  while (statfs(parent, &status) < 0) {
    char *slash = strrchr(parent, '/');
    if (slash == NULL || (errno != ENOENT && errno != ENOTDIR)) return 0;
    slash[slash == parent ? 1 : 0] = 0;
    if (slash == parent && path[1] == 0) return 0;
  }
  switch ((unsigned long)status.f_type) {
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC: return EINVAL;
    default: return 0;
  }
}

/* --- size of the spool ------------------------------------------------------------------------ */

struct entry { /* linux_dirent64 */
  uint64_t inode;
  int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[];
};

/* The number of pages according to a file name; 1 for any other name. */
static int64_t pages_told(const char *name) {
  const char *hyphen = strrchr(name, '-');
  if (hyphen == NULL) return 1;
  unsigned long size = strtoul(hyphen + 1, NULL, 10);
  return size == 0 || size > (1u << 20) ? 1 : pages(size);
}

/* The pages of all events, or -1 if the directory isn't read completely after `reads` reads.
 * Each read holds the directory's lock, and the first returns about twenty names. readdir would
 * allocate. */
static int64_t read_directory(int directory, int reads) {
  _Alignas(struct entry) char room[2048];
  int64_t sum = 0;
  if (lseek(directory, 0, SEEK_SET) < 0) return -1;
  for (; reads > 0 && sum <= MOST; reads--) {
    long count = syscall(SYS_getdents64, directory, room, sizeof room);
    if (count < 0) return -1;
    if (count == 0) return sum;
    for (long at = 0; at < count;) {
      const struct entry *entry = (const struct entry *)(room + at);
      at += entry->length;
      if (entry->name[0] != '.') sum += pages_told(entry->name);
    }
  }
  return sum > MOST ? sum : -1;
}

/* The descriptor of the file whose size is the count, or a negative errno. Without O_CREAT no
 * lock is needed. */
static int open_count(int directory) {
  const int flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  int count = openat(directory, count_name, flags);
  if (count < 0 && errno == ENOENT) count = openat(directory, count_name, flags | O_CREAT, 0600);
  return count < 0 ? -errno : count;
}

/* Adds a number of pages in one write, which is atomic between processes. On a full disk the
 * count is too small. */
static void add(int count, int64_t pages) {
  static const char zeros[MOST];
  if (pages > 0) (void)!write(count, zeros, pages < MOST ? (size_t)pages : MOST);
}

/* Whether this call may read the directory of a full spool. There is no flag that a fork in
 * between could leave set. */
static bool may_look(hook_spool *spool) {
  int64_t at = now();
  int_fast64_t next = atomic_load(&spool->next_look);
  return at >= next && atomic_compare_exchange_strong(&spool->next_look, &next, at + look_interval);
}

/* If somebody has removed the events but not the count, two reads show it, and the count is
 * created again. Returns its descriptor, which replaces `count`. */
static int count_anew(int directory, int count, int64_t *held) {
  int64_t sum = read_directory(directory, 2);
  if (sum < 0 || sum >= *held || unlinkat(directory, count_name, 0) < 0) return count;
  int made = open_count(directory);
  if (made < 0) return count;
  close(count);
  add(made, sum);
  *held = sum;
  return made;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* A write beyond the limit would raise SIGXFSZ, which kills the process. */
static bool fits(int64_t size) {
  struct rlimit limit;
  return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur >= (uint64_t)size;
}

static int write_file(int directory, const hook_event *event, const struct iovec parts[HOOK_EVENT_PARTS]) {
  char name[NAME];
  snprintf(
      name, sizeof name, ".%020" PRIu64 "-%010u-%020" PRIu64 "-%016" PRIx64 "-%zu.event", event->boottime,
      (unsigned)event->pid, event->sequence, event->instance, event->size);
  int file = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return errno;
  ssize_t written = writev(file, parts, HOOK_EVENT_PARTS);
  int error = written < 0 ? errno : (size_t)written < event->size ? ENOSPC : 0;
  if (close(file) < 0 && error == 0) error = errno;
  if (error == 0 && renameat(directory, name, directory, name + 1) < 0) error = errno;
  if (error != 0) unlinkat(directory, name, 0);
  return error;
}

int hook_spool_write(
    hook_spool *spool, const hook_event *event, const struct iovec parts[HOOK_EVENT_PARTS]) {
  int64_t own = pages(event->size);
  if (!fits((int64_t)event->size) || !fits(MOST)) return EFBIG;
  int directory = directory_of(spool->path);
  if (directory < 0) return -directory;
  int count = open_count(directory);
  int error = count < 0 ? -count : 0;
  struct stat status;
  if (error == 0 && fstat(count, &status) < 0) error = errno;
  if (error == 0 && !S_ISREG(status.st_mode)) error = EINVAL;
  if (error == 0) {
    int64_t held = status.st_size;
    if (held + own > MOST && may_look(spool)) count = count_anew(directory, count, &held);
    error = held + own > MOST ? HOOK_SPOOL_IS_FULL : write_file(directory, event, parts);
    if (error == 0) add(count, own);
  }
  if (count >= 0) close(count);
  close(directory);
  return error;
}

int hook_spool_open(hook_spool *spool, const char *path) {
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') length--;
  if (length > 3900) return ENAMETOOLONG;
  memcpy(spool->path, path, length); /* the rest is zero */
  atomic_init(&spool->next_look, 0);
  int error = unusable(spool->path);
  if (error != 0) return error;
  int directory = directory_of(spool->path);
  if (directory == -ENOTDIR || directory == -EPERM) return -directory;
  if (directory < 0) return 0;
  /* A process that was killed may have left events without a count. */
  struct stat status;
  if (fstatat(directory, count_name, &status, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT && fits(MOST)) {
    int64_t sum = read_directory(directory, 1 << 16);
    int count = sum > 0 ? open_count(directory) : -1;
    if (count >= 0) {
      add(count, sum);
      close(count);
    }
  }
  close(directory);
  return 0;
}
