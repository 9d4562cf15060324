#include "CNames.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/time.h>

struct answer {
  char *name;
  size_t size;
  int found;
};

static void take(void *context, int status, int timeouts, struct hostent *host) {
  struct answer *answer = context;
  (void)timeouts;
  if (status != ARES_SUCCESS || host == NULL || host->h_name == NULL) return;
  size_t length = strlen(host->h_name);
  if (length == 0 || length >= answer->size) return;
  memcpy(answer->name, host->h_name, length + 1);
  answer->found = 1;
}

/* Runs until the response has arrived or c-ares has given up. */
static void drive(ares_channel channel) {
  for (;;) {
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    struct pollfd polled[ARES_GETSOCK_MAXNUM];
    int bits = ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM), count = 0;
    for (int index = 0; index < ARES_GETSOCK_MAXNUM; index++) {
      short events = 0;
      if (ARES_GETSOCK_READABLE(bits, index)) events |= POLLIN;
      if (ARES_GETSOCK_WRITABLE(bits, index)) events |= POLLOUT;
      if (events == 0) continue;
      polled[count++] = (struct pollfd){.fd = sockets[index], .events = events};
    }
    if (count == 0) return;
    struct timeval most = {.tv_sec = 1}, left;
    struct timeval *wait = ares_timeout(channel, &most, &left);
    if (poll(polled, (nfds_t)count, (int)(wait->tv_sec * 1000 + wait->tv_usec / 1000) + 1) <= 0)
      ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    else
      for (int index = 0; index < count; index++) {
        int events = polled[index].revents, fd = polled[index].fd;
        ares_process_fd(
            channel, events & (POLLIN | POLLERR | POLLHUP) ? fd : ARES_SOCKET_BAD,
            events & (POLLOUT | POLLERR | POLLHUP) ? fd : ARES_SOCKET_BAD);
      }
  }
}

int names_of_address(const char *address, char *name, size_t size) {
  unsigned char bytes[16];
  int family = AF_INET, length = 4;
  if (inet_pton(family, address, bytes) != 1) {
    family = AF_INET6;
    length = 16;
    if (inet_pton(family, address, bytes) != 1) return -1;
  }
  struct ares_options options = {.timeout = 2000, .tries = 2};
  ares_channel channel;
  if (ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) != ARES_SUCCESS) return -1;
  struct answer answer = {.name = name, .size = size};
  ares_gethostbyaddr(channel, bytes, length, family, take, &answer);
  drive(channel);
  ares_destroy(channel);
  return answer.found ? 0 : -1;
}
