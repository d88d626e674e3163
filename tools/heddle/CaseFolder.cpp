// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/CaseFolder.h"

#include <algorithm>
#include <filesystem>
#include <map>

namespace heddle::cli {

namespace fs = std::filesystem;

static constexpr int deepestSearch = 6;

/// PREFIX_12.pb, or .npy, gives 12; -1 for other names.
static long numberIn(const std::string &name, const std::string &prefix) {
  if (name.compare(0, prefix.size(), prefix) != 0)
    return -1;
  size_t stop = prefix.size();
  while (stop < name.size() && std::isdigit(static_cast<unsigned char>(name[stop])))
    ++stop;
  std::string extension = name.substr(stop);
  if (stop == prefix.size() || stop > prefix.size() + 6 ||
      (extension != ".pb" && extension != ".npy"))
    return -1;
  return std::stol(name.substr(prefix.size(), stop - prefix.size()));
}

static std::vector<fs::path> sortedEntries(const fs::path &folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    entries.push_back(it->path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// The data in a folder; without files where there is none.
static DataSet dataIn(const fs::path &folder) {
  std::map<long, std::string> inputs, outputs;
  for (const fs::path &entry : sortedEntries(folder)) {
    std::string name = entry.filename().string();
    if (long number = numberIn(name, "input_"); number >= 0)
      inputs.emplace(number, entry.string());
    if (long number = numberIn(name, "output_"); number >= 0)
      outputs.emplace(number, entry.string());
  }
  DataSet set;
  set.folder = folder.string();
  for (auto &[number, file] : inputs)
    set.inputs.push_back(file);
  for (auto &[number, file] : outputs)
    set.outputs.push_back(file);
  return set;
}

static std::vector<DataSet> dataSetsOf(const fs::path &folder) {
  std::vector<DataSet> sets;
  for (const fs::path &entry : sortedEntries(folder))
    if (entry.filename().string().rfind("test_data_set_", 0) == 0 && fs::is_directory(entry))
      sets.push_back(dataIn(entry));
  if (DataSet own = dataIn(folder); !own.inputs.empty() || !own.outputs.empty())
    sets.push_back(own);
  return sets;
}

static void search(const fs::path &folder, const std::string &model, int depth,
                   std::vector<Case> &cases) {
  std::error_code error;
  bool hasModel = fs::is_regular_file(folder / "model.onnx", error);
  Case found{folder.string(), hasModel ? (folder / "model.onnx").string() : model,
             dataSetsOf(folder)};
  if (hasModel || !found.dataSets.empty()) {
    cases.push_back(std::move(found));
    return;
  }
  if (depth == deepestSearch)
    return;
  for (const fs::path &entry : sortedEntries(folder))
    if (fs::is_directory(entry, error))
      search(entry, model, depth + 1, cases);
}

absl::StatusOr<std::vector<Case>> findCases(const std::string &folder, const std::string &model) {
  std::error_code error;
  if (!fs::is_directory(folder, error))
    return absl::NotFoundError(folder + ": no such folder");
  std::string path = folder;
  while (path.size() > 1 && path.back() == '/')
    path.pop_back();
  std::vector<Case> cases;
  search(path, model, 0, cases);
  if (cases.empty())
    return absl::InvalidArgumentError(folder + ": no test cases in it (folders with model.onnx and "
                                               "test_data_set_*/input_*.pb)");
  return cases;
}

} // namespace heddle::cli
