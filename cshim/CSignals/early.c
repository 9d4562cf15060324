#define _GNU_SOURCE
#include "CSignals.h"
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
enum { count = sizeof numbers / sizeof *numbers };

static atomic_int came[count];
static atomic_int taken[count];

static int index_of(int number) {
  for (int i = 0; i < count; i++)
    if (numbers[i] == number) return i;
  return -1;
}

static void note(int number) {
  int i = index_of(number);
  if (i < 0) return;
  /* The program handles the signal itself since it called signals_take_early: send it again. */
  if (taken[i])
    kill(getpid(), number);
  else
    came[i]++;
}

/* Whether the arguments are those of a command that runs a pod. */
static int lives_for_a_pod(int count_of, char **arguments) {
  return count_of == 1 || (count_of > 1 && strcmp(arguments[1], "run") == 0);
}

static void listen_early(int count_of, char **arguments, char **environment) {
  (void)environment;
  if (!lives_for_a_pod(count_of, arguments)) return;
  struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < count; i++) {
    struct sigaction before;
    /* A signal that is ignored from the start, for example by nohup, stays ignored. */
    if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
      sigaction(numbers[i], &action, NULL);
  }
}

/* Runs before the initializers of all libraries. */
__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **, char **) =
    listen_early;

int signals_take_early(int number) {
  int i = index_of(number);
  if (i < 0) return 0;
  taken[i] = 1;
  return came[i];
}
