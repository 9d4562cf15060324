// A stand-in, with as much as PodHook.cpp uses: see Tests/HookModuleTests/README.md.
#pragma once

#include "none.hpp"
#include "try.hpp"

template <typename T>
class Result
{
public:
  Result(T value) : some(true), value(std::move(value)) {}
  Result(None) : some(false) {}
  bool isSome() const { return some; }
  const T& get() const { return value; }

private:
  bool some;
  T value = T();
};
