// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/planner/plan_round.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "frontends/plan/PlanPrinter.h"
#include "runtime/plan/duplicates.h"
#include "runtime/planner/rename_calls.h"

namespace heddle {
namespace {

constexpr size_t kMaxErrorBytes = 16 << 10;

std::string ErrorsOf(const BrokenCall& call) {
  std::string text;
  for (const PlanDiagnostic& error : call.errors) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", error.message);
  }
  return text.empty() ? "it cannot be read" : text;
}

std::string LineOf(const BrokenCall& call, const SourceText& source) {
  const std::string_view text = source.text();
  const size_t begin = std::min<size_t>(call.where.begin, text.size());
  return std::string(text.substr(begin, std::min<size_t>(call.where.end - begin, 500)));
}

}  // namespace

// What a correction says, before it is clear which kind it is.
struct PlanRound::Reply : PlanListener {
  void onCall(PlanCall call) override { statements.push_back(std::move(call)); }
  void onBroken(BrokenCall call) override {
    statements.push_back(Broken{call.id, call.tool, "", ErrorsOf(call)});
  }
  void onJoin(PlanJoin new_join) override { join = std::move(new_join); }
  void onDiagnostic(const PlanDiagnostic&) override {}

  std::vector<Statement> statements;
  std::optional<PlanJoin> join;
};

PlanRound::PlanRound(const ToolCatalog& catalog, PlanReadOptions options, CallSink& sink)
    : catalog_(catalog),
      options_(std::move(options)),
      sink_(sink),
      stream_("plan", catalog, options_, *this) {}

CallId PlanRound::IdOf(const Statement& statement) {
  return std::visit([](const auto& one) { return one.id; }, statement);
}

void PlanRound::onCall(PlanCall call) {
  if (MustWait(call)) return Hold(std::move(call));
  PassOn(std::move(call));
}

void PlanRound::onBroken(BrokenCall call) {
  Hold(Broken{call.id, call.tool, LineOf(call, stream_.source()), ErrorsOf(call)});
}

void PlanRound::onDiagnostic(const PlanDiagnostic& diagnostic) {
  if (diagnostic.severity != PlanDiagnostic::Severity::Error) return;
  if (errors_.size() < kMaxErrorBytes) errors_ += render(diagnostic, stream_.source());
}

// It uses or follows what is held, or its effects must.
bool PlanRound::MustWait(const PlanCall& call) const {
  if (held_.empty()) return false;
  bool waits = false;
  for (const TemplateMember& member : call.arguments.members) {
    VisitReferences(member.value,
                    [&](const Reference& reference) { waits |= held_.count(reference.call) > 0; });
  }
  for (const CallId id : call.after) waits |= held_.count(id) > 0;
  const ToolDescription* tool = catalog_.find(call.tool);
  if (waits || !tool || tool->effects == ToolEffects::kPure || tool->resource.empty()) return waits;
  const auto held = held_resources_.find(tool->resource);
  return unknown_held_ ||
         (held != held_resources_.end() && (held->second || tool->effects == ToolEffects::kWrite));
}

void PlanRound::Hold(Statement statement) {
  const std::string& name =
      std::visit([](const auto& one) -> const std::string& { return one.tool; }, statement);
  const ToolDescription* tool = catalog_.find(name);
  unknown_held_ |= !tool;
  if (tool && tool->effects != ToolEffects::kPure && !tool->resource.empty()) {
    held_resources_[tool->resource] |= tool->effects == ToolEffects::kWrite;
  }
  held_.insert(IdOf(statement));
  pending_.push_back(std::move(statement));
}

void PlanRound::PassOn(PlanCall call) {
  added_.emplace_back(call.id, call.tool);
  added_by_text_.emplace(CallText(call, [](CallId id) { return id; }), call.id);
  sink_.Add(std::move(call));
}

PlanRound::Reply PlanRound::Read(std::string_view text,
                                 std::vector<std::pair<CallId, std::string>> earlier) const {
  PlanReadOptions options = options_;
  options.earlier = std::move(earlier);
  options.maxCalls -= std::min(options.maxCalls, added_.size());
  Reply reply;
  PlanStream stream("correction", catalog_, std::move(options), reply);
  stream.feed(text);
  stream.end();
  for (Statement& statement : reply.statements) {
    if (auto* broken = std::get_if<Broken>(&statement))
      broken->line = absl::StrCat(broken->id, ". ?");
  }
  return reply;
}

void PlanRound::Correct(std::string_view reply) {
  errors_.clear();
  std::set<CallId> wrong;
  for (const Statement& statement : pending_) {
    if (std::holds_alternative<Broken>(statement)) wrong.insert(IdOf(statement));
  }
  // Which calls it has can be seen without knowing what they may refer to.
  const Reply ids = Read(reply, options_.earlier);
  if (ids.statements.empty()) {
    if (ids.join) join_ = ids.join;
    return;
  }
  const bool only_wrong =
      std::all_of(ids.statements.begin(), ids.statements.end(),
                  [&](const Statement& statement) { return wrong.count(IdOf(statement)) > 0; });
  const bool is_the_one = ids.statements.size() == 1 && wrong.size() == 1 && !ids.join;
  if (!only_wrong && !is_the_one) return Replace(Read(reply, options_.earlier));
  std::vector<std::pair<CallId, std::string>> known = options_.earlier;
  known.insert(known.end(), added_.begin(), added_.end());
  for (const Statement& statement : pending_) {
    if (auto* call = std::get_if<PlanCall>(&statement)) known.emplace_back(call->id, call->tool);
  }
  CorrectLines(Read(reply, std::move(known)));
}

void PlanRound::CorrectLines(Reply reply) {
  if (reply.join) join_ = std::move(reply.join);
  for (Statement& old : pending_) {
    if (!std::holds_alternative<Broken>(old)) continue;
    for (Statement& line : reply.statements) {
      // One line that corrects one needs no number, or may have another.
      if (IdOf(line) != IdOf(old) && reply.statements.size() > 1) continue;
      const CallId id = IdOf(old);
      std::string text = std::holds_alternative<Broken>(old) ? std::get<Broken>(old).line : "";
      old = line;
      std::visit([&](auto& one) { one.id = id; }, old);
      if (auto* broken = std::get_if<Broken>(&old)) broken->line = std::move(text);
      break;
    }
  }
  PassOnPending(/*broken_too=*/false);
}

// The ids of the new plan may be taken by calls that run already: those that say the same are
// these, the others get new ids.
void PlanRound::Replace(Reply reply) {
  pending_.clear();
  held_.clear();
  held_resources_.clear();
  unknown_held_ = false;
  join_ = std::move(reply.join);
  std::set<CallId> taken;
  CallId next = 1;
  for (const auto& [id, tool] : options_.earlier) taken.insert(id);
  for (const auto& [id, tool] : added_) taken.insert(id);
  if (!taken.empty()) next = *taken.rbegin() + 1;
  for (const Statement& statement : reply.statements) next = std::max(next, IdOf(statement) + 1);

  std::map<CallId, CallId> renamed;
  const CallNames names = [&renamed](CallId id) {
    const auto found = renamed.find(id);
    return found == renamed.end() ? id : found->second;
  };
  std::multimap<std::string, CallId> same = added_by_text_;
  for (Statement& statement : reply.statements) {
    const CallId id = IdOf(statement);
    if (auto* call = std::get_if<PlanCall>(&statement)) {
      if (const auto found = same.find(CallText(*call, names)); found != same.end()) {
        renamed[id] = found->second;
        same.erase(found);  // two equal calls are two
        continue;
      }
      RenameCalls(*call, names);
    }
    const CallId free = taken.count(id) ? next++ : id;
    renamed[id] = free;
    taken.insert(free);
    std::visit([&](auto& one) { one.id = free; }, statement);
    if (std::holds_alternative<Broken>(statement)) {
      Hold(std::move(statement));
    } else {
      onCall(std::get<PlanCall>(std::move(statement)));
    }
  }
  if (join_) RenameCalls(*join_, names);
}

void PlanRound::PassOnPending(bool broken_too) {
  bool progress = true;
  while (progress && !pending_.empty()) {
    progress = false;
    std::vector<Statement> pending = std::exchange(pending_, {});
    held_resources_.clear();
    unknown_held_ = false;
    // A corrected line may use what stands below it, which then goes first.
    held_.clear();
    for (const Statement& statement : pending) held_.insert(IdOf(statement));
    for (Statement& statement : pending) {
      held_.erase(IdOf(statement));
      auto* broken = std::get_if<Broken>(&statement);
      if (broken ? !broken_too : MustWait(std::get<PlanCall>(statement))) {
        Hold(std::move(statement));
        continue;
      }
      progress = true;
      if (broken) {
        sink_.AddBroken(broken->id, broken->tool, broken->line, broken->message);
      } else {
        PassOn(std::get<PlanCall>(std::move(statement)));
      }
    }
  }
}

void PlanRound::GiveUp() {
  PassOnPending(/*broken_too=*/true);
  for (const Statement& statement : std::exchange(pending_, {})) {
    const PlanCall& call = std::get<PlanCall>(statement);
    sink_.AddBroken(call.id, call.tool, toPlanText(call), "it waits for itself");
  }
  held_.clear();
}

}  // namespace heddle
