/* scenarios NAME: runs one scenario in the directory $DIRECTORY, and exits with 0 if all checks pass.
 * Built with AddressSanitizer and UndefinedBehaviorSanitizer, and with ThreadSanitizer. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

/* Strings of any bytes arrive unchanged up to the maximum length. A longer string is refused. */
static void strings(void) {
  static const char odd[] = "a\"b'c\\d\n\r\0\xff\xfe\xc3( %s%n";
  static char longest[HOOK_SHIM_LONGEST + 1], got[1 << 18];
  memset(longest, 'x', sizeof longest);
  hook_shim *shim = opened();
  int socket = receiver();
  hook_shim_result result = hook_shim_started(shim, odd, sizeof odd, longest, HOOK_SHIM_LONGEST);
  CHECK(result.outcome == HOOK_SHIM_DELIVERED);
  long count = recv(socket, got, sizeof got, MSG_DONTWAIT);
  CHECK(count == 64 + 8 + (long)sizeof odd + 8 + HOOK_SHIM_LONGEST);
  CHECK(memcmp(got + 72, odd, sizeof odd) == 0);
  CHECK(memcmp(got + count - HOOK_SHIM_LONGEST, longest, HOOK_SHIM_LONGEST) == 0);
  result = hook_shim_removed(shim, longest, HOOK_SHIM_LONGEST, longest, HOOK_SHIM_LONGEST);
  CHECK(result.outcome == HOOK_SHIM_DELIVERED);
  CHECK(recv(socket, got, sizeof got, MSG_DONTWAIT) == 64 + 16 + 2 * HOOK_SHIM_LONGEST);
  CHECK(hook_shim_removed(shim, NULL, 0, "", 0).outcome == HOOK_SHIM_DELIVERED);
  CHECK(recv(socket, got, sizeof got, MSG_DONTWAIT) == 80);

  result = hook_shim_removed(shim, longest, sizeof longest, "e", 1);
  CHECK(result.outcome == HOOK_SHIM_REFUSED && result.spool_errno == EMSGSIZE);
  CHECK(hook_shim_removed(shim, NULL, 5, "e", 1).outcome == HOOK_SHIM_REFUSED);
  CHECK(hook_shim_removed(shim, "f", 1, "e", SIZE_MAX).outcome == HOOK_SHIM_REFUSED);
  CHECK(recv(socket, got, sizeof got, MSG_DONTWAIT) < 0 && spooled_files() == 0);
  close(socket);
  hook_shim_close(shim);
}

/* No socket, a socket without a receiver, or another file: spooled, errno and signals unchanged. */
static void missing(void) {
  hook_shim *shim = opened();
  errno = 4711;
  hook_shim_result result = send_one(shim);
  CHECK(result.outcome == HOOK_SHIM_SPOOLED && result.socket_errno == ENOENT && errno == 4711);
  close(receiver());
  result = send_one(shim);
  CHECK(result.outcome == HOOK_SHIM_SPOOLED && result.socket_errno == ECONNREFUSED);
  unlink(below("notify.sock"));
  close(open(below("notify.sock"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  CHECK(send_one(shim).outcome == HOOK_SHIM_SPOOLED);
  unlink(below("notify.sock"));
  int socket = receiver();
  CHECK(send_one(shim).outcome == HOOK_SHIM_DELIVERED); /* without reopening the shim */
  char line[16];
  hook_shim_describe(result, line, sizeof line);
  CHECK(strcmp(line, "spooled for pod") == 0);
  ledger *book = calloc(1, sizeof *book);
  take_queue(book, socket);
  take_spool(book);
  CHECK(book->total == 4 && book->twice == 0 && book->broken == 0);
  free(book);
  close(socket);
  hook_shim_close(shim);
}

/* The paths that hook_shim_open refuses, and the directories that it creates. */
static void opening(void) {
  hook_shim *shim = NULL;
  char path[5000] = "/";
  memset(path + 1, 'x', sizeof path - 2);
  CHECK(hook_shim_open("run/socket", below("spool"), &shim) == EINVAL && shim == NULL);
  CHECK(hook_shim_open(below("s"), "spool", &shim) == EINVAL);
  CHECK(hook_shim_open(path, below("spool"), &shim) == ENAMETOOLONG);
  CHECK(hook_shim_open(below("s"), path, &shim) == ENAMETOOLONG);
  CHECK(hook_shim_open(below("s"), "/dev/null", &shim) == ENOTDIR);
  CHECK(mkdir(below("open"), 0700) == 0 && chmod(below("open"), 0777) == 0);
  CHECK(hook_shim_open(below("s"), below("open"), &shim) == EPERM);
  CHECK(symlink("/tmp", below("link")) == 0);
  CHECK(hook_shim_open(below("s"), below("link"), &shim) == ENOTDIR);
  char component[300] = "";
  memset(component, 'c', 256);
  CHECK(hook_shim_open(below("s"), below(component), &shim) == ENAMETOOLONG);
  CHECK(hook_shim_open(below("s"), "/proc/spool", &shim) == EINVAL);
  CHECK(hook_shim_open(below("s"), "/proc/self/task", &shim) == EINVAL);
  CHECK(hook_shim_open(below("s"), "/sys/a/spool", &shim) == EINVAL);
  hook_shim_close(NULL);

  CHECK(hook_shim_open(below("s"), below("new/spool/"), &shim) == 0);
  struct stat status;
  CHECK(stat(below("new/spool"), &status) == 0 && (status.st_mode & 07777) == 0700);
  /* An operator may remove both directories: they are created again, and counted from zero. */
  CHECK(rmdir(below("new/spool")) == 0 && rmdir(below("new")) == 0);
  CHECK(send_one(shim).outcome == HOOK_SHIM_SPOOLED);
  hook_shim_close(shim);
}

/* Other users must reach the lease socket, whichever process creates the run directory first. */
static void modes(void) {
  umask(0777);
  hook_shim *shim = NULL;
  CHECK(hook_shim_open(below("s"), below("run/spool"), &shim) == 0);
  CHECK(send_one(shim).outcome == HOOK_SHIM_SPOOLED);
  struct stat status;
  CHECK(stat(below("run"), &status) == 0 && (status.st_mode & 07777) == 0755);
  CHECK(stat(below("run/spool"), &status) == 0 && (status.st_mode & 07777) == 0700);
  hook_shim_close(shim);
}

/* A limit on file sizes causes an error, not SIGXFSZ. A child's events have other identifiers. */
static void process(void) {
  hook_shim *shim = opened();
  struct rlimit before, none = {10, RLIM_INFINITY};
  getrlimit(RLIMIT_FSIZE, &before);
  none.rlim_max = before.rlim_max;
  setrlimit(RLIMIT_FSIZE, &none);
  hook_shim_result result = send_one(shim);
  setrlimit(RLIMIT_FSIZE, &before);
  CHECK(result.outcome == HOOK_SHIM_FAILED && result.spool_errno == EFBIG);
  char line[200];
  hook_shim_describe(result, line, sizeof line);
  CHECK(strstr(line, "not spooled (File too large)") != NULL);
  pid_t child = fork();
  if (child == 0) _exit(send_one(shim).outcome == HOOK_SHIM_SPOOLED ? 0 : 1);
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(send_one(shim).outcome == HOOK_SHIM_SPOOLED);
  CHECK(spooled_files() == 2 && files_with_dots() == 0);
  /* PID, instance and sequence: the last two are equal here. */
  DIR *spool = opendir(below("spool"));
  char ids[2][20] = {"", ""}, whole[256];
  for (struct dirent *entry; (entry = readdir(spool)) != NULL;) {
    int file = openat(dirfd(spool), entry->d_name, O_RDONLY | O_CLOEXEC);
    if (entry->d_name[0] != '.' && read(file, whole, sizeof whole) > 64)
      memcpy(ids[ids[0][0] != 0 || ids[0][1] != 0], whole + 12, 20);
    close(file);
  }
  closedir(spool);
  CHECK(memcmp(ids[0], ids[1], 20) != 0 && memcmp(ids[0] + 4, ids[1] + 4, 16) == 0);
  hook_shim_close(shim);
}

/* A full disk (the directory is a small tmpfs): an error, no partial file, and success once there
 * is room. */
static void disk(void) {
  hook_shim *shim = opened();
  int good = 0;
  hook_shim_result result = send_one(shim);
  for (; result.outcome == HOOK_SHIM_SPOOLED && good < 1000; good++) result = send_one(shim);
  CHECK(good > 0 && result.outcome == HOOK_SHIM_FAILED && result.spool_errno == ENOSPC);
  CHECK(spooled_files() == good && files_with_dots() == 0);
  ledger *book = calloc(1, sizeof *book);
  take_spool(book);
  CHECK(book->total == good && book->twice == 0 && book->broken == 0);
  CHECK(send_one(shim).outcome == HOOK_SHIM_SPOOLED);
  free(book);
  hook_shim_close(shim);
}

/* A stopped receiver: no call waits for it, and after it resumes it has all delivered events. */
static void stopped(void) {
  ledger *book = mmap(NULL, sizeof *book, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(book != MAP_FAILED);
  pid_t child = fork();
  if (child == 0) {
    int socket = receiver();
    raise(SIGSTOP);
    take_queue(book, socket);
    _exit(failures);
  }
  int status;
  CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
  hook_shim *shim = opened();
  double longest = 0;
  int delivered = 0, spooled = 0;
  for (int i = 0; i < 1000; i++) {
    double begin = seconds();
    hook_shim_outcome outcome = send_one(shim).outcome;
    double took = seconds() - begin;
    if (took > longest) longest = took;
    delivered += outcome == HOOK_SHIM_DELIVERED;
    spooled += outcome == HOOK_SHIM_SPOOLED;
  }
  CHECK(delivered > 0 && spooled > 0 && delivered + spooled == 1000);
  CHECK(longest < 60); /* a wait for the receiver would never return */
  kill(child, SIGCONT);
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(book->total == delivered);
  take_spool(book);
  CHECK(book->total == 1000 && book->twice == 0 && book->broken == 0);
  munmap(book, sizeof *book);
  hook_shim_close(shim);
}

void full_queue(void);
void churn(void);
void files(void);
void bytes(void);
void processes(void);
void cost(void);
void forks(void);
void exchange(void);
void uncounted(void);

int main(int count, char **arguments) {
  static const struct {
    const char *name;
    void (*run)(void);
  } scenarios[] = {
      {"strings", strings}, {"missing", missing}, {"opening", opening}, {"process", process},
      {"disk", disk}, {"stopped", stopped}, {"full-queue", full_queue}, {"churn", churn},
      {"files", files}, {"bytes", bytes}, {"processes", processes}, {"cost", cost}, {"forks", forks},
      {"exchange", exchange}, {"uncounted", uncounted}, {"umask", modes},
  };
  for (size_t i = 0; count == 2 && i < sizeof scenarios / sizeof scenarios[0]; i++) {
    if (strcmp(scenarios[i].name, arguments[1]) != 0) continue;
    scenarios[i].run();
    return failures == 0 ? 0 : 1;
  }
  fprintf(stderr, "no such scenario\n");
  return 2;
}
