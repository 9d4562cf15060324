#include <fcntl.h>

/* A program may be started with standard input, output or error closed. What it opened then would get their numbers:
   output of a container would be written into a connection to the engine. So each closed one is taken before anything
   else is opened, in the direction that nobody uses: reads and writes fail as they do on a closed one. */
__attribute__((constructor)) static void occupy_standard_descriptors(void) {
  for (int descriptor = 0; descriptor < 3; descriptor++) {
    if (fcntl(descriptor, F_GETFD) >= 0) continue;
    /* The lowest number that is free is this one. */
    if (open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) < 0) open("/", O_RDONLY);
  }
}
