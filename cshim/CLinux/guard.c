/* A program that is killed together with all its descendants when this process exits.

   A guard is between the two: a fork of this process that only waits. It holds the read end of a
   pipe whose write end only this process has, so the kernel closes the pipe when this process
   dies. The guard is the subreaper of the program's orphaned descendants (prctl(2),
   PR_SET_CHILD_SUBREAPER), so none escapes. After a fork of a process with threads only
   async-signal-safe functions may be called: the guard never allocates.

   The program can kill or stop its guard, since both have the same user. While guards exist,
   this process is a subreaper too: it inherits and kills the descendants of a killed guard. A
   stopped guard is continued by this process, or by the death of this process. */
#define _GNU_SOURCE
#include "CLinux.h"
#include "guards.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The guard's report about the program. */
struct report {
  int error; /* errno of the start; 0 if the program was started */
  int status; /* the status of waitpid(2) */
};

static void close_between(int first, int last) {
  if (first > last) return;
#ifdef SYS_close_range
  if (syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0) == 0) return;
#endif
  struct rlimit limit;
  int end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 1 << 20 ? (int)limit.rlim_cur : 1 << 20;
  for (int file = first; file <= last && file < end; file++) close(file);
}

/* Closes all descriptors except three. */
static void keep_only(int one, int two, int three) {
  int kept[3] = {one, two, three};
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++)
      if (kept[j] > kept[j + 1]) {
        int other = kept[j];
        kept[j] = kept[j + 1];
        kept[j + 1] = other;
      }
  close_between(0, kept[0] - 1);
  close_between(kept[0] + 1, kept[1] - 1);
  close_between(kept[1] + 1, kept[2] - 1);
  close_between(kept[2] + 1, ~0u >> 1);
}

/* Executes the program; on failure writes errno. */
static void become(const struct linux_program *what, pid_t guard, int fault) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  /* If the guard is killed, the program is killed too. PDEATHSIG is bound to the parent thread,
     and the guard has one thread only. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() == guard && chdir(what->directory) == 0 && dup2(what->input, 0) >= 0 &&
      dup2(what->output, 1) >= 0 && dup2(what->error, 2) >= 0) {
    close_between(3, fault - 1);
    close_between(fault + 1, ~0u >> 1);
    execve(what->arguments[0], what->arguments, what->environment);
  }
  int error = errno;
  (void)!write(fault, &error, sizeof error);
  _exit(127);
}

/* Kills every child: the rest of the program, and orphans that the guard inherited. Children
   that don't fit into the array are killed in the next round. */
static void kill_children(void) {
  pid_t found[512];
  /* /proc/thread-self needs Linux 3.17. The guard has one thread, so its ID is the process ID. */
  char path[64] = "/proc/self/task/";
  char digits[16];
  size_t at = sizeof digits, end = strlen(path);
  for (pid_t self = getpid(); self > 0; self /= 10) digits[--at] = (char)('0' + self % 10);
  memcpy(path + end, digits + at, sizeof digits - at);
  strcpy(path + end + sizeof digits - at, "/children");
  int count = guards_listed(path, found, sizeof found / sizeof *found);
  if (count < 0) count = linux_children(getpid(), found, sizeof found / sizeof *found);
  for (int i = 0; i < count; i++) kill(found[i], SIGKILL);
}

/* Waits until the program exits, or the process that started it closes the lifeline. */
static void wait_for_end(pid_t program, int lifeline, int signals) {
  struct pollfd files[2] = {{.fd = lifeline, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
  for (;;) {
    siginfo_t ended = {0};
    while (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid > 0) {
      if (ended.si_pid == program) return;
      waitpid(ended.si_pid, NULL, 0);
      ended.si_pid = 0;
    }
    if (poll(files, 2, -1) < 0 && errno != EINTR) return;
    if (files[0].revents) return;
    struct signalfd_siginfo signal;
    if (files[1].revents) (void)!read(signals, &signal, sizeof signal);
  }
}

/* Kills the program and all its descendants. Returns the program's status. */
static int end_all(pid_t program, int signals) {
  int status = SIGKILL;
  /* The program isn't reaped yet, so the process group ID can't have been reused. */
  kill(-program, SIGKILL);
  for (int round = 0; round < 300; round++) {
    kill_children();
    int one;
    pid_t ended;
    while ((ended = waitpid(-1, &one, WNOHANG)) > 0)
      if (ended == program) status = one;
    if (ended < 0 && errno == ECHILD) break;
    struct signalfd_siginfo signal;
    struct pollfd file = {.fd = signals, .events = POLLIN};
    if (poll(&file, 1, 10) > 0) (void)!read(signals, &signal, sizeof signal);
  }
  return status;
}

static void guard(const struct linux_program *what, int lifeline, int result) {
  prctl(PR_SET_NAME, "program-guard");
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  /* A stopped guard must be continued when its parent dies, to see that the lifeline is closed. */
  prctl(PR_SET_PDEATHSIG, SIGCONT);
  /* The guard leaves the terminal's foreground process group: signals from the terminal are for
     the process that is guarded. */
  setsid();
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  signal(SIGCHLD, SIG_DFL);
  int signals = signalfd(-1, &child, SFD_CLOEXEC);
  int fault[2];
  struct report report = {0, 0};
  pid_t self = getpid(), program = -1;
  if (signals >= 0 && pipe2(fault, O_CLOEXEC) == 0) {
    program = fork();
    if (program == 0) become(what, self, fault[1]);
    if (program < 0) report.error = errno;
    close(fault[1]);
    if (program > 0 && read(fault[0], &report.error, sizeof report.error) < 0) report.error = errno;
  } else {
    report.error = errno;
  }
  if (program > 0) {
    keep_only(lifeline, result, signals);
    if (report.error == 0) wait_for_end(program, lifeline, signals);
    report.status = end_all(program, signals);
  }
  (void)!write(result, &report, sizeof report);
  _exit(0);
}

/* --- this process ----------------------------------------------------------------------------- */

/* Waits until the guard reports or is dead. A stopped guard is continued; one that is stopped
   repeatedly is killed. *reaped is set if the guard was reaped. */
static void await_report(pid_t process, int result, int *reaped) {
  struct pollfd file = {.fd = result, .events = POLLIN};
  for (int stops = 0; poll(&file, 1, 500) <= 0;) {
    int status;
    pid_t changed = *reaped ? 0 : waitpid(process, &status, WUNTRACED | WNOHANG);
    if (changed != process) continue;
    if (WIFSTOPPED(status)) {
      kill(process, ++stops < 10 ? SIGCONT : SIGKILL);
    } else {
      *reaped = 1;
    }
  }
}

int linux_start_program(const struct linux_program *what, pid_t *process, int *lifeline) {
  int life[2], result[2];
  if (pipe2(life, O_CLOEXEC) != 0) return -1;
  if (pipe2(result, O_CLOEXEC) != 0) {
    int error = errno;
    close(life[0]);
    close(life[1]);
    errno = error;
    return -1;
  }
  /* The signal handlers of this process must not run in the guard. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  guards_lock();
  pid_t child = fork();
  if (child == 0) {
    close(life[1]);
    close(result[0]);
    guard(what, life[0], result[1]);
  }
  int error = errno;
  guards_unlock(child);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(life[0]);
  close(result[1]);
  if (child < 0) {
    close(life[1]);
    close(result[0]);
    errno = error;
    return -1;
  }
  *process = child;
  *lifeline = life[1];
  return result[0];
}

int linux_wait_program(pid_t process, int result, int *status) {
  struct report report = {0, SIGKILL};
  ssize_t length;
  int reaped = 0;
  await_report(process, result, &reaped);
  do {
    length = read(result, &report, sizeof report);
  } while (length < 0 && errno == EINTR);
  close(result);
  while (!reaped && waitpid(process, NULL, 0) < 0 && errno == EINTR) {}
  if (length != sizeof report) {
    report.error = 0;
    report.status = SIGKILL;
    for (int round = 0; round < 300 && guards_kill_fallen() > 0; round++) poll(NULL, 0, 10);
  }
  guards_strike(process);
  *status = report.status;
  return report.error;
}
