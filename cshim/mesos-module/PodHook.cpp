// libcompose_pod_hook.so: notifies pod-reaper when the Mesos agent starts or removes an executor.
// Mesos passes C++ objects to a hook, so this part is C++. HookShim does the work. Nothing here
// blocks or decides.
//
// `make hook` builds it with the headers of the Mesos version that loads it: an agent accepts a
// hook only if its version string equals the agent's. The overridden callbacks exist in all
// supported agents (1.2 and later), and in 1.0 and 1.1.

#include <stdio.h>
#include <string.h>

#include <string>

#include <mesos/hook.hpp>
#include <mesos/mesos.hpp>
#include <mesos/module.hpp>
#include <mesos/module/hook.hpp>
#include <mesos/version.hpp>

#include <stout/none.hpp>
#include <stout/nothing.hpp>
#include <stout/result.hpp>
#include <stout/try.hpp>

#include "HookShim.h"

namespace {

const char* const leaseVariable = "COMPOSE_EXECUTOR_LEASE_SOCKET";

// Whether a container is nested in another. Before Mesos 1.1 there was no nesting, and a container
// ID had no parent.
template <typename ID>
auto isNested(const ID& id, int) -> decltype(id.has_parent()) { return id.has_parent(); }
template <typename ID>
bool isNested(const ID&, long) { return false; }

// The hook's result, which the agent logs if it is an error. It is an error only if the reaper
// can't learn of the event.
Try<Nothing> outcome(const hook_shim_result& result)
{
  if (result.outcome == HOOK_SHIM_DELIVERED || result.outcome == HOOK_SHIM_SPOOLED) return Nothing();
  char line[512];
  hook_shim_describe(result, line, sizeof line);
  return Error(std::string(line));
}

class PodHook : public mesos::Hook
{
public:
  PodHook(hook_shim* shim, const std::string& leaseSocket) : shim(shim), leaseSocket(leaseSocket) {}
  ~PodHook() override { hook_shim_close(shim); }

  Try<Nothing> slavePostFetchHook(
      const mesos::ContainerID& container, const std::string& directory) override
  {
    if (isNested(container, 0)) return Nothing();
    const std::string& run = container.value();
    return outcome(
        hook_shim_started(shim, run.data(), run.size(), directory.data(), directory.size()));
  }

  Try<Nothing> slaveRemoveExecutorHook(
      const mesos::FrameworkInfo& framework, const mesos::ExecutorInfo& info) override
  {
    const std::string& id = framework.id().value();
    const std::string& executor = info.executor_id().value();
    return outcome(
        hook_shim_removed(shim, id.data(), id.size(), executor.data(), executor.size()));
  }

  // The returned environment replaces the executor's environment, including changes by other hooks.
  Result<mesos::Environment> slaveExecutorEnvironmentDecorator(
      const mesos::ExecutorInfo& info) override
  {
    mesos::Environment environment = info.command().environment();
    for (int i = 0; i < environment.variables_size(); i++) {
      if (environment.variables(i).name() == leaseVariable) return None();
    }
    mesos::Environment::Variable* variable = environment.add_variables();
    variable->set_name(leaseVariable);
    variable->set_value(leaseSocket);
    return environment;
  }

private:
  hook_shim* const shim;
  const std::string leaseSocket;
};

// A null pointer makes the agent exit at startup; the printed line has the reason.
mesos::Hook* refuse(const std::string& why)
{
  fprintf(stderr, "org_compose_executor_PodHook: %s\n", why.c_str());
  return nullptr;
}

mesos::Hook* create(const mesos::Parameters& parameters)
{
  std::string notifySocket = HOOK_SHIM_DEFAULT_SOCKET;
  std::string spool = HOOK_SHIM_DEFAULT_SPOOL;
  std::string leaseSocket = "/run/compose-pods/lease.sock";
  for (int i = 0; i < parameters.parameter_size(); i++) {
    const mesos::Parameter& parameter = parameters.parameter(i);
    std::string* value = parameter.key() == "notify_socket" ? &notifySocket
                         : parameter.key() == "spool_dir" ? &spool
                         : parameter.key() == "lease_socket" ? &leaseSocket
                                                             : nullptr;
    if (value == nullptr) {
      return refuse("unknown parameter '" + parameter.key() +
                    "': known are notify_socket, spool_dir and lease_socket");
    }
    *value = parameter.value();
    if (value->empty() || (*value)[0] != '/' || value->find('\0') != std::string::npos) {
      return refuse("parameter " + parameter.key() + " must be an absolute path, not '" + *value + "'");
    }
  }
  // The longest path in the address of a unix socket (unix(7)).
  if (leaseSocket.size() > 107) return refuse("parameter lease_socket is longer than 107 bytes");

  hook_shim* shim = nullptr;
  const int error = hook_shim_open(notifySocket.c_str(), spool.c_str(), &shim);
  if (error != 0) {
    return refuse(
        "notify_socket '" + notifySocket + "', spool_dir '" + spool + "': " + strerror(error));
  }
  return new PodHook(shim, leaseSocket);
}

} // namespace

// The agent looks up this variable by the name of the module.
__attribute__((visibility("default")))
mesos::modules::Module<mesos::Hook> org_compose_executor_PodHook(
    MESOS_MODULE_API_VERSION, MESOS_VERSION, "compose-executor", "root@localhost",
    "Notifies pod-reaper of executors, and passes the socket for leases to executors.",
    nullptr, create);
