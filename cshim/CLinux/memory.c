#include "CLinux.h"

#include <malloc.h>

void linux_keep_memory_small(void) {
  // By default each thread has its own heap, and after one large block is freed, glibc keeps later
  // blocks of that size instead of returning them to the kernel.
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  mallopt(M_TRIM_THRESHOLD, 256 << 10);
}
