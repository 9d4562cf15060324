#define _GNU_SOURCE
#include "CLinux.h"
#include <stdlib.h>
#include <unistd.h>

static char *const *kept;

static void begin(int count, char **arguments, char **environment) {
  (void)environment;
  if (count > 0 && arguments != NULL) kept = arguments;
  /* Within a static program Swift's runtime asks /proc/self/exe where it lies, to find its backtracer, and aborts where
     that can't be told, unless this variable says so (its Paths.cpp). */
  char path[1];
  if (readlink("/proc/self/exe", path, sizeof path) < 0) setenv("SWIFT_ROOT", "/", 0);
}

/* Before the initializers of all libraries. Swift itself reads /proc/self/cmdline, which isn't there where /proc isn't. */
__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **, char **) = begin;

char *const *linux_arguments(void) { return kept; }
