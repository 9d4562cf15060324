// A stand-in, with as much as PodHook.cpp uses: see Tests/HookModuleTests/README.md.
#pragma once

#include <string>
#include <vector>

namespace mesos {

struct Named
{
  const std::string& value() const { return text; }
  std::string text;
};

struct ContainerID : Named
{
#ifndef STANDIN_WITHOUT_NESTED // Mesos 1.0
  bool has_parent() const { return nested; }
#endif
  bool nested = false;
};

struct Environment
{
  struct Variable
  {
    const std::string& name() const { return key; }
    const std::string& value() const { return text; }
    void set_name(const std::string& name) { key = name; }
    void set_value(const std::string& value) { text = value; }
    std::string key, text;
  };

  int variables_size() const { return static_cast<int>(list.size()); }
  const Variable& variables(int index) const { return list[static_cast<size_t>(index)]; }
  Variable* add_variables()
  {
    list.emplace_back();
    return &list.back();
  }

  std::vector<Variable> list;
};

struct CommandInfo
{
  const Environment& environment() const { return variables; }
  Environment variables;
};

struct ExecutorInfo
{
  const Named& executor_id() const { return id; }
  const CommandInfo& command() const { return start; }
  Named id;
  CommandInfo start;
};

struct FrameworkInfo
{
  const Named& id() const { return identity; }
  Named identity;
};

struct Parameter
{
  const std::string& key() const { return name; }
  const std::string& value() const { return text; }
  std::string name, text;
};

struct Parameters
{
  int parameter_size() const { return static_cast<int>(list.size()); }
  const Parameter& parameter(int index) const { return list[static_cast<size_t>(index)]; }
  std::vector<Parameter> list;
};

} // namespace mesos
