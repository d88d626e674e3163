// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle-opt/OperatorList.h"

#include "compiler/kernels/OperationKinds.h"
#include "dialects/onnx/Onnx.h"
#include "frontends/onnx/OperatorTable.h"
#include "frontends/onnx/Refusals.h"
#include "runtime/library/functions.h"

#include <limits>
#include <map>

using namespace mlir;

namespace heddle {

/// The ways that some nodes of the operator run; empty for one that never does.
static std::string waysOf(OperationName name) {
  static const std::pair<OperationKind, const char *> kinds[] = {
      {OperationKind::Constant, "weights"},
      {OperationKind::View, "view"},
      {OperationKind::Contraction, "contraction"},
      {OperationKind::Loops, "loops"},
      {OperationKind::Control, "sub-graphs"}};
  std::string ways;
  for (auto [kind, text] : kinds)
    if (mayBe(kind, name))
      ways += (ways.empty() ? "" : ", ") + std::string(text);
  if (FindLibraryFunction(name.stripDialect()))
    ways += ways.empty() ? "library" : ", library";
  return ways;
}

static std::string versionsOf(StringRef domain, StringRef op) {
  std::string versions;
  for (const OperatorVersion &version : findVersions(domain, op))
    if (!version.deprecated)
      versions += (versions.empty() ? "" : ", ") + std::to_string(version.since);
  return versions;
}

void printOperatorList(MLIRContext &context, llvm::raw_ostream &os) {
  std::map<std::pair<std::string, std::string>, OperationName> operators;
  for (OperationName name : context.getRegisteredOperations()) {
    if (name.getDialectNamespace() != "onnx")
      continue;
    StringRef op = name.stripDialect();
    bool isMl = op.consume_front("ml.");
    operators.emplace(std::pair(isMl ? "ai.onnx.ml" : "", op.str()), name);
  }
  for (auto &[key, name] : operators) {
    const auto &[domain, op] = key;
    // What is in the dialect and in no standard is the compiler's own.
    if (findVersions(domain, op).empty())
      continue;
    std::string refusal = operatorRefusal(domain, op, std::numeric_limits<int64_t>::max());
    std::string ways = refusal.empty() ? waysOf(name) : "";
    if (refusal.empty() && ways.empty())
      refusal = "has neither a kernel nor a function in the runtime library";
    os << spelledDomain(domain) << '\t' << op << '\t' << versionsOf(domain, op) << '\t' << ways
       << '\t' << refusal << '\n';
  }
}

} // namespace heddle
