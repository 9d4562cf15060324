#define _GNU_SOURCE
#include "CLinux.h"
#include "guards.h"
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* This code runs after a fork of a process with threads: it neither allocates nor locks. */

struct entry { /* linux_dirent64 */
  uint64_t inode;
  int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[];
};

/* The number at the start of a text; 0 if there is none. */
static pid_t number_at(const char *text) {
  pid_t number = 0;
  for (; *text >= '0' && *text <= '9'; text++) number = number * 10 + (*text - '0');
  return number;
}

/* The parent of the process with this directory in /proc; 0 if it can't be read. */
static pid_t parent_of(int proc, const char *directory) {
  char path[32], text[512];
  size_t length = strlen(directory);
  if (length + sizeof "/stat" > sizeof path) return 0;
  memcpy(path, directory, length);
  memcpy(path + length, "/stat", sizeof "/stat");
  int file = openat(proc, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  if (size <= 0) return 0;
  text[size] = 0;
  /* The command's name may contain any character, so the state and the parent follow the last
     parenthesis (proc(5)). */
  const char *end = strrchr(text, ')');
  return end != NULL && strlen(end) > 4 ? number_at(end + 4) : 0;
}

int linux_children(pid_t parent, pid_t *found, int most) {
  _Alignas(struct entry) char room[4096];
  int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) return -1;
  int count = 0;
  for (long size; count < most && (size = syscall(SYS_getdents64, proc, room, sizeof room)) > 0;) {
    for (long at = 0; at < size && count < most;) {
      const struct entry *entry = (const struct entry *)(room + at);
      at += entry->length;
      pid_t process = number_at(entry->name);
      if (process > 0 && parent_of(proc, entry->name) == parent) found[count++] = process;
    }
  }
  close(proc);
  return count;
}

int guards_listed(const char *path, pid_t *found, int most) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  char text[4096];
  int count = 0;
  pid_t child = 0;
  for (ssize_t size; count < most && (size = read(file, text, sizeof text)) > 0;) {
    for (ssize_t i = 0; i < size && count < most; i++) {
      if (text[i] >= '0' && text[i] <= '9') {
        child = child * 10 + (text[i] - '0');
      } else {
        if (child > 0) found[count++] = child;
        child = 0;
      }
    }
  }
  close(file);
  return count;
}
