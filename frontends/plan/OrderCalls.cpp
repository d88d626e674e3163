// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Only `after` can name a call that stands later, so most plans are left as they are.

#include "frontends/plan/PlanChecker.h"

#include <functional>
#include <queue>

#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

class CallOrder {
public:
  explicit CallOrder(const std::vector<PlanCall> &calls) : calls(calls), users(calls.size()) {
    std::unordered_map<CallId, size_t> places;
    for (size_t i = 0; i < calls.size(); ++i)
      places[calls[i].id] = i;
    for (size_t i = 0; i < calls.size(); ++i) {
      std::unordered_set<size_t> needs;
      auto need = [&](CallId id) {
        auto place = places.find(id);
        if (place != places.end() && needs.insert(place->second).second)
          users[place->second].push_back(i);
      };
      for (CallId id : calls[i].after)
        need(id);
      for (const TemplateMember &member : calls[i].arguments.members)
        VisitReferences(member.value, [&](const Reference &reference) { need(reference.call); });
      waiting.push_back(needs.size());
      for (size_t place : needs)
        goesForward |= place > i;
    }
  }

  bool isInOrder() const { return !goesForward; }

  /// As near to the text's order as can be; what is missing waits in a circle.
  std::vector<size_t> sorted() {
    std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
    for (size_t i = 0; i < calls.size(); ++i)
      if (waiting[i] == 0)
        ready.push(i);
    std::vector<size_t> order;
    while (!ready.empty()) {
      size_t next = ready.top();
      ready.pop();
      order.push_back(next);
      for (size_t user : users[next])
        if (--waiting[user] == 0)
          ready.push(user);
    }
    return order;
  }

  /// One circle, after sorted() left calls waiting: each of them needs another that waits, so going
  /// from need to need ends up in one.
  std::vector<size_t> circle() const {
    std::vector<size_t> need(calls.size());
    for (size_t i = 0; i < calls.size(); ++i)
      for (size_t user : users[i])
        if (waiting[i] > 0)
          need[user] = i;
    std::vector<bool> seen(calls.size());
    size_t at = firstWaiting();
    for (; !seen[at]; at = need[at])
      seen[at] = true;
    std::vector<size_t> members{at};
    for (size_t i = need[at]; i != at; i = need[i])
      members.push_back(i);
    return members;
  }

private:
  size_t firstWaiting() const {
    size_t i = 0;
    while (waiting[i] == 0)
      ++i;
    return i;
  }

  const std::vector<PlanCall> &calls;
  std::vector<std::vector<size_t>> users;
  std::vector<size_t> waiting;
  bool goesForward = false;
};

} // namespace

void orderCalls(std::vector<PlanCall> &calls, std::vector<PlanDiagnostic> &errors) {
  CallOrder order(calls);
  if (order.isInOrder())
    return;
  std::vector<size_t> places = order.sorted();
  if (places.size() < calls.size()) {
    std::vector<size_t> circle = order.circle();
    std::string text;
    for (size_t i : circle)
      if (text.size() < 200)
        absl::StrAppend(&text, calls[i].id, " waits for ");
    errors.push_back(
        planError(calls[circle[0]].where,
                  absl::StrCat("calls wait for each other: ", text,
                               text.size() < 200 ? absl::StrCat(calls[circle[0]].id) : "...")));
    return;
  }
  std::vector<PlanCall> sorted;
  for (size_t place : places)
    sorted.push_back(std::move(calls[place]));
  calls = std::move(sorted);
}

} // namespace heddle
