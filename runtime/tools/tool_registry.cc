// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/tool_registry.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace heddle {

struct ToolRegistry::Source {
  enum State { kUnasked, kLoading, kLoaded };
  std::unique_ptr<ToolSource> source;
  State state = kUnasked;
  absl::Status status;
};

// Somebody who needs all of `sources` to have answered.
struct ToolRegistry::Waiter {
  std::vector<std::string> names;  // empty: whatever there is
  std::vector<Source*> sources;
  std::function<void(absl::Status)> done;
};

ToolRegistry::ToolRegistry() = default;

ToolRegistry::~ToolRegistry() {
  tools_.clear();    // before the sources, which they may use
  sources_.clear();  // and these while there is still something to call back
}

absl::Status ToolRegistry::Add(std::unique_ptr<Tool> tool) {
  const std::string& name = tool->description().name;
  if (!by_name_.emplace(name, tool.get()).second) {
    return absl::AlreadyExistsError(absl::StrCat("there is another tool named '", name, "'"));
  }
  tools_.push_back(std::move(tool));
  return absl::OkStatus();
}

void ToolRegistry::AddSource(std::unique_ptr<ToolSource> source) {
  auto added = std::make_unique<Source>();
  added->source = std::move(source);
  sources_.push_back(std::move(added));
}

void ToolRegistry::Load(const std::vector<std::string>& names,
                        std::function<void(absl::Status)> done) {
  std::vector<Source*> sources;
  for (const std::string& name : names) {
    if (Find(name)) continue;
    if (Source* source = SourceOf(name)) {
      sources.push_back(source);
      continue;
    }
    for (const auto& source : sources_) sources.push_back(source.get());
    break;
  }
  Wait(names, std::move(sources), std::move(done));
}

void ToolRegistry::LoadAll(std::function<void(absl::Status)> done) {
  std::vector<Source*> sources;
  for (const auto& source : sources_) sources.push_back(source.get());
  Wait({}, std::move(sources), std::move(done));
}

void ToolRegistry::Close(std::function<void()> done) {
  // One more than there are, so that answers given at once do not come early.
  const auto left = std::make_shared<size_t>(1);
  const auto closed = [left, done = std::move(done)] {
    if (--*left == 0) done();
  };
  for (const auto& source : sources_) {
    if (source->state == Source::kUnasked) continue;
    ++*left;
    source->source->Close(closed);
  }
  closed();
}

void ToolRegistry::Wait(std::vector<std::string> names, std::vector<Source*> sources,
                        std::function<void(absl::Status)> done) {
  // As one more source that is not ready, so that an answer given at once does not come early.
  Source starting;
  starting.state = Source::kLoading;
  sources.push_back(&starting);
  auto waiter = waiters_.insert(waiters_.end(), {std::move(names), sources, std::move(done)});
  for (Source* source : sources) {
    if (source->state == Source::kUnasked) Start(*source);
  }
  waiter->sources.pop_back();
  starting.state = Source::kLoaded;
  Loaded(starting, absl::OkStatus(), {});
}

void ToolRegistry::Start(Source& source) {
  source.state = Source::kLoading;
  source.source->Load(
      [this, &source](absl::Status status, std::vector<std::unique_ptr<Tool>> tools) {
        Loaded(source, std::move(status), std::move(tools));
      });
}

void ToolRegistry::Loaded(Source& source, absl::Status status,
                          std::vector<std::unique_ptr<Tool>> tools) {
  source.state = Source::kLoaded;
  source.status = std::move(status);
  for (std::unique_ptr<Tool>& tool : tools) AddOf(source, std::move(tool));
  std::vector<Waiter> ready;
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    const bool all = std::all_of(waiter->sources.begin(), waiter->sources.end(),
                                 [](const Source* s) { return s->state == Source::kLoaded; });
    if (all) ready.push_back(std::move(*waiter));
    waiter = all ? waiters_.erase(waiter) : std::next(waiter);
  }
  for (const Waiter& waiter : ready) waiter.done(Answer(waiter));
}

absl::Status ToolRegistry::Answer(const Waiter& waiter) const {
  const bool missing =
      waiter.names.empty() || std::any_of(waiter.names.begin(), waiter.names.end(),
                                          [&](const std::string& name) { return !Find(name); });
  if (missing) {
    for (const Source* source : waiter.sources) {
      if (!source->status.ok()) return source->status;
    }
  }
  return absl::OkStatus();
}

void ToolRegistry::AddOf(Source& source, std::unique_ptr<Tool> tool) {
  const auto long_name = [this](Tool& of) {
    return absl::StrCat(source_of_[&of]->source->name(), ".", of.description().name);
  };
  source_of_[tool.get()] = &source;
  const std::string name = tool->description().name, full = long_name(*tool);
  if (!by_name_.emplace(full, tool.get()).second) {
    source_of_.erase(tool.get());
    return;  // listed twice, or the file has a tool of this very name: the first one stays
  }
  auto [other, is_new] = by_name_.emplace(name, tool.get());
  if (!is_new && source_of_.contains(other->second)) {
    other->second->set_name(long_name(*other->second));
    by_name_.erase(other);
    ambiguous_.insert(name);
  } else if (is_new && ambiguous_.contains(name)) {
    by_name_.erase(other);
    is_new = false;
  }
  if (!is_new) tool->set_name(full);
  tools_.push_back(std::move(tool));
}

ToolRegistry::Source* ToolRegistry::SourceOf(std::string_view name) const {
  for (const auto& source : sources_) {
    const std::string prefix = absl::StrCat(source->source->name(), ".");
    if (name.starts_with(prefix)) return source.get();
  }
  return nullptr;
}

Tool* ToolRegistry::Find(std::string_view name) const {
  auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

std::optional<Json> ToolRegistry::Evaluate(std::string_view name, const Json& arguments) const {
  const Tool* tool = Find(name);
  return tool ? tool->Evaluate(arguments) : std::nullopt;
}

std::vector<Tool*> ToolRegistry::tools() const {
  std::vector<Tool*> all;
  for (const auto& tool : tools_) all.push_back(tool.get());
  return all;
}

}  // namespace heddle
