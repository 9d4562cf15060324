#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* All of this runs in a child of a process with threads: system calls only. */

/* Opens a path without symbolic links, one component at a time; a component that is a symbolic
   link gives ELOOP. Missing components are created as directories with this mode, unless it is
   0. */
static int open_plain(const char *path, mode_t mode) {
  int place = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  while (place >= 0) {
    while (*path == '/') path++;
    if (*path == 0) return place;
    char name[256];
    size_t length = strcspn(path, "/");
    if (length >= sizeof name) {
      errno = ENAMETOOLONG;
      break;
    }
    memcpy(name, path, length);
    name[length] = 0;
    path += length;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
      errno = EINVAL;
      break;
    }
    int next = openat(place, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0 && errno == ENOENT && mode != 0 && mkdirat(place, name, mode) == 0)
      next = openat(place, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    if (next >= 0 && (fstat(next, &status) != 0 || S_ISLNK(status.st_mode))) {
      close(next);
      next = -1;
      errno = ELOOP;
    }
    int error = errno;
    close(place);
    errno = error;
    place = next;
    if (place < 0) return -1;
  }
  if (place >= 0) {
    int error = errno;
    close(place);
    errno = error;
  }
  return -1;
}

static int enter(int space) { return space < 0 ? 0 : setns(space, CLONE_NEWNS); }

static int pin(int space, const char *source, const char *directory, const char *name, int makes) {
  if (enter(space) != 0) return errno;
  int place = open_plain(source, makes ? 0755 : 0);
  if (place < 0) return errno;
  int holder = open_plain(directory, 0700);
  struct stat status;
  if (holder < 0 || fstat(place, &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) {
    if (mkdirat(holder, name, 0700) != 0) return errno;
  } else {
    int file = openat(holder, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) return errno;
    close(file);
  }
  char from[40], target[PATH_MAX];
  snprintf(from, sizeof from, "/proc/self/fd/%d", place);
  snprintf(target, sizeof target, "%s/%s", directory, name);
  if (mount(from, target, NULL, MS_BIND | MS_REC, NULL) == 0 &&
      mount(NULL, target, NULL, MS_PRIVATE | MS_REC, NULL) == 0)
    return 0;
  int error = errno;
  umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW);
  if (S_ISDIR(status.st_mode)) rmdir(target);
  else unlink(target);
  return error;
}

static int unpin(int space, const char *directory, const char *name) {
  if (enter(space) != 0) return errno;
  char target[PATH_MAX];
  snprintf(target, sizeof target, "%s/%s", directory, name);
  while (umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {}
  if (rmdir(target) != 0 && errno != ENOENT && (errno != ENOTDIR || unlink(target) != 0)) return errno;
  /* Succeeds only after the last mount is removed. */
  rmdir(directory);
  return 0;
}

/* Reads the child's result from a pipe: another thread in guards.c may reap the child first. */
static int result(pid_t child, int pipes[2]) {
  int error = EIO;
  close(pipes[1]);
  ssize_t count;
  do count = read(pipes[0], &error, sizeof error);
  while (count < 0 && errno == EINTR);
  close(pipes[0]);
  while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
  if (count != sizeof error) error = EIO;
  errno = error;
  return error == 0 ? 0 : -1;
}

static pid_t begin(int pipes[2]) {
  if (pipe2(pipes, O_CLOEXEC) != 0) return -1;
  pid_t child = fork();
  if (child >= 0) return child;
  int error = errno;
  close(pipes[0]);
  close(pipes[1]);
  errno = error;
  return -1;
}

static void finish(int pipes[2], int error) {
  ssize_t ignored = write(pipes[1], &error, sizeof error);
  (void)ignored;
  _exit(0);
}

int linux_pin(int space, const char *source, const char *directory, const char *name, int makes) {
  int pipes[2];
  pid_t child = begin(pipes);
  if (child == 0) finish(pipes, pin(space, source, directory, name, makes));
  return child < 0 ? -1 : result(child, pipes);
}

int linux_unpin(int space, const char *directory, const char *name) {
  int pipes[2];
  pid_t child = begin(pipes);
  if (child == 0) finish(pipes, unpin(space, directory, name));
  return child < 0 ? -1 : result(child, pipes);
}
