// A stand-in, with as much as PodHook.cpp uses: see Tests/HookModuleTests/README.md.
#pragma once

#include <string>

#include <stout/none.hpp>
#include <stout/nothing.hpp>
#include <stout/result.hpp>
#include <stout/try.hpp>

#include "mesos.hpp"

namespace mesos {

class Hook
{
public:
  virtual ~Hook() {}
  virtual Result<Environment> slaveExecutorEnvironmentDecorator(const ExecutorInfo&) { return None(); }
  virtual Try<Nothing> slavePostFetchHook(const ContainerID&, const std::string&) { return Nothing(); }
  virtual Try<Nothing> slaveRemoveExecutorHook(const FrameworkInfo&, const ExecutorInfo&) { return Nothing(); }
};

} // namespace mesos
