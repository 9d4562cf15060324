/* A program that ends with this process, however that ends, and with all that it started.

   Between the two stands a guard: a fork of this process that does nothing but wait. It holds the reading end of a pipe
   whose writing end this process has alone, so the kernel closes that when the process dies; and it is the one to whom
   the program's orphans fall (prctl(2), PR_SET_CHILD_SUBREAPER), so none gets away. After a fork of a process with
   threads only what is safe in a signal handler may be called: nothing in the guard allocates.

   The program may kill or stop its guard, since both are one user's. This process is a subreaper too while guards live: what
   a killed one leaves falls to it and is ended; a stopped one is made to go on, here or by the death of this process. */
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

/* How the program ended, from the guard. */
struct report {
  int error; /* of the start; 0 where it was started */
  int status; /* as waitpid(2) has it */
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

/* Closes every descriptor but three. */
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

/* Becomes the program; on failure writes errno. */
static void become(const struct linux_program *what, pid_t guard, int fault) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  /* A guard that is killed takes the program along: it has one thread, so this can be relied on. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() == guard && chdir(what->folder) == 0 && dup2(what->input, 0) >= 0 &&
      dup2(what->output, 1) >= 0 && dup2(what->error, 2) >= 0) {
    close_between(3, fault - 1);
    close_between(fault + 1, ~0u >> 1);
    execve(what->arguments[0], what->arguments, what->environment);
  }
  int error = errno;
  (void)!write(fault, &error, sizeof error);
  _exit(127);
}

/* Kills every child: what is left of the program, and what fell to the guard when its parent ended.
   Those that don't fit are the next round's. */
static void kill_children(void) {
  pid_t found[512];
  /* Not by way of /proc/thread-self, which came with Linux 3.17: the guard has one thread. */
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

/* Waits for the program's end, or for that of the process that wanted it. */
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

/* Kills the program with all that it started.
   Returns the program's status. */
static int end_all(pid_t program, int signals) {
  int status = SIGKILL;
  /* It isn't waited for as yet, so its group can't be another's. */
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
  /* One that was stopped has to see that the lifeline is closed. */
  prctl(PR_SET_PDEATHSIG, SIGCONT);
  /* Not in the terminal's foreground: what the one who sits there sends is for the process that is guarded. */
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

/* Waits until the guard reports or is dead; one that is stopped goes on, and one that is stopped again and again is
   killed. Whether it was waited for is in *reaped. */
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
  /* None of this process's handlers may run in the guard. */
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
