// A substitute for the agent: loads the module with dlopen, creates hooks and calls them. Usage:
// agent LIBRARY DIRECTORY. Exits with 0 if all checks pass, else prints a line for each failed
// check and exits with 1.

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <memory>
#include <string>

#include <mesos/module/hook.hpp>
#include <mesos/version.hpp>

using mesos::Hook;

static int failures = 0;

#define CHECK(condition)                                                         \
  do {                                                                           \
    if (!(condition)) {                                                          \
      failures++;                                                                \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
    }                                                                            \
  } while (0)

static int bound(const std::string& path)
{
  int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  CHECK(bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return descriptor;
}

// A queued datagram, or an empty string.
static std::string received(int descriptor)
{
  static char bytes[1 << 18];
  ssize_t count = recv(descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
  return count < 0 ? std::string() : std::string(bytes, static_cast<size_t>(count));
}

static bool ends(const std::string& text, const std::string& end)
{
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// Another module's hook, which adds a variable as hooks should.
class Other : public Hook
{
  Result<mesos::Environment> slaveExecutorEnvironmentDecorator(const mesos::ExecutorInfo& info) override
  {
    mesos::Environment environment = info.command().environment();
    auto variable = environment.add_variables();
    variable->set_name("OTHER");
    variable->set_value("1");
    return environment;
  }
};

// Calls a chain of hooks like the agent: each hook gets the result of the previous ones and
// replaces it.
static std::string decorated(mesos::ExecutorInfo info, std::initializer_list<Hook*> hooks)
{
  for (Hook* hook : hooks) {
    auto result = hook->slaveExecutorEnvironmentDecorator(info);
    if (result.isSome()) info.start.variables = result.get();
  }
  std::string text;
  for (auto& variable : info.start.variables.list) text += variable.key + "=" + variable.text + " ";
  return text;
}

int main(int count, char** arguments)
{
  if (count != 3) return 2;
  const std::string directory = arguments[2];
  void* library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  CHECK(dlsym(library, "hook_shim_open") == nullptr);
  auto module = static_cast<mesos::modules::Module<Hook>*>(dlsym(library, "org_compose_executor_PodHook"));
  if (module == nullptr) return 1;
  CHECK(strcmp(module->kind, "Hook") == 0 && strcmp(module->moduleApiVersion, "2") == 0);
  CHECK(strcmp(module->mesosVersion, MESOS_VERSION) == 0 && module->compatible == nullptr);

  // Invalid parameters: no hook is created, so the agent doesn't start.
  const mesos::Parameters bad[] = {
      {{{"notify_sock", "/run/x"}}}, {{{"notify_socket", "run/x"}}}, {{{"spool_dir", ""}}},
      {{{"lease_socket", "/" + std::string(200, 'x')}}},
      {{{"notify_socket", "/" + std::string(200, 'x')}}},
      {{{"spool_dir", "/dev/null"}}}, {{{"spool_dir", std::string("/tmp\0x", 6)}}}};
  for (auto& parameters : bad) CHECK(module->create(parameters) == nullptr);

  const std::string path = directory + "/notify.sock";
  int reaper = bound(path);
  std::unique_ptr<Hook> hook(module->create(
      {{{"notify_socket", path}, {"spool_dir", directory + "/spool"}, {"lease_socket", "/run/lease"}}}));
  CHECK(hook != nullptr);
  if (hook == nullptr) return 1;

  // A root container was started. A nested container doesn't belong to an executor.
  mesos::ContainerID container;
  container.text = "run-1";
  CHECK(!hook->slavePostFetchHook(container, "/sandbox/run-1").isError());
  std::string event = received(reaper);
  CHECK(event.compare(0, 4, "CPHK") == 0 && event[6] == 1 && ends(event, "/sandbox/run-1"));
  CHECK(event.find("run-1") != event.rfind("run-1"));
#ifndef STANDIN_WITHOUT_NESTED
  container.nested = true;
  CHECK(!hook->slavePostFetchHook(container, "/sandbox/run-2").isError());
  CHECK(received(reaper).empty());
#endif

  // An executor was removed.
  mesos::FrameworkInfo framework;
  framework.identity.text = "framework";
  mesos::ExecutorInfo info;
  info.id.text = std::string("ex\0ec\n\"", 7);
  CHECK(!hook->slaveRemoveExecutorHook(framework, info).isError());
  event = received(reaper);
  CHECK(event[6] == 2 && ends(event, info.id.text) && event.find("framework") != std::string::npos);

  // Neither way works: the hook only returns an error for the agent's log.
  info.id.text = std::string(70000, 'x');
  auto refused = hook->slaveRemoveExecutorHook(framework, info);
  CHECK(refused.isError() && refused.error().find("longer than 65536") != std::string::npos);

  // The environment: existing variables stay, a variable that is already set isn't changed, and
  // hooks can be chained in both orders.
  info.start.variables.list = {{"HOME", "/root"}};
  Other other;
  const std::string lease = "COMPOSE_EXECUTOR_LEASE_SOCKET=/run/lease ";
  CHECK(decorated(info, {hook.get()}) == "HOME=/root " + lease);
  CHECK(decorated(info, {hook.get(), &other}) == "HOME=/root " + lease + "OTHER=1 ");
  CHECK(decorated(info, {&other, hook.get()}) == "HOME=/root OTHER=1 " + lease);
  std::unique_ptr<Hook> second(module->create({{{"spool_dir", directory + "/spool2"}, {"lease_socket", "/run/second"}}}));
  CHECK(second != nullptr && decorated(info, {hook.get(), second.get()}) == "HOME=/root " + lease);
  info.start.variables.list = {{"COMPOSE_EXECUTOR_LEASE_SOCKET", "/own"}};
  CHECK(!hook->slaveExecutorEnvironmentDecorator(info).isSome());

  // The reaper exits: events wait in the spool, and the agent gets no error.
  close(reaper);
  info.id.text = "executor";
  CHECK(!hook->slaveRemoveExecutorHook(framework, info).isError());
  CHECK(access((directory + "/spool").c_str(), F_OK) == 0);

  hook.reset();
  second.reset();
  if (failures == 0) puts("ok");
  return failures == 0 ? 0 : 1;
}
