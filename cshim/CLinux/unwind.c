#define _GNU_SOURCE
#include <stddef.h>
#include <unwind.h>

_Unwind_Reason_Code __wrap__Unwind_ForcedUnwind(
    struct _Unwind_Exception *exception, _Unwind_Stop_Fn stop, void *buffer);

/* In a static program glibc calls this function to stop a thread (pthread_exit, with which
   dispatch_main stops the main thread): the linker substitutes it for the unwinder's function
   (--wrap). There are no unwind tables (scripts/static.ld), and C and Swift need no cleanup. So
   every frame is treated as the last frame that has a table, and glibc continues at the start of
   the thread. */
_Unwind_Reason_Code __wrap__Unwind_ForcedUnwind(
    struct _Unwind_Exception *exception, _Unwind_Stop_Fn stop, void *buffer) {
  _Unwind_Action last = _UA_FORCE_UNWIND | _UA_CLEANUP_PHASE | _UA_END_OF_STACK;
  stop(1, last, exception->exception_class, exception, NULL, buffer);
  /* `stop` does not return. */
  return _URC_FATAL_PHASE2_ERROR;
}
