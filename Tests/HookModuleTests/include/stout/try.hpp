// A stand-in, with as much as PodHook.cpp uses: see Tests/HookModuleTests/README.md.
#pragma once

#include <string>
#include <utility>

struct Error
{
  explicit Error(std::string message) : message(std::move(message)) {}
  std::string message;
};

template <typename T>
class Try
{
public:
  Try(T value) : failed(false), value(std::move(value)) {}
  Try(Error error) : failed(true), text(std::move(error.message)) {}
  bool isError() const { return failed; }
  const std::string& error() const { return text; }

private:
  bool failed;
  T value = T();
  std::string text;
};
