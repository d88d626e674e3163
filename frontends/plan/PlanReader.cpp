// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A stream of plan language is checked call by call. JSON has no end before its last brace, and a
// whole plan is better checked with all of its ids at hand: there the statements are kept until the
// end.

#include "frontends/plan/PlanReader.h"

#include "frontends/plan/JsonPlan.h"
#include "frontends/plan/PlanChecker.h"
#include "frontends/plan/PlanParser.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

std::vector<CallId> idsOf(const PlanReadOptions &options) {
  std::vector<CallId> ids;
  for (const auto &[id, tool] : options.earlier)
    ids.push_back(id);
  return ids;
}

using Statement = std::variant<ParsedCall, ParsedJoin, BrokenCall, PlanDiagnostic>;

} // namespace

class PlanStream::State : public StatementConsumer {
public:
  State(std::string name, const ToolCatalog &catalog, PlanReadOptions readOptions,
        PlanListener &listener)
      : text(std::move(name)), options(std::move(readOptions)), checker(catalog),
        parser(text, options.maxDepth, idsOf(options), *this), listener(listener) {
    for (const auto &[id, tool] : options.earlier)
      checker.declare(id, tool);
  }

  void feed(std::string_view more) {
    if (isOver())
      return;
    skipByteOrderMark(more);
    size_t room = options.maxBytes - text.text().size();
    if (more.size() > room) {
      overflows = true;
      more = more.substr(0, room);
    }
    text.append(more);
    read(/*final=*/false);
  }

  void end() {
    if (std::exchange(ended, true))
      return;
    read(/*final=*/true);
    // Where nothing more was read, it depends on the cut how much more came.
    bool tooLong = overflows && !parser.ended() && !tooManyCalls;
    if (tooLong)
      report(
          planError({0, 0}, absl::StrCat("the plan has more than ", options.maxBytes, " bytes")));
    if (isBuffered())
      checkAll();
    if (options.requireJoin && !joinSeen && !tooLong && !tooManyCalls && (calls > 0 || !failed)) {
      // Behind <END_OF_PLAN> it depends on how the text is cut what was still read.
      uint32_t last = parser.ended() ? parser.position() : text.text().size();
      report(planError({last, last}, calls == 0
                                         ? "there is no call in this plan"
                                         : "the plan has no join(): it says what is returned"));
    }
  }

  bool isOver() const { return ended || overflows || parser.ended() || tooManyCalls; }
  const SourceText &source() const { return text; }

  // What the parser found. Buffered statements come back here once all are known.
  void onCall(ParsedCall call) override {
    if (isBuffered() && !checking)
      return keep(std::move(call));
    SourceRange where = call.where;
    if (!hasRoom(where))
      return;
    std::vector<PlanDiagnostic> errors;
    CallId id = freeId(call.id);
    std::string tool = call.tool;
    std::optional<PlanCall> checked = checker.check(std::move(call), errors);
    if (joinSeen)
      report(planWarning(where, "this call stands behind join()"));
    if (checked)
      listener.onCall(std::move(*checked));
    else
      breakCall({id, std::move(tool), where, std::move(errors)});
  }

  void onBroken(BrokenCall call) override {
    if (isBuffered() && !checking)
      return keep(std::move(call));
    if (tooManyCalls)
      return;
    if (call.tool == "join") {
      joinSeen = true;
      for (const PlanDiagnostic &error : call.errors)
        report(error);
      return;
    }
    if (!hasRoom(call.where))
      return;
    call.id = freeId(call.id);
    checker.addBroken(call.id);
    breakCall(std::move(call));
  }

  void onJoin(ParsedJoin join) override {
    if (isBuffered() && !checking)
      return keep(std::move(join));
    if (tooManyCalls)
      return;
    SourceRange where = join.where;
    if (std::exchange(joinSeen, true))
      return report(planError(where, "the plan has another join() before this"));
    std::vector<PlanDiagnostic> errors;
    std::optional<PlanJoin> checked = checker.check(std::move(join), errors);
    for (const PlanDiagnostic &error : errors)
      report(error);
    if (checked)
      listener.onJoin(std::move(*checked));
  }

  void onDiagnostic(PlanDiagnostic diagnostic) override {
    if (isBuffered() && !checking)
      return keep(std::move(diagnostic));
    if (!tooManyCalls)
      report(diagnostic);
  }

  void report(const PlanDiagnostic &diagnostic) {
    failed |= diagnostic.severity == PlanDiagnostic::Severity::Error;
    if (++diagnostics < options.maxDiagnostics)
      listener.onDiagnostic(diagnostic);
    else if (diagnostics == options.maxDiagnostics)
      listener.onDiagnostic(planError(diagnostic.range, "there is more wrong with this plan"));
  }

private:
  bool isBuffered() const { return options.whole || form == PlanForm::Json; }

  void read(bool final) {
    if (form == PlanForm::Undecided)
      form = finder.find(text.text(), final);
    if (form == PlanForm::Language)
      parser.advance(final);
    else if (form == PlanForm::Json && final)
      parseJsonPlan(text, finder.jsonBegin(), options.maxDepth, idsOf(options), *this);
  }

  /// Editors put a mark before the text; it is no part of it, and may come in pieces.
  void skipByteOrderMark(std::string_view &more) {
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    while (markBytes < mark.size() && !more.empty()) {
      if (more[0] != mark[markBytes]) {
        text.append(mark.substr(0, markBytes));
        markBytes = mark.size();
        return;
      }
      ++markBytes;
      more.remove_prefix(1);
    }
  }

  void keep(Statement statement) { statements.push_back(std::move(statement)); }

  void checkAll() {
    checking = true;
    for (const Statement &statement : statements) {
      if (auto *call = std::get_if<ParsedCall>(&statement))
        checker.expect(call->id);
      else if (auto *broken = std::get_if<BrokenCall>(&statement); broken && broken->tool != "join")
        checker.expect(broken->id);
    }
    for (Statement &statement : statements)
      std::visit(
          [this](auto &&one) {
            using Type = std::decay_t<decltype(one)>;
            if constexpr (std::is_same_v<Type, ParsedCall>)
              onCall(std::move(one));
            else if constexpr (std::is_same_v<Type, ParsedJoin>)
              onJoin(std::move(one));
            else if constexpr (std::is_same_v<Type, BrokenCall>)
              onBroken(std::move(one));
            else
              onDiagnostic(std::move(one));
          },
          std::move(statement));
  }

  bool hasRoom(SourceRange where) {
    if (calls == options.maxCalls && !tooManyCalls)
      report(planError(where, absl::StrCat("the plan has more than ", options.maxCalls,
                                           " calls; nothing is read from here on")));
    tooManyCalls = calls == options.maxCalls;
    calls += !tooManyCalls;
    return !tooManyCalls;
  }

  /// The id by which a broken call is known: that of the text unless another call has it.
  CallId freeId(CallId wanted) { return checker.isTaken(wanted) ? nextFree++ : wanted; }

  void breakCall(BrokenCall call) {
    for (const PlanDiagnostic &error : call.errors)
      report(error);
    checker.addBroken(call.id);
    listener.onBroken(std::move(call));
  }

  SourceText text;
  PlanReadOptions options;
  PlanChecker checker;
  PlanParser parser;
  PlanListener &listener;
  PlanFormFinder finder;
  PlanForm form = PlanForm::Undecided;
  std::vector<Statement> statements; // while buffered
  CallId nextFree = 1'000'000'000;   // no plan that is still written will use it
  size_t markBytes = 0;              // of a byte order mark, or all of them once the text has begun
  size_t calls = 0;
  size_t diagnostics = 0;
  bool checking = false;
  bool joinSeen = false;
  bool failed = false;
  bool overflows = false;
  bool tooManyCalls = false;
  bool ended = false;
};

PlanStream::PlanStream(std::string name, const ToolCatalog &catalog, PlanReadOptions options,
                       PlanListener &listener)
    : state(std::make_unique<State>(std::move(name), catalog, std::move(options), listener)) {}
PlanStream::~PlanStream() = default;

void PlanStream::feed(std::string_view text) { state->feed(text); }
void PlanStream::end() { state->end(); }
bool PlanStream::complete() const { return state->isOver(); }
const SourceText &PlanStream::source() const { return state->source(); }

} // namespace heddle
