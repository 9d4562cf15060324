#include <stdint.h>

intptr_t __wrap__swift_stdlib_getScalarName(uint32_t scalar, uint8_t *buffer, intptr_t capacity);

/* In a static program Swift's standard library calls this function for
   Unicode.Scalar.Properties.name: the linker substitutes it for the library's function (--wrap),
   whose tables of names add half a megabyte to each program. The programs never use names of
   scalars; a caller would get none. */
intptr_t __wrap__swift_stdlib_getScalarName(uint32_t scalar, uint8_t *buffer, intptr_t capacity) {
  (void)scalar, (void)buffer, (void)capacity;
  return 0;
}
