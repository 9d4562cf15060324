#define _GNU_SOURCE
#include "CLinux.h"
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

/* Everything except linux_report_crashes runs in a signal handler: no allocation, locks or
   stdio. */

static const struct {
  int number;
  const char *name;
} crashes[] = {{SIGSEGV, "SIGSEGV"}, {SIGILL, "SIGILL"},   {SIGBUS, "SIGBUS"},
               {SIGFPE, "SIGFPE"},   {SIGTRAP, "SIGTRAP"}, {SIGABRT, "SIGABRT"}};

enum { count = sizeof crashes / sizeof *crashes, most_frames = 24 };

static char program[64];
static char advice[160];
/* The handlers that were installed before, for example by a debugging aid. With SWIFT_BACKTRACE
   they run after ours. */
static struct sigaction before[count];
static int keeps_before;
static int is_installed;

/* The load address of the program: its ELF header, a symbol that the linker defines. */
extern const char __ehdr_start __attribute__((visibility("hidden")));

struct line {
  char text[1024];
  size_t length;
};

static void add(struct line *line, const char *text) {
  size_t length = strlen(text), room = sizeof line->text - line->length;
  if (length > room) length = room;
  memcpy(line->text + line->length, text, length);
  line->length += length;
}

static void add_number(struct line *line, uintptr_t number, unsigned base) {
  char digits[24];
  size_t at = sizeof digits - 1;
  digits[at] = 0;
  do {
    digits[--at] = "0123456789abcdef"[number % base];
    number /= base;
  } while (number > 0);
  if (base == 16) add(line, "0x");
  add(line, digits + at);
}

/* One write, so that the line isn't mixed with other output. Nothing is written if standard
   error doesn't accept data within 200 ms: a stopped reader must not keep the process from
   exiting. */
static void put(const struct line *line) {
  struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
  if (poll(&out, 1, 200) == 1 && out.revents & POLLOUT) (void)!write(STDERR_FILENO, line->text, line->length);
}

/* Collects the return addresses by the frame pointers that Swift's code and this project's C
   code keep. The stack may be corrupt, so the kernel copies it and rejects invalid addresses. */
static int walk(const ucontext_t *context, uintptr_t *addresses) {
#if defined(__x86_64__)
  uintptr_t at = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
  uintptr_t frame = (uintptr_t)context->uc_mcontext.gregs[REG_RBP];
#elif defined(__aarch64__)
  uintptr_t at = context->uc_mcontext.pc, frame = context->uc_mcontext.regs[29];
#else
  uintptr_t at = 0, frame = 0;
#endif
  int found = 0;
  while (at && found < most_frames) {
    addresses[found++] = at;
    uintptr_t next[2];
    struct iovec here = {.iov_base = next, .iov_len = sizeof next};
    struct iovec there = {.iov_base = (void *)frame, .iov_len = sizeof next};
    if (frame % sizeof frame || process_vm_readv(getpid(), &here, 1, &there, 1, 0) != (ssize_t)sizeof next) break;
    if (next[0] <= frame) break;
    frame = next[0];
    at = next[1];
  }
  return found;
}

static void crashed(int number, siginfo_t *info, void *context) {
  (void)info;
  int which = 0;
  while (which < count - 1 && crashes[which].number != number) which++;
  struct line line = {.length = 0};
  add(&line, program);
  add(&line, ": crashed by signal ");
  add_number(&line, (uintptr_t)number, 10);
  add(&line, " (");
  add(&line, crashes[which].name);
  add(&line, "), please report this");
  add(&line, advice);
  add(&line, "\n");
  put(&line);

  uintptr_t addresses[most_frames];
  int found = walk(context, addresses);
  line.length = 0;
  add(&line, program);
  add(&line, ": crashed at");
  for (int frame = 0; frame < found; frame++) {
    add(&line, " ");
    add_number(&line, addresses[frame], 16);
  }
  add(&line, ", loaded at ");
  add_number(&line, (uintptr_t)&__ehdr_start, 16);
  add(&line, "\n");
  put(&line);

  /* The signal's own action follows, so the process has the exit status of the signal. */
  if (keeps_before)
    sigaction(number, &before[which], NULL);
  else
    signal(number, SIG_DFL);
  raise(number);
}

void linux_report_crashes(const char *name, const char *hint) {
  strncpy(program, name, sizeof program - 1);
  strncpy(advice, hint, sizeof advice - 1);
  if (is_installed) return;
  is_installed = 1;
  keeps_before = getenv("SWIFT_BACKTRACE") != NULL;
  /* After a stack overflow the handler needs another stack. Only the calling thread gets one. */
  static char aside[64 << 10];
  stack_t stack = {.ss_sp = aside, .ss_size = sizeof aside};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_sigaction = crashed, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESETHAND};
  sigemptyset(&action.sa_mask);
  for (int which = 0; which < count; which++) sigaction(crashes[which].number, &action, &before[which]);
}
