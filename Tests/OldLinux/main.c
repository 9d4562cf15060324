/* old-linux PROGRAM [ARGUMENT]...
   Runs a program, with all that it starts, as if the kernel were Linux 3.10: a seccomp filter (seccomp(2)) answers ENOSYS to
   every system call that came later, as that kernel does to a number that it doesn't know.

   old-linux --calls
   Prints `NAME BEFORE AFTER` for some calls, made directly: the error without the filter, and with it.

   Which calls these are: Linux 3.10 ends its table with finit_module (3.8), and every later call got a higher number.
   - x86_64 (3.10's arch/x86/syscalls/syscall_64.tbl): finit_module is 313. Those from 314 on came with
     sched_setattr (3.14), renameat2 (3.15), seccomp and getrandom and memfd_create (3.17), execveat (3.19), membarrier (4.3),
     copy_file_range (4.5), preadv2 (4.6), statx (4.11), rseq (4.18), pidfd_send_signal (5.1) and all since. The calls of
     the x32 ABI, 512 to 547 with bit 30 set, are refused as well: these programs have none.
   - aarch64 (3.10's include/uapi/asm-generic/unistd.h, which ends with __NR_syscalls 274): finit_module is 273.
   The calls of another ABI, such as `int 0x80`, are refused too.

   A flag is not a number: of those only O_TMPFILE (3.11) is answered as 3.10 does, which takes it for O_DIRECTORY
   and refuses to write to a directory. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { abi = AUDIT_ARCH_X86_64, last = 313 };
#elif defined(__aarch64__)
enum { abi = AUDIT_ARCH_AARCH64, last = 273 };
#else
#error "whose system call table?"
#endif
_Static_assert(SYS_finit_module == last, "the table of Linux 3.10 ends with finit_module");

enum { tmpfile_flag = 020000000 }; /* O_TMPFILE without its O_DIRECTORY */

#define AT(field) ((unsigned)offsetof(struct seccomp_data, field))
#define REFUSE(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))

static int become_old(void) {
  struct sock_filter rules[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT(arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)abi, 1, 0),
    REFUSE(ENOSYS),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT(nr)),
    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 0, 1),
    REFUSE(ENOSYS),
    /* The low half of an argument comes first on both machines. */
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT(args[2])),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, tmpfile_flag, 0, 1),
    REFUSE(EISDIR),
#ifdef SYS_open
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT(nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_open, 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT(args[1])),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, tmpfile_flag, 0, 1),
    REFUSE(EISDIR),
#endif
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {.len = sizeof rules / sizeof *rules, .filter = rules};
  /* Both are older than 3.10, and what is started later can't take the filter off. */
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static char bytes[256];

/* Harmless with any outcome: most are refused for their arguments by a kernel that has them. */
static const struct call {
  const char *name;
  long number;
  long arguments[6];
} calls[] = {
  {"sched_getattr", SYS_finit_module + 2, {0, 0, 0, 0}},
  {"renameat2", SYS_renameat2, {AT_FDCWD, (long)"/none/1", AT_FDCWD, (long)"/none/2", 2}},
  {"seccomp", SYS_seccomp, {-1, 0, 0}},
  {"getrandom", SYS_getrandom, {(long)bytes, 8, 1}},
  {"memfd_create", SYS_memfd_create, {(long)"old-linux", -1}},
  {"execveat", SYS_execveat, {-1, (long)"none", 0, 0, 0}},
  {"membarrier", SYS_membarrier, {0, 0}},
  {"mlock2", SYS_mlock2, {0, 0, -1}},
  {"copy_file_range", SYS_copy_file_range, {-1, 0, -1, 0, 1, 0}},
  {"preadv2", SYS_preadv2, {-1, 0, 0, 0, 0, 0}},
  {"statx", SYS_statx, {AT_FDCWD, (long)"/", 0, 0x7ff, (long)bytes}},
  {"rseq", SYS_rseq, {1, 1, 1, 1}},
  {"pidfd_send_signal", SYS_pidfd_send_signal, {-1, 0, 0, 0}},
  {"io_uring_setup", SYS_io_uring_setup, {0, 0}},
  {"pidfd_open", SYS_pidfd_open, {1, -1}},
  {"clone3", SYS_clone3, {0, 0}},
  {"close_range", SYS_close_range, {0x7ffffff0, 0x7ffffff0, 0}},
  {"openat2", SYS_openat2, {AT_FDCWD, (long)"/", 0, 0}},
  {"faccessat2", SYS_faccessat2, {AT_FDCWD, (long)"/", F_OK, 0}},
  {"O_TMPFILE", SYS_openat, {AT_FDCWD, (long)"/none", O_TMPFILE | O_RDWR, 0600}},
  /* These stay as they are. */
  {"getpid", SYS_getpid, {0}},
  {"openat", SYS_openat, {AT_FDCWD, (long)"/none", O_RDONLY}},
  {"kcmp", SYS_kcmp, {0, 0, -1, 0, 0}},
  {"finit_module", SYS_finit_module, {-1, 0, -1}},
};
enum { count = sizeof calls / sizeof *calls };

static int error_of(const struct call *call) {
  const long *with = call->arguments;
  errno = 0;
  return syscall(call->number, with[0], with[1], with[2], with[3], with[4], with[5]) < 0 ? errno : 0;
}

static int print_calls(void) {
  int before[count];
  for (int i = 0; i < count; i++) before[i] = error_of(&calls[i]);
  if (become_old() != 0) return -1;
  for (int i = 0; i < count; i++) {
    int after = error_of(&calls[i]);
    printf("%s %s", calls[i].name, before[i] ? strerrorname_np(before[i]) : "0");
    printf(" %s\n", after ? strerrorname_np(after) : "0");
  }
  return 0;
}

int main(int count_of, char **arguments) {
  if (count_of < 2) {
    fprintf(stderr, "usage: old-linux PROGRAM [ARGUMENT]... | --calls\n");
    return 2;
  }
  int is_listing = strcmp(arguments[1], "--calls") == 0;
  if ((is_listing ? print_calls() : become_old()) != 0) {
    perror("old-linux: no filter");
    return 126;
  }
  if (is_listing) return 0;
  execvp(arguments[1], arguments + 1);
  perror(arguments[1]);
  return 127;
}
