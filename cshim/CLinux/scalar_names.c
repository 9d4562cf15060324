#include <stdint.h>

intptr_t __wrap__swift_stdlib_getScalarName(uint32_t scalar, uint8_t *buffer, intptr_t capacity);

/* In a static program Swift's standard library calls this for Unicode.Scalar.Properties.name: the linker puts it in the
   place of the library's own (--wrap), whose tables of names would be half a megabyte of each program. Nothing
   asks for a scalar's name; who did would get none. */
intptr_t __wrap__swift_stdlib_getScalarName(uint32_t scalar, uint8_t *buffer, intptr_t capacity) {
  (void)scalar, (void)buffer, (void)capacity;
  return 0;
}
