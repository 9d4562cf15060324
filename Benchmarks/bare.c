// The floor of a launch and of an end: the Engine API calls that a pod takes, and nothing else. A process that starts in no
// time, connections that are kept, and as many calls at once as the engine's order allows.
//
//   bare up SOCKET PORT        the pod of compose.yaml: network -> create front, left, right (at once) -> start front ->
//   bare down SOCKET           start left, right (at once); and its end
//   bare hold SOCKET PORT COUNT delete|kill
//
// `hold` launches as many containers, prints `running`, waits for TERM, ends the pod in one order, and exits. PORT 0: each
// container has an address in the pod's network; else the first publishes that port, and the others share its network.
//
//   delete   DELETE ?force=1 of all containers at once, then the network
//   kill     kill of all containers at once, then the same
//
// ends.py measures both orders in each run, and its peer is the faster one.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MOST = 64 };

static const char *socket_path;
static int connections[MOST];

struct call {
  const char *method;
  char path[128], body[512];
  int *connection;
  pthread_t thread;
};

static void fail(const char *what, const char *detail) {
  fprintf(stderr, "bare: %s: %s\n", what, detail);
  exit(1);
}

static int connected(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect", socket_path);
  return fd;
}

// Reads a response to its end, by its length; a chunked one isn't expected.
static void receive(const char *path, int fd) {
  char answer[8192], *end = NULL;
  size_t have = 0;
  while (!end) {
    ssize_t count = read(fd, answer + have, sizeof answer - 1 - have);
    if (count <= 0) fail(path, "no response");
    have += count;
    answer[have] = 0;
    end = strstr(answer, "\r\n\r\n");
  }
  if (strncmp(answer, "HTTP/1.1 2", 10) != 0) fail(path, answer);
  size_t length = 0;
  for (char *line = strstr(answer, "\r\n"); line && line < end; line = strstr(line + 2, "\r\n")) {
    if (strncasecmp(line + 2, "Content-Length:", 15) == 0) length = strtoul(line + 17, NULL, 10);
    if (strncasecmp(line + 2, "Transfer-Encoding:", 18) == 0) fail(path, "a chunked response");
  }
  size_t body = have - (end + 4 - answer);
  while (body < length) {
    ssize_t count = read(fd, answer, sizeof answer);
    if (count <= 0) fail(path, "half a response");
    body += count;
  }
}

static void *perform(void *argument) {
  struct call *call = argument;
  if (!*call->connection) *call->connection = connected();
  char text[1024];
  int length = snprintf(text, sizeof text,
                        "%s /v1.41%s HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                        call->method, call->path, strlen(call->body), call->body);
  if (write(*call->connection, text, length) != length) fail("write", call->path);
  receive(call->path, *call->connection);
  return NULL;
}

// Performs them at once, each on its own connection, and returns when all are done.
static void together(struct call *calls, int count) {
  for (int i = 0; i < count; i++) calls[i].connection = &connections[i];
  for (int i = 1; i < count; i++) pthread_create(&calls[i].thread, NULL, perform, &calls[i]);
  if (count > 0) perform(&calls[0]);
  for (int i = 1; i < count; i++) pthread_join(calls[i].thread, NULL);
}

static struct call calls[MOST];

// The same call of these containers.
static void each(const char *method, const char *format, int first, int last) {
  for (int i = first; i < last; i++) {
    calls[i].method = method;
    snprintf(calls[i].path, sizeof calls[i].path, format, i);
    calls[i].body[0] = 0;
  }
  together(calls + first, last - first);
}

static void network(const char *method, const char *path, const char *body) {
  struct call call = {.method = method};
  snprintf(call.path, sizeof call.path, "%s", path);
  snprintf(call.body, sizeof call.body, "%s", body);
  together(&call, 1);
}

static void up(const char *port, int count) {
  network("POST", "/networks/create", "{\"Name\":\"bare_default\",\"CheckDuplicate\":true,\"Driver\":\"bridge\"}");
  int sharing = strcmp(port, "0") != 0;
  for (int i = 0; i < count; i++) {
    calls[i].method = "POST";
    snprintf(calls[i].path, sizeof calls[i].path, "/containers/create?name=bare-%d", i);
    if (sharing && i == 0)
      snprintf(calls[i].body, sizeof calls[i].body,
               "{\"Image\":\"founding/base\",\"ExposedPorts\":{\"5000/tcp\":{}},\"HostConfig\":{\"NetworkMode\":"
               "\"bare_default\",\"PortBindings\":{\"5000/tcp\":[{\"HostPort\":\"%s\"}]}}}",
               port);
    else
      snprintf(calls[i].body, sizeof calls[i].body,
               "{\"Image\":\"founding/base\",\"HostConfig\":{\"NetworkMode\":\"%s\"}}",
               sharing ? "container:bare-0" : "bare_default");
  }
  together(calls, count);
  if (sharing) each("POST", "/containers/bare-%d/start", 0, 1);
  each("POST", "/containers/bare-%d/start", sharing, count);
}

static void down(int count, int kill_first) {
  if (kill_first) each("POST", "/containers/bare-%d/kill", 0, count);
  each("DELETE", "/containers/bare-%d?force=1&v=1", 0, count);
  network("DELETE", "/networks/bare_default", "");
}

static void hold(const char *port, int count, int kill_first) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, NULL);
  up(port, count);
  puts("running");
  fflush(stdout);
  int number;
  sigwait(&ends, &number);
  down(count, kill_first);
}

int main(int count, char **arguments) {
  const char *usage = "bare up SOCKET PORT | bare down SOCKET | bare hold SOCKET PORT COUNT delete|kill";
  if (count < 3) fail("usage", usage);
  socket_path = arguments[2];
  if (strcmp(arguments[1], "up") == 0 && count == 4) {
    up(arguments[3], 3);
  } else if (strcmp(arguments[1], "down") == 0) {
    down(3, 0);
  } else if (strcmp(arguments[1], "hold") == 0 && count == 6 && atoi(arguments[4]) > 0 && atoi(arguments[4]) <= MOST) {
    hold(arguments[3], atoi(arguments[4]), strcmp(arguments[5], "kill") == 0);
  } else {
    fail("usage", usage);
  }
  return 0;
}
