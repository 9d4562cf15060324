#include "CLinux.h"

static char *const *kept;

static void keep(int count, char **arguments, char **environment) {
  (void)environment;
  if (count > 0 && arguments != NULL) kept = arguments;
}

/* Swift itself reads /proc/self/cmdline, which isn't there where /proc isn't. */
__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **, char **) = keep;

char *const *linux_arguments(void) { return kept; }
