#define _GNU_SOURCE
#include <stddef.h>
#include <unwind.h>

_Unwind_Reason_Code __wrap__Unwind_ForcedUnwind(
    struct _Unwind_Exception *exception, _Unwind_Stop_Fn stop, void *buffer);

/* In a static program glibc calls this to end a thread (pthread_exit, by which dispatch_main ends
   the main one): the linker puts it in the unwinder's place (--wrap). There are no unwind tables
   (scripts/static.ld), and nothing to clean up in C and Swift. So every frame is taken for the last
   one that has a table, and glibc goes on where the thread began. */
_Unwind_Reason_Code __wrap__Unwind_ForcedUnwind(
    struct _Unwind_Exception *exception, _Unwind_Stop_Fn stop, void *buffer) {
  _Unwind_Action last = _UA_FORCE_UNWIND | _UA_CLEANUP_PHASE | _UA_END_OF_STACK;
  stop(1, last, exception->exception_class, exception, NULL, buffer);
  /* It doesn't return from there. */
  return _URC_FATAL_PHASE2_ERROR;
}
