// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/FunctionTable.h"

#include "frontends/onnx/ImportOnnx.h"
#include "frontends/onnx/OperatorTable.h"
#include "frontends/onnx/Status.h"

#include "llvm/ADT/DenseMap.h"

#include <algorithm>
#include <vector>

using namespace llvm;

namespace heddle {

// Functions that call functions can grow exponentially.
static constexpr int64_t mostInlinedNodes = 1'000'000;

StringRef plainDomain(StringRef domain) { return domain == "ai.onnx" ? StringRef() : domain; }

Opsets::Opsets(const List &list) {
  for (const onnx_model::OperatorSetProto &opset : list)
    versions[plainDomain(opset.domain())] = opset.version();
  // Models from before operator sets.
  versions.try_emplace("", list.empty() ? 1 : 0);
}

static std::string keyOf(StringRef domain, StringRef name, StringRef overload) {
  // The lengths keep names that hold the separator apart.
  return (Twine(domain.size()) + ":" + Twine(name.size()) + ":" + domain + name + overload).str();
}

const onnx_model::FunctionProto *FunctionTable::find(const onnx_model::NodeProto &node) const {
  if (functions.empty())
    return nullptr;
  return functions.lookup(keyOf(plainDomain(node.domain()), node.op_type(), node.overload()));
}

/// Calls `visit` for all nodes, those of sub-graphs included.
template <typename Nodes, typename Visit> static void walkNodes(const Nodes &nodes, Visit visit) {
  for (const onnx_model::NodeProto &node : nodes) {
    visit(node);
    for (const onnx_model::AttributeProto &attribute : node.attribute()) {
      if (attribute.has_g())
        walkNodes(attribute.g().node(), visit);
      for (const onnx_model::GraphProto &graph : attribute.graphs())
        walkNodes(graph.node(), visit);
    }
  }
}

absl::Status FunctionTable::checkExpansion(const onnx_model::ModelProto &model) const {
  // Depth first with a stack of our own: calls may chain as deep as the file likes.
  struct Visit {
    const onnx_model::FunctionProto *function;
    std::vector<const onnx_model::FunctionProto *> callees;
  };
  enum State { Open = 1, Done };
  DenseMap<const onnx_model::FunctionProto *, State> states;
  DenseMap<const onnx_model::FunctionProto *, int64_t> sizes; // with all they call
  auto expandedSize = [&](const auto &nodes) {
    int64_t size = 0;
    walkNodes(nodes, [&](const onnx_model::NodeProto &node) {
      const onnx_model::FunctionProto *callee = find(node);
      size = std::min(mostInlinedNodes + 1, size + (callee ? 1 + sizes.lookup(callee) : 1));
    });
    return size;
  };
  auto enter = [&](const onnx_model::FunctionProto *function) {
    states[function] = Open;
    Visit visit{function, {}};
    walkNodes(function->node(), [&](const onnx_model::NodeProto &node) {
      if (const onnx_model::FunctionProto *callee = find(node))
        visit.callees.push_back(callee);
    });
    return visit;
  };
  for (const auto &entry : functions) {
    if (states.count(entry.second))
      continue;
    std::vector<Visit> stack;
    stack.push_back(enter(entry.second));
    while (!stack.empty()) {
      if (stack.back().callees.empty()) {
        states[stack.back().function] = Done;
        sizes[stack.back().function] = expandedSize(stack.back().function->node());
        stack.pop_back();
        continue;
      }
      const onnx_model::FunctionProto *callee = stack.back().callees.back();
      stack.back().callees.pop_back();
      auto state = states.find(callee);
      if (state != states.end() && state->second == Open)
        return invalidInput("function '" + callee->name() + "' of domain '" + callee->domain() +
                            "' calls itself");
      if (state == states.end())
        stack.push_back(enter(callee));
    }
  }
  if (!functions.empty() && expandedSize(model.graph().node()) > mostInlinedNodes)
    return invalidInput("the model has more than " + Twine(mostInlinedNodes) +
                        " nodes once its functions are inlined");
  return absl::OkStatus();
}

absl::Status FunctionTable::build(const onnx_model::ModelProto &model) {
  for (const onnx_model::FunctionProto &function : model.functions()) {
    std::string key = keyOf(plainDomain(function.domain()), function.name(), function.overload());
    if (!functions.try_emplace(key, &function).second)
      return invalidInput("function '" + function.name() + "' of domain '" + function.domain() +
                          "' is defined twice");
    for (const onnx_model::OperatorSetProto &opset : function.opset_import())
      if (plainDomain(opset.domain()).empty() && opset.version() > newestOpset)
        return invalidInput("function '" + function.name() + "' has opset " +
                            Twine(opset.version()) + " of ai.onnx, supported are 1 to " +
                            Twine(newestOpset));
  }
  return checkExpansion(model);
}

} // namespace heddle
