#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <unistd.h>

static char *const *kept;

/* Swift's runtime and OpenSSL read random numbers first, and abort if there are none. */
static void need_randomness(const char *program) {
  char byte;
  if (getrandom(&byte, 1, GRND_NONBLOCK) >= 0 || errno != ENOSYS) return;
  if (access("/dev/urandom", R_OK) == 0) return;
  const char *slash = strrchr(program, '/');
  const char *name = slash == NULL ? program : slash + 1;
  static const char words[] =
      ": /dev/urandom can't be read, and this kernel (before Linux 3.17) has no getrandom: "
      "mount /dev\n";
  struct iovec parts[] = {{(void *)name, strlen(name)}, {(void *)words, sizeof words - 1}};
  (void)!writev(STDERR_FILENO, parts, 2);
  _exit(1);
}

static void begin(int count, char **arguments, char **environment) {
  (void)environment;
  if (count > 0 && arguments != NULL) kept = arguments;
  need_randomness(kept != NULL ? kept[0] : "program");
  /* In a static program Swift's runtime uses /proc/self/exe to find its backtracer, and aborts
     if the link can't be read, unless SWIFT_ROOT is set (Paths.cpp). */
  char path[1];
  if (readlink("/proc/self/exe", path, sizeof path) < 0) setenv("SWIFT_ROOT", "/", 0);
}

/* Runs before the initializers of all libraries. Swift itself reads /proc/self/cmdline, which
   needs a mounted /proc. */
__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **, char **) =
    begin;

char *const *linux_arguments(void) { return kept; }
