#include <fcntl.h>

/* A program may be started with standard input, output or error closed. The first files that it
   opens would then get descriptors 0 to 2, and output of a container could be written to a
   connection to the engine. So each closed descriptor is opened before anything else, in the
   opposite direction of its use: reads and writes fail as they do on a closed descriptor. */
__attribute__((constructor)) static void occupy_standard_descriptors(void) {
  for (int descriptor = 0; descriptor < 3; descriptor++) {
    if (fcntl(descriptor, F_GETFD) >= 0) continue;
    /* open(2) returns the lowest free descriptor, which is this one. */
    if (open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) < 0) open("/", O_RDONLY);
  }
}
