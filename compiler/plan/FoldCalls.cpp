// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls of the builtin math whose arguments are known become their results, and these take the place
// of the references to them.

#include "compiler/plan/PlanAttributes.h"
#include "compiler/plan/PlanModule.h"
#include "compiler/plan/PlanPasses.h"
#include "runtime/plan/folding.h"
#include "runtime/tools/math_tool.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_FOLDCALLSPASS
#include "compiler/plan/PlanPasses.h.inc"

namespace {

class CallFolder {
public:
  explicit CallFolder(func::FuncOp function)
      : function(function), folder([this](const std::string &tool, const Json &arguments) {
          return evaluate(tool, arguments);
        }) {
    for (auto tool : function->getParentOfType<ModuleOp>().getOps<ToolOp>())
      tools[tool.getSymName()] = tool;
  }

  unsigned run() {
    Plan plan = exportPlan(function);
    llvm::DenseMap<CallId, CallToolOp> ops;
    function.walk([&](CallToolOp call) { ops[call.getId()] = call; });
    unsigned folded = 0;
    for (PlanCall &call : plan.calls) {
      CallToolOp op = ops.lookup(call.id);
      results[call.id] = op.getResult();
      ToolDescription tool = exportTool(tools.lookup(call.tool));
      if (const Json *value = folder.Fold(call, tool)) {
        fold(op, *value);
        ++folded;
      } else {
        putKnownInto(op, Template{std::move(call.arguments), {}});
      }
    }
    function.walk([&](JoinOp join) {
      putKnownInto(join, Template{Template::List{plan.join->arguments}, {}});
    });
    for (CallToolOp op : done)
      op.erase();
    return folded;
  }

private:
  std::optional<Json> evaluate(const std::string &tool, const Json &arguments) {
    auto builtin = tools.lookup(tool)->getAttrOfType<StringAttr>("builtin");
    if (!builtin || builtin != "math")
      return std::nullopt;
    ToolOutcome outcome = EvaluateMathCall(exportTool(tools.lookup(tool)), arguments);
    auto *value = std::get_if<Json>(&outcome);
    return value ? std::optional<Json>(std::move(*value)) : std::nullopt;
  }

  void fold(CallToolOp op, const Json &value) {
    OpBuilder b(op);
    ArgumentAttributes attributes(*op.getContext());
    auto constant = KnownValueOp::create(b, op.getLoc(), op.getType(), op.getIdAttr(),
                                         attributes.of(Template{value, {}}));
    known[op.getId()] = value;
    op.getResult().replaceAllUsesWith(constant.getResult());
    done.push_back(op);
  }

  /// Sets the operands and arguments of a call or a join.
  template <typename OpTy> void putKnownInto(OpTy op, const Template &arguments) {
    Template rest = SubstituteKnown(arguments, [&](CallId id) -> const Json * {
      auto found = known.find(id);
      return found == known.end() ? nullptr : &found->second;
    });
    ArgumentAttributes attributes(*op.getContext());
    op->setAttr(op.getArgumentsAttrName(), attributes.of(rest));
    op.getInputsMutable().assign(
        llvm::map_to_vector(attributes.calls(), [&](CallId id) { return results.lookup(id); }));
    if constexpr (std::is_same_v<OpTy, CallToolOp>) {
      // Nothing waits for what is known.
      SmallVector<Value> after;
      for (Value value : op.getAfter())
        if (!value.getDefiningOp<KnownValueOp>())
          after.push_back(value);
      op.getAfterMutable().assign(after);
    }
  }

  func::FuncOp function;
  llvm::StringMap<ToolOp> tools;
  ConstantFolder folder;
  llvm::DenseMap<CallId, Value> results;
  std::map<CallId, Json> known;
  SmallVector<CallToolOp> done;
};

struct FoldCallsPass : impl::FoldCallsPassBase<FoldCallsPass> {
  void runOnOperation() override { folded += CallFolder(getOperation()).run(); }
};

} // namespace
} // namespace heddle
