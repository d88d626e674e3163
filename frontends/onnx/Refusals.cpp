// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Refusals.h"

#include "frontends/onnx/ContribOperators.h"
#include "frontends/onnx/OperatorTable.h"
#include "frontends/onnx/Status.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"

#include <string>

using namespace llvm;

namespace heddle {

namespace {

constexpr uint32_t anyTensor = ~(1u | 1u << onnx_model::DATA_STRING);

/// What keeps an operator from being supported whatever its operands; empty where nothing does.
std::string signatureRefusal(const Signature &signature) {
  for (ArrayRef<Formal> formals : {signature.operands, signature.results})
    for (const Formal &formal : formals) {
      if (formal.presence == Presence::Optional || formal.mask & anyTensor)
        continue;
      if (formal.mask & 1)
        return "sequences, maps and optionals are not supported";
      return "strings are not supported";
    }
  return "";
}

class Refusals {
public:
  Refusals(const FunctionTable &functions, const ImportOptions &options)
      : functions(functions), options(options) {}

  template <typename Nodes> void visit(const Nodes &nodes, const Opsets &opsets) {
    int index = 0;
    for (const onnx_model::NodeProto &node : nodes) {
      visitNode(node, index++, opsets);
      for (const onnx_model::AttributeProto &attribute : node.attribute()) {
        if (attribute.has_g())
          visit(attribute.g().node(), opsets);
        for (const onnx_model::GraphProto &graph : attribute.graphs())
          visit(graph.node(), opsets);
      }
    }
  }

  absl::Status status() const {
    if (found.empty())
      return absl::OkStatus();
    std::string text = std::to_string(found.size()) +
                       (found.size() == 1 ? " operator is" : " operators are") + " not supported: ";
    bool isFirst = true;
    for (const auto &[key, entry] : found) {
      text += (isFirst ? "" : "; ") + key + " (node '" + entry.node + "'";
      if (entry.count > 1)
        text += " and " + std::to_string(entry.count - 1) + " more";
      text += "): " + entry.reason;
      isFirst = false;
    }
    return unsupported(text);
  }

private:
  struct Entry {
    std::string node, reason;
    int64_t count = 0;
  };

  void visitNode(const onnx_model::NodeProto &node, int index, const Opsets &opsets) {
    if (const onnx_model::FunctionProto *function = functions.find(node)) {
      if (visited.insert(function).second)
        visit(function->node(), Opsets(function->opset_import()));
      return;
    }
    StringRef domain = plainDomain(node.domain());
    if (options.customDomains.count(domain.str()))
      return;
    std::string reason = operatorRefusal(domain, node.op_type(), opsets.versionOf(domain));
    if (reason.empty())
      return;
    std::string key = node.op_type() + " of " + spelledDomain(domain).str() + " version " +
                      std::to_string(opsets.versionOf(domain));
    Entry &entry = found[key];
    if (++entry.count > 1)
      return;
    entry.node = node.name().empty() ? node.op_type() + "_" + std::to_string(index) : node.name();
    entry.reason = reason;
  }

  const FunctionTable &functions;
  const ImportOptions &options;
  DenseSet<const onnx_model::FunctionProto *> visited;
  MapVector<std::string, Entry, std::map<std::string, unsigned>> found;
};

} // namespace

std::string operatorRefusal(StringRef domain, StringRef op, int64_t opset) {
  if (domain.contains("training") || domain.starts_with("ai.onnx.preview"))
    return "training and preview operators are not supported";
  if (findContribOperator(domain, op))
    return "";
  if (!domain.empty() && domain != "ai.onnx.ml")
    return "the operators of this domain are not known; register the domain to supply them";
  ArrayRef<OperatorVersion> versions = findVersions(domain, op);
  if (versions.empty())
    return "there is no such operator";
  if (opset == 0)
    return "the model imports no version of " + spelledDomain(domain).str();
  if (!findVersion(domain, op, opset))
    return "the operator exists from version " + std::to_string(versions.front().since) + " on";
  // These have a successor that the upgrade makes of them.
  if (domain.empty() && (op == "Upsample" || op == "Scatter"))
    return "";
  const Signature *signature = findSignature(domain, op);
  if (!signature)
    return "the operator was replaced by another one and its old form is not supported";
  return signatureRefusal(*signature);
}

absl::Status checkOperators(const onnx_model::ModelProto &model, const FunctionTable &functions,
                            const ImportOptions &options) {
  Refusals refusals(functions, options);
  refusals.visit(model.graph().node(), Opsets(model.opset_import()));
  return refusals.status();
}

} // namespace heddle
