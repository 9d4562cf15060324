// A stand-in, with as much as PodHook.cpp uses: see Tests/HookModuleTests/README.md.
#pragma once

#include "../hook.hpp"
#include "../module.hpp"

namespace mesos {
namespace modules {

template <>
struct Module<Hook> : ModuleBase
{
  using Create = Hook* (*)(const Parameters&);

  Module(
      const char* api, const char* version, const char* name, const char* address,
      const char* description, bool (*compatible)(), Create create)
    : ModuleBase{api, version, "Hook", name, address, description, compatible}, create(create) {}

  Create create;
};

} // namespace modules
} // namespace mesos
