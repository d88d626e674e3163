// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ids of the calls that were read so far, which "$N" in a string may name. A "$N" that names
// none is text; it is remembered, and pointed out if a call N comes later after all.

#ifndef HEDDLE_FRONTENDS_PLAN_CALLIDS_H
#define HEDDLE_FRONTENDS_PLAN_CALLIDS_H

#include "frontends/plan/ParsedPlan.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/strings/str_cat.h"

namespace heddle {

class CallIds {
public:
  explicit CallIds(const std::vector<CallId> &earlier) : ids(earlier.begin(), earlier.end()) {
    for (CallId id : earlier)
      nextId = std::max(nextId, id + 1);
  }

  /// For a call that has none.
  CallId next() const { return nextId; }

  /// Whether "$id", which stands at `where` inside a string, names a call.
  bool has(CallId id, SourceRange where) {
    if (ids.count(id))
      return true;
    inThisCall.emplace(id, where);
    return false;
  }

  /// The call that was read last has this id.
  void add(CallId id, StatementConsumer &consumer) {
    ids.insert(id);
    nextId = std::max(nextId, id + 1);
    if (auto found = texts.find(id); found != texts.end()) {
      std::string dollar = absl::StrCat("$", id);
      consumer.onDiagnostic(
          planWarning(found->second, absl::StrCat(dollar, " is text here, as call ", id,
                                                  " stands later in the text; write \\", dollar,
                                                  " if that is meant")));
      texts.erase(found);
    }
    // Its own number is no call that comes later.
    inThisCall.erase(id);
    texts.merge(inThisCall);
    inThisCall.clear();
  }

private:
  std::unordered_set<CallId> ids;
  std::unordered_map<CallId, SourceRange> inThisCall, texts; // the first of each
  CallId nextId = 1;
};

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_CALLIDS_H
