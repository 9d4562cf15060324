#define _GNU_SOURCE
#include "CLinux.h"
#include "guards.h"
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct known {
  pid_t process;
  struct known *next;
} *guards; /* guards that were started and not yet reaped */
static int was_subreaper;

/* Call with the lock held. */
static void enlist(struct known *one) {
  if (guards == NULL) {
    was_subreaper = 0;
    prctl(PR_GET_CHILD_SUBREAPER, &was_subreaper);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
  one->next = guards;
  guards = one;
}

void guards_lock(void) { pthread_mutex_lock(&lock); }

void guards_unlock(pid_t process) {
  struct known *one = process > 0 ? malloc(sizeof *one) : NULL;
  if (one != NULL) {
    one->process = process;
    enlist(one);
  }
  pthread_mutex_unlock(&lock);
}

void guards_strike(pid_t process) {
  pthread_mutex_lock(&lock);
  for (struct known **at = &guards; *at != NULL; at = &(*at)->next) {
    if ((*at)->process != process) continue;
    struct known *one = *at;
    *at = one->next;
    free(one);
    break;
  }
  if (guards == NULL && !was_subreaper) prctl(PR_SET_CHILD_SUBREAPER, 0);
  pthread_mutex_unlock(&lock);
}

static int is_guard(pid_t process) {
  pthread_mutex_lock(&lock);
  struct known *one = guards;
  while (one != NULL && one->process != process) one = one->next;
  pthread_mutex_unlock(&lock);
  return one != NULL;
}

/* Kills the children in other sessions that are not guards: the descendants of a killed guard. */
static int kill_fallen(const pid_t *children, int count) {
  int killed = 0;
  for (int i = 0; i < count; i++) {
    if (getsid(children[i]) == getsid(0) || is_guard(children[i])) continue;
    kill(children[i], SIGKILL);
    waitpid(children[i], NULL, WNOHANG);
    killed++;
  }
  return killed;
}

int guards_kill_fallen(void) {
  enum { most = 512 };
  pid_t children[most];
  DIR *threads = opendir("/proc/self/task");
  if (threads == NULL) return 0;
  int killed = 0, is_listed = 1;
  for (struct dirent *thread; is_listed && (thread = readdir(threads)) != NULL;) {
    if (thread->d_name[0] == '.') continue;
    char path[300];
    snprintf(path, sizeof path, "/proc/self/task/%s/children", thread->d_name);
    int count = guards_listed(path, children, most);
    /* A thread that has just exited has no list, and some kernels have no lists at all. */
    is_listed = count >= 0;
    if (count > 0) killed += kill_fallen(children, count);
  }
  closedir(threads);
  if (is_listed) return killed;
  int count = linux_children(getpid(), children, most);
  return killed + (count > 0 ? kill_fallen(children, count) : 0);
}
