#ifndef CCGROUP_H
#define CCGROUP_H
#include <libcgroup.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/vfs.h>

/* libcgroup 2.0.2 without the functions that could harm a running pod. Those are declared again
   as unavailable, so that their use is a compile error. Only
   Sources/LibcgroupTree/Libcgroup.swift imports this module (scripts/lint). */

/* Removes a cgroup that has neither processes nor child cgroups. The kernel refuses any other,
   and no process is moved. A busy cgroup also returns 0, because the library drops its own
   ECGNONEMPTY: check whether the directory is gone. */
static inline int ccgroup_delete_empty(struct cgroup *group) {
  return cgroup_delete_cgroup_ext(group, CGFLAG_DELETE_EMPTY_ONLY);
}

/* Swift would import the arrays of struct cgroup_mount_point as tuples of 4096 members. */
static inline void *ccgroup_mount_new(void) { return calloc(1, sizeof(struct cgroup_mount_point)); }
static inline const char *ccgroup_mount_name(const void *mount) { return ((const struct cgroup_mount_point *)mount)->name; }
static inline const char *ccgroup_mount_path(const void *mount) { return ((const struct cgroup_mount_point *)mount)->path; }
static inline int ccgroup_mount_first(void **handle, void *mount) {
  return cgroup_get_controller_begin(handle, (struct cgroup_mount_point *)mount);
}
static inline int ccgroup_mount_next(void **handle, void *mount) {
  return cgroup_get_controller_next(handle, (struct cgroup_mount_point *)mount);
}

/* The cgroup version of the file system of a path: 1 or 2, or 0 for any other file system. */
static inline int ccgroup_version(const char *path) {
  struct statfs system;
  if (statfs(path, &system) != 0) return 0;
  return system.f_type == CGROUP_SUPER_MAGIC ? 1 : system.f_type == CGROUP2_SUPER_MAGIC ? 2 : 0;
}

#define CCGROUP_NEVER(why) __attribute__((unavailable(why)))

int cgroup_delete_cgroup_ext(struct cgroup *, int) CCGROUP_NEVER("other flags move processes: ccgroup_delete_empty");
int cgroup_delete_cgroup(struct cgroup *, int) CCGROUP_NEVER("moves processes to the parent");
int cgroup_create_cgroup(struct cgroup *, int) CCGROUP_NEVER("writes cgroup.subtree_control of the parents");
int cgroup_create_cgroup_from_parent(struct cgroup *, int) CCGROUP_NEVER("writes cgroup.subtree_control of the parents");
int cgroup_get_procs(char *, char *, pid_t **, int *) CCGROUP_NEVER("a file that can't be read looks like an empty group");
int cgroup_get_task_begin(const char *, const char *, void **, pid_t *)
    CCGROUP_NEVER("a file that can't be read looks like an empty group");
int cgroup_get_current_controller_path(pid_t, const char *, char **) CCGROUP_NEVER("fails on the line of version 2");
int cgroup_attach_task(struct cgroup *) CCGROUP_NEVER("moves this process");
int cgroup_attach_task_pid(struct cgroup *, pid_t) CCGROUP_NEVER("moves a process");

#undef CCGROUP_NEVER
#endif
