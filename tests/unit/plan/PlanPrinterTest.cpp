// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "plan_testing.h"

namespace heddle {
namespace {

// Plans made at random print as text that reads as the same plan.
class PlanMaker {
 public:
  explicit PlanMaker(unsigned seed) : random(seed) {}

  Plan make() {
    Plan plan;
    for (CallId id = 1 + below(3); plan.calls.size() < 1 + below(6); id += 1 + below(4)) {
      PlanCall call{id, "open", {}, {}, {}};
      for (size_t i = below(4); i-- > 0;)
        call.arguments.members.push_back({word() + std::to_string(i), value(3)});
      if (!ids.empty() && below(4) == 0) call.after.push_back(ids[below(ids.size())]);
      plan.calls.push_back(std::move(call));
      ids.push_back(id);
    }
    plan.join.emplace();
    for (size_t i = below(3); i-- > 0;) plan.join->arguments.push_back(value(2));
    return plan;
  }

 private:
  size_t below(size_t bound) { return random() % bound; }

  std::string word() {
    static const std::vector<std::string> pieces = {"a", "$",  "$1",    "${1}", "\\",   "\"",
                                                    "'", "\n", "2. b(", "{",    "}",    "\xC3\xA9",
                                                    "#", ")",  ".5",    ",",    "\x01", "\\$"};
    std::string text;
    for (size_t i = below(5); i-- > 0;) text += pieces[below(pieces.size())];
    return text;
  }

  Reference reference() {
    Reference made{ids[below(ids.size())], {}, {}};
    for (size_t i = below(3); i-- > 0;)
      if (below(2))
        made.selector.push_back(static_cast<int64_t>(below(5)) - 2);
      else
        made.selector.push_back(word());
    return made;
  }

  Json json(int depth) {
    switch (below(depth > 0 ? 7 : 5)) {
      case 0:
        return nullptr;
      case 1:
        return below(2) == 0;
      case 2:
        return static_cast<int64_t>(random()) - 1'000'000'000;
      case 3:
        return static_cast<double>(random()) / 7e12;
      case 4:
        return word();
      case 5:
        return Json::array({json(depth - 1), json(depth - 1)});
      default:
        return Json::object({{word() + "1", json(depth - 1)}, {word() + "2", json(depth - 1)}});
    }
  }

  // Canonical: what has no reference in it is JSON, and a text has other pieces beside a reference.
  Template value(int depth) {
    if (ids.empty()) return {json(depth), {}};
    switch (below(depth > 0 ? 5 : 3)) {
      case 0:
        return {json(depth), {}};
      case 1:
        return {reference(), {}};
      case 2: {
        Template::Text text;
        text.pieces = {"x" + word(), reference(), reference(), word() + "$"};
        return {std::move(text), {}};
      }
      case 3: {
        Template::List list;
        list.elements.push_back({reference(), {}});
        list.elements.push_back(value(depth - 1));
        return {std::move(list), {}};
      }
      default: {
        Template::Object object;
        object.members.push_back({word() + "1", {reference(), {}}});
        object.members.push_back({word() + "2", value(depth - 1)});
        return {std::move(object), {}};
      }
    }
  }

  std::mt19937 random;
  std::vector<CallId> ids;
};

bool same(const Reference& a, const Reference& b) {
  return a.call == b.call && a.selector == b.selector;
}

bool same(const Template& a, const Template& b) {
  if (a.node.index() != b.node.index()) return false;
  auto all = [](const auto& left, const auto& right, const auto& equal) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), equal);
  };
  if (auto* json = std::get_if<Json>(&a.node)) return *json == std::get<Json>(b.node);
  if (auto* reference = std::get_if<Reference>(&a.node))
    return same(*reference, std::get<Reference>(b.node));
  if (auto* text = std::get_if<Template::Text>(&a.node))
    return all(text->pieces, std::get<Template::Text>(b.node).pieces,
               [](const auto& x, const auto& y) {
                 if (x.index() != y.index()) return false;
                 return x.index() == 0 ? std::get<0>(x) == std::get<0>(y)
                                       : same(std::get<1>(x), std::get<1>(y));
               });
  if (auto* list = std::get_if<Template::List>(&a.node))
    return all(list->elements, std::get<Template::List>(b.node).elements,
               [](const Template& x, const Template& y) { return same(x, y); });
  return all(
      std::get<Template::Object>(a.node).members, std::get<Template::Object>(b.node).members,
      [](const auto& x, const auto& y) { return x.name == y.name && same(x.value, y.value); });
}

TEST(PlanPrinter, RandomPlansReadBack) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    Plan plan = PlanMaker(seed).make();
    std::string text = toPlanText(plan);
    CheckedPlan read = parse(text);
    ASSERT_TRUE(read.ok()) << text << render(read.diagnostics[0], read.source);
    ASSERT_EQ(read.plan.calls.size(), plan.calls.size()) << text;
    for (size_t i = 0; i < plan.calls.size(); ++i) {
      const PlanCall &a = plan.calls[i], &b = read.plan.calls[i];
      ASSERT_TRUE(a.id == b.id && a.tool == b.tool && a.after == b.after) << text;
      ASSERT_TRUE(same(Template{a.arguments, {}}, Template{b.arguments, {}}))
          << text << toPlanText(b);
    }
    ASSERT_EQ(toPlanText(read.plan), text);
  }
}

}  // namespace
}  // namespace heddle
