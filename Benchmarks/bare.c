// The floor of a launch: the Engine API calls that compose.yaml takes, and nothing else. A process that starts
// in no time, a connection for each call, and as many calls at once as the engine's order allows:
//
//   network  ->  create front, left, right (at once)  ->  start front  ->  start left, right (at once)
//
//   bare up SOCKET PORT
//   bare down SOCKET
//
// `down` kills and removes: the three containers at once, then the network.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *socket_path;

struct call {
  const char *method, *path;
  char body[1024];
  pthread_t thread;
};

static void fail(const char *what, const char *detail) {
  fprintf(stderr, "bare: %s: %s\n", what, detail);
  exit(1);
}

static void *perform(void *argument) {
  struct call *call = argument;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect", socket_path);

  char text[2048];
  int length = snprintf(text, sizeof text,
                        "%s /v1.41%s HTTP/1.1\r\nHost: d\r\nConnection: close\r\n"
                        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                        call->method, call->path, strlen(call->body), call->body);
  if (write(fd, text, length) != length) fail("write", call->path);

  char answer[8192];
  size_t have = 0;
  ssize_t count;
  while ((count = read(fd, answer + have, sizeof answer - 1 - have)) > 0) {
    have += count;
    if (have == sizeof answer - 1) have = 64;  // the status line is all that counts
  }
  answer[have] = 0;
  close(fd);
  if (strncmp(answer, "HTTP/1.1 2", 10) != 0) fail(call->path, answer);
  return NULL;
}

// Performs them at once, and returns when all are done.
static void together(struct call *calls, int count) {
  for (int i = 1; i < count; i++) pthread_create(&calls[i].thread, NULL, perform, &calls[i]);
  perform(&calls[0]);
  for (int i = 1; i < count; i++) pthread_join(calls[i].thread, NULL);
}

static void up(const char *port) {
  struct call network = {"POST", "/networks/create",
                         "{\"Name\":\"bare_default\",\"CheckDuplicate\":true,\"Driver\":\"bridge\"}", 0};
  together(&network, 1);

  struct call create[3] = {{"POST", "/containers/create?name=bare-front", "", 0},
                           {"POST", "/containers/create?name=bare-left", "", 0},
                           {"POST", "/containers/create?name=bare-right", "", 0}};
  snprintf(create[0].body, sizeof create[0].body,
           "{\"Image\":\"founding/base\",\"ExposedPorts\":{\"5000/tcp\":{}},\"HostConfig\":{\"NetworkMode\":"
           "\"bare_default\",\"PortBindings\":{\"5000/tcp\":[{\"HostPort\":\"%s\"}]}}}",
           port);
  for (int i = 1; i < 3; i++)
    snprintf(create[i].body, sizeof create[i].body,
             "{\"Image\":\"founding/base\",\"HostConfig\":{\"NetworkMode\":\"container:bare-front\"}}");
  together(create, 3);

  struct call first = {"POST", "/containers/bare-front/start", "", 0};
  together(&first, 1);
  struct call others[2] = {{"POST", "/containers/bare-left/start", "", 0},
                           {"POST", "/containers/bare-right/start", "", 0}};
  together(others, 2);
}

static void down(void) {
  struct call remove[3] = {{"DELETE", "/containers/bare-front?force=1&v=1", "", 0},
                           {"DELETE", "/containers/bare-left?force=1&v=1", "", 0},
                           {"DELETE", "/containers/bare-right?force=1&v=1", "", 0}};
  together(remove, 3);
  struct call network = {"DELETE", "/networks/bare_default", "", 0};
  together(&network, 1);
}

int main(int count, char **arguments) {
  if (count < 3) fail("usage", "bare up SOCKET PORT | bare down SOCKET");
  socket_path = arguments[2];
  if (strcmp(arguments[1], "up") == 0 && count == 4) {
    up(arguments[3]);
  } else if (strcmp(arguments[1], "down") == 0) {
    down();
  } else {
    fail("usage", "bare up SOCKET PORT | bare down SOCKET");
  }
  return 0;
}
