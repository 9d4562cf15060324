/* old-linux PROGRAM [ARGUMENT]...
   Runs a program, with all that it starts, as if the kernel were Linux 3.10: a seccomp filter
   (seccomp(2)) answers ENOSYS to every system call that came later, as that kernel does to a number
   that it doesn't know.

   old-linux --calls
   Prints `NAME BEFORE AFTER` for some calls, made directly: the error without the filter, and with.

   Which calls these are: Linux 3.10 ends its table with finit_module (3.8), and every later call
   got a higher number.
   - x86_64 (3.10's arch/x86/syscalls/syscall_64.tbl): finit_module is 313. Those from 314 on came
     with sched_setattr (3.14), renameat2 (3.15), seccomp, getrandom and memfd_create (3.17),
     execveat (3.19), membarrier (4.3), copy_file_range (4.5), preadv2 (4.6), statx (4.11),
     rseq (4.18), pidfd_send_signal (5.1) and all since. The calls of the x32 ABI, 512 to 547 with
     bit 30 set, are refused as well: these programs have none.
   - aarch64 (3.10's include/uapi/asm-generic/unistd.h, which ends with __NR_syscalls 274):
     finit_module is 273.
   The calls of another ABI, such as `int 0x80`, are refused too.

   uname(2) answers 3.10.0, since libraries choose by it: OpenSSL, for one, takes /dev/urandom only
   where getrandom can't be expected. A process of its own answers (seccomp_unotify(2)), without
   descriptors of the program's; it ends after the last process under the filter.

   A flag is not a number: of those only O_TMPFILE (3.11) is answered as 3.10 does, which takes it
   for O_DIRECTORY and refuses to write to a directory. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
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

/* Installs the filter. Returns the descriptor that uname's callers are told by; without a listener,
   where such a filter already answers, 0. -1 and errno. */
static int filter(int has_listener) {
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
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT(nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_uname, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, has_listener ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {.len = sizeof rules / sizeof *rules, .filter = rules};
  if (has_listener)
    return (int)syscall(
        SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* --- uname ------------------------------------------------------------------------------------ */

static int pass_descriptor(int socket, int *descriptor, int is_sending) {
  char byte = 0;
  struct iovec part = {.iov_base = &byte, .iov_len = 1};
  union {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int))];
  } control = {0};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1,
      .msg_control = &control, .msg_controllen = sizeof control};
  if (is_sending) {
    control.head = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.head), descriptor, sizeof(int));
    return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
  }
  if (recvmsg(socket, &message, 0) != 1 || CMSG_FIRSTHDR(&message) == NULL) return -1;
  memcpy(descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
  return 0;
}

/* Answers until no process is under the filter any more. */
static void answer(int listener) {
  struct utsname name;
  uname(&name);
  strcpy(name.release, "3.10.0");
  struct pollfd file = {.fd = listener, .events = POLLIN};
  while (poll(&file, 1, -1) > 0 && !(file.revents & (POLLHUP | POLLERR | POLLNVAL))) {
    struct seccomp_notif call = {0};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) continue; /* its caller was killed */
    struct iovec here = {.iov_base = &name, .iov_len = sizeof name};
    struct iovec there = {.iov_base = (void *)call.data.args[0], .iov_len = sizeof name};
    struct seccomp_notif_resp reply = {.id = call.id};
    /* Who may not write there lets the kernel answer. */
    if (process_vm_writev((pid_t)call.pid, &here, 1, &there, 1, 0) != (ssize_t)sizeof name)
      reply.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
  }
}

/* A process that is nobody's child here. Returns the socket that it awaits the listener on. */
static int start_answering(void) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -1;
  pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    if (fork() != 0) _exit(0);
    setsid();
    int listener = -1, other = ends[0];
    for (int file = 0; file < 1024; file++)
      if (file != other) close(file);
    if (pass_descriptor(other, &listener, 0) == 0) {
      close(other);
      answer(listener);
    }
    _exit(0);
  }
  close(ends[0]);
  waitpid(child, NULL, 0);
  return ends[1];
}

static int become_old(void) {
  /* What is started later can't take the filter off. */
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  int socket = start_answering();
  if (socket < 0) return -1;
  int listener = filter(1);
  int reason = errno;
  if (listener < 0) {
    close(socket);
    errno = reason;
    return reason == ENOSYS || reason == EBUSY ? filter(0) : -1;
  }
  int result = pass_descriptor(socket, &listener, 1);
  close(listener);
  close(socket);
  return result;
}

/* --- calls ------------------------------------------------------------------------------------ */

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
  long result = syscall(call->number, with[0], with[1], with[2], with[3], with[4], with[5]);
  return result < 0 ? errno : 0;
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
