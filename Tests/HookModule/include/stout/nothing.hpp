// A stand-in, with as much as PodHook.cpp uses: see Tests/HookModule/README.md.
#pragma once

struct Nothing {};
