// A stand-in, with as much as PodHook.cpp uses: see Tests/HookModuleTests/README.md.
#pragma once

struct Nothing {};
