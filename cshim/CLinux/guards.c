#define _GNU_SOURCE
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
} *guards; /* those that were started and not yet waited for */
static int was_subreaper;

/* With the lock held. */
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

int guards_kill_fallen(void) {
  DIR *threads = opendir("/proc/self/task");
  if (threads == NULL) return 0;
  int count = 0;
  for (struct dirent *thread; (thread = readdir(threads)) != NULL;) {
    char path[300];
    snprintf(path, sizeof path, "/proc/self/task/%s/children", thread->d_name);
    FILE *list = thread->d_name[0] == '.' ? NULL : fopen(path, "re");
    if (list == NULL) continue;
    for (long child; fscanf(list, "%ld", &child) == 1;) {
      if (getsid((pid_t)child) == getsid(0) || is_guard((pid_t)child)) continue;
      kill((pid_t)child, SIGKILL);
      waitpid((pid_t)child, NULL, WNOHANG);
      count++;
    }
    fclose(list);
  }
  closedir(threads);
  return count;
}
