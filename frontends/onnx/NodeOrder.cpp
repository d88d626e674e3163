// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/NodeOrder.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <functional>
#include <queue>

namespace heddle {

using google::protobuf::RepeatedPtrField;
using onnx_model::AttributeProto;
using onnx_model::GraphProto;
using onnx_model::NodeProto;

static void addReads(const NodeProto &node, llvm::StringSet<> &reads);

/// What a sub-graph reads from around it.
static void addReads(const GraphProto &graph, llvm::StringSet<> &reads) {
  llvm::StringSet<> inside;
  for (const NodeProto &node : graph.node())
    addReads(node, inside);
  for (const auto &output : graph.output())
    inside.insert(output.name());
  for (const auto &input : graph.input())
    inside.erase(input.name());
  for (const auto &tensor : graph.initializer())
    inside.erase(tensor.name());
  for (const auto &tensor : graph.sparse_initializer())
    inside.erase(tensor.values().name());
  for (const NodeProto &node : graph.node())
    for (const std::string &result : node.output())
      inside.erase(result);
  for (const auto &name : inside)
    reads.insert(name.getKey());
}

static void addReads(const NodeProto &node, llvm::StringSet<> &reads) {
  for (const std::string &operand : node.input())
    reads.insert(operand);
  for (const AttributeProto &attribute : node.attribute()) {
    if (attribute.has_g())
      addReads(attribute.g(), reads);
    for (const GraphProto &graph : attribute.graphs())
      addReads(graph, reads);
  }
}

std::vector<int> computableOrder(const RepeatedPtrField<NodeProto> &nodes) {
  llvm::StringMap<int> producers;
  for (auto [index, node] : llvm::enumerate(nodes))
    for (const std::string &result : node.output())
      if (!result.empty())
        producers.try_emplace(result, static_cast<int>(index));

  std::vector<std::vector<int>> readers(nodes.size());
  std::vector<int> missing(nodes.size());
  for (auto [index, node] : llvm::enumerate(nodes)) {
    llvm::StringSet<> reads;
    addReads(node, reads);
    for (const auto &name : reads)
      if (auto producer = producers.find(name.getKey()); producer != producers.end()) {
        readers[producer->second].push_back(static_cast<int>(index));
        ++missing[index];
      }
  }

  std::priority_queue<int, std::vector<int>, std::greater<>> ready; // the first listed comes first
  for (int node = 0; node < nodes.size(); ++node)
    if (missing[node] == 0)
      ready.push(node);
  std::vector<int> order;
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (int reader : readers[order.back()])
      if (--missing[reader] == 0)
        ready.push(reader);
  }
  for (int node = 0; node < nodes.size(); ++node)
    if (missing[node] != 0)
      order.push_back(node);
  return order;
}

} // namespace heddle
