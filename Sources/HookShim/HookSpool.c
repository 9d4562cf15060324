#define _GNU_SOURCE
#include "HookSpool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "HookShim.h"

enum { PAGE = 4096, NAME = 128 };

static const int64_t count_interval = 250000000; /* ns */

static int64_t pages(size_t size) { return (int64_t)((size + PAGE - 1) / PAGE * PAGE); }

static int64_t now(void) {
  struct timespec time = {0};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* --- the folder ------------------------------------------------------------------------------- */

/* The folder's descriptor, or minus an errno. What others may write to is refused: they could have us
 * count for ever, or take events away. */
static int open_folder(const char *path, uint64_t *identity) {
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) return errno == ELOOP ? -ENOTDIR : -errno;
  struct stat status;
  int error = fstat(folder, &status) < 0 ? errno : 0;
  if (error == 0 && ((status.st_uid != geteuid() && status.st_uid != 0) || (status.st_mode & 022)))
    error = EPERM;
  if (error != 0) {
    close(folder);
    return -error;
  }
  uint64_t mixed = (uint64_t)status.st_dev * 0x9e3779b97f4a7c15u ^ (uint64_t)status.st_ino;
  *identity = mixed == 0 ? 1 : mixed;
  return folder;
}

static int make_folder(const char *path, uint64_t *identity) {
  char parent[sizeof((hook_spool *)0)->path];
  strcpy(parent, path);
  char *slash = strrchr(parent, '/');
  if (slash > parent) {
    *slash = 0;
    mkdir(parent, 0755);
  }
  if (mkdir(path, 0700) < 0 && errno != EEXIST) return -errno;
  return open_folder(path, identity);
}

static int folder_of(const char *path, uint64_t *identity) {
  int folder = open_folder(path, identity);
  return folder == -ENOENT ? make_folder(path, identity) : folder;
}

/* --- how much it holds ------------------------------------------------------------------------ */

struct entry { /* linux_dirent64 */
  uint64_t inode;
  int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[];
};

/* The size that a name tells; one page for any other name. */
static int64_t size_told(const char *name) {
  const char *hyphen = strrchr(name, '-');
  if (hyphen == NULL) return PAGE;
  unsigned long size = strtoul(hyphen + 1, NULL, 10);
  return size == 0 || size > (1u << 20) ? PAGE : pages(size);
}

/* readdir would allocate; this is what it does. Stops where more would change nothing. */
static bool read_folder(int folder, int64_t *files, int64_t *bytes) {
  _Alignas(struct entry) char room[32768];
  if (lseek(folder, 0, SEEK_SET) < 0) return false;
  while (*files <= HOOK_SHIM_SPOOL_FILES && *bytes <= HOOK_SHIM_SPOOL_BYTES) {
    long count = syscall(SYS_getdents64, folder, room, sizeof room);
    if (count < 0) return false;
    if (count == 0) break;
    for (long at = 0; at < count;) {
      const struct entry *entry = (const struct entry *)(room + at);
      at += entry->length;
      if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0) continue;
      *files += 1;
      *bytes += size_told(entry->name);
    }
  }
  return true;
}

/* Whoever finds somebody else counting goes on with the numbers there are. */
static void count_folder(hook_spool *spool, int folder, uint64_t identity) {
  if (atomic_flag_test_and_set(&spool->counting)) return;
  int64_t files = 0, bytes = 0;
  int64_t added_files = atomic_load(&spool->added_files);
  int64_t added_bytes = atomic_load(&spool->added_bytes);
  if (read_folder(folder, &files, &bytes)) {
    atomic_store(&spool->gone_files, added_files - files);
    atomic_store(&spool->gone_bytes, added_bytes - bytes);
    atomic_store(&spool->folder, identity);
  }
  atomic_store(&spool->next_count, now() + count_interval);
  atomic_flag_clear(&spool->counting);
}

static bool above(hook_spool *spool, int64_t files, int64_t bytes) {
  return atomic_load(&spool->added_files) - atomic_load(&spool->gone_files) > files ||
         atomic_load(&spool->added_bytes) - atomic_load(&spool->gone_bytes) > bytes;
}

/* Takes room for one file, to be given back if it isn't written. */
static bool take_room(hook_spool *spool, int64_t bytes, int folder, uint64_t identity) {
  atomic_fetch_add(&spool->added_files, 1);
  atomic_fetch_add(&spool->added_bytes, bytes);
  if (atomic_load(&spool->folder) != identity ||
      (above(spool, HOOK_SHIM_SPOOL_FILES / 4 * 3, HOOK_SHIM_SPOOL_BYTES / 4 * 3) &&
       now() >= atomic_load(&spool->next_count))) {
    /* Our own file isn't there yet, and is to be counted. */
    atomic_fetch_sub(&spool->added_files, 1);
    atomic_fetch_sub(&spool->added_bytes, bytes);
    count_folder(spool, folder, identity);
    atomic_fetch_add(&spool->added_files, 1);
    atomic_fetch_add(&spool->added_bytes, bytes);
  }
  return !above(spool, HOOK_SHIM_SPOOL_FILES, HOOK_SHIM_SPOOL_BYTES);
}

static void give_back(hook_spool *spool, int64_t bytes) {
  atomic_fetch_sub(&spool->added_files, 1);
  atomic_fetch_sub(&spool->added_bytes, bytes);
}

/* --- writing ---------------------------------------------------------------------------------- */

static int write_file(int folder, const hook_event *event, const struct iovec parts[HOOK_EVENT_PARTS]) {
  /* A write past the limit would be SIGXFSZ, which ends a process. */
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < event->size) return EFBIG;

  char name[NAME];
  snprintf(
      name, sizeof name, ".%020" PRIu64 "-%010u-%020" PRIu64 "-%016" PRIx64 "-%zu.event", event->boottime,
      (unsigned)event->pid, event->sequence, event->instance, event->size);
  int file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return errno;
  ssize_t written = writev(file, parts, HOOK_EVENT_PARTS);
  int error = written < 0 ? errno : (size_t)written < event->size ? ENOSPC : 0;
  if (close(file) < 0 && error == 0) error = errno;
  if (error == 0 && renameat(folder, name, folder, name + 1) < 0) error = errno;
  if (error != 0) unlinkat(folder, name, 0);
  return error;
}

int hook_spool_write(
    hook_spool *spool, const hook_event *event, const struct iovec parts[HOOK_EVENT_PARTS]) {
  uint64_t identity = 0;
  int folder = folder_of(spool->path, &identity);
  if (folder < 0) return -folder;
  int error = HOOK_SPOOL_IS_FULL;
  if (take_room(spool, pages(event->size), folder, identity)) error = write_file(folder, event, parts);
  if (error != 0) give_back(spool, pages(event->size));
  close(folder);
  return error;
}

int hook_spool_open(hook_spool *spool, const char *path) {
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') length--;
  if (length > 3900) return ENAMETOOLONG;
  memcpy(spool->path, path, length); /* the rest is zero */
  atomic_flag_clear(&spool->counting);
  uint64_t identity = 0;
  int folder = folder_of(spool->path, &identity);
  if (folder == -ENOTDIR || folder == -EPERM) return -folder;
  if (folder < 0) return 0;
  count_folder(spool, folder, identity);
  close(folder);
  return 0;
}
