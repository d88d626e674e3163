// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the members of a JSON object that a person wrote, and collects everything that is wrong
// with it instead of stopping at the first.
//
//   JsonReader tool(value, "tools[0]", problems);
//   tool.String("name", name, JsonReader::kRequired);
//   tool.RefuseTheRest();
//
// Thread-safety: as a value. The JSON and the problems outlive the reader.

#ifndef HEDDLE_RUNTIME_TOOLS_JSON_READER_H_
#define HEDDLE_RUNTIME_TOOLS_JSON_READER_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/plan/json.h"

namespace heddle {

struct JsonProblems {
  std::vector<std::string> errors, warnings;  // each begins with where it is

  void Error(const std::string& path, const std::string& message);
  void Warn(const std::string& path, const std::string& message);
};

class JsonReader {
 public:
  enum Presence { kOptional, kRequired };

  // A value that is no object is a problem, and then an object without members.
  JsonReader(const Json& value, std::string path, JsonProblems& problems);

  const std::string& path() const { return path_; }
  std::string PathOf(const std::string& name) const;
  JsonProblems& problems() { return problems_; }

  // The member, of whatever type; null where there is none. Members asked for are known.
  const Json* Find(const std::string& name, Presence presence = kOptional);
  // False where the member is absent or wrong; `into` is then as it was.
  bool String(const std::string& name, std::string& into, Presence presence = kOptional);
  bool Bool(const std::string& name, bool& into);
  std::optional<double> Number(const std::string& name, double least, double most);
  std::optional<int> Whole(const std::string& name, int least, int most);
  std::optional<JsonReader> Object(const std::string& name, Presence presence = kOptional);
  bool Strings(const std::string& name, std::vector<std::string>& into,
               Presence presence = kOptional);
  // Members in their order, each a string.
  std::vector<std::pair<std::string, std::string>> StringMembers(const std::string& name);

  // Members that nobody asked for.
  void RefuseTheRest() { Rest(true); }
  void WarnOfTheRest() { Rest(false); }

 private:
  void Rest(bool refuse);

  const Json* object_;
  std::string path_;
  JsonProblems& problems_;
  std::set<std::string> known_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_JSON_READER_H_
