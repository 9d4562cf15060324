// A stand-in, with as much as PodHook.cpp uses: see Tests/HookModuleTests/README.md.
#pragma once

#define MESOS_VERSION "0.0.1-standin"
