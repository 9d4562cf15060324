#include "CLinux.h"

#include <malloc.h>

void linux_keep_memory_small(void) {
  // By default each thread has a heap of its own, and one freed block of megabytes makes glibc keep such blocks.
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  mallopt(M_TRIM_THRESHOLD, 256 << 10);
}
