// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/plan/LowerPlanToTasks.h"

#include "compiler/plan/PlanModule.h"
#include "dialects/task/Task.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace heddle {
namespace {

class PlanLowering {
public:
  explicit PlanLowering(func::FuncOp function) : function(function), b(function) {}

  void run() {
    auto graph = task::GraphOp::create(b, function.getLoc(), b.getStringAttr("main"),
                                       b.getArrayAttr({}), b.getStrArrayAttr({"result"}));
    b.setInsertionPointToEnd(&graph.getBody().emplaceBlock());
    for (Operation &op : function.getBody().front()) {
      if (auto call = dyn_cast<CallToolOp>(op))
        lower(call);
      else if (auto join = dyn_cast<JoinOp>(op))
        lower(join);
      else if (auto end = dyn_cast<func::ReturnOp>(op))
        task::YieldOp::create(b, end.getLoc(), mapped(end.getOperands()));
      else
        b.clone(op, values); // what is known, and who answers a duplicate
    }
    function.erase();
  }

private:
  void lower(CallToolOp call) {
    auto tool = SymbolTable::lookupNearestSymbolFrom<ToolOp>(call, call.getToolAttr());
    NamedAttribute parameters[] = {{"arguments", call.getArguments()}, {"id", call.getIdAttr()}};
    SmallVector<Value> after;
    for (Value value : call.getAfter())
      after.push_back(tokens.lookup(value));
    double milliseconds = exportTool(tool).cost_ms.value_or(0);
    make(call, ("tool:" + call.getTool()).str(), b.getDictionaryAttr(parameters), after,
         milliseconds * 1e6);
  }

  void lower(JoinOp join) {
    NamedAttribute parameters[] = {{"arguments", join.getArguments()}};
    make(join, "heddle.Join", b.getDictionaryAttr(parameters), {}, 0);
  }

  template <typename OpTy>
  void make(OpTy op, StringRef name, DictionaryAttr parameters, ValueRange after, double cost) {
    SmallVector<Value> inputs = mapped(op.getInputs());
    auto made = task::CallOp::create(
        b, op.getLoc(), op->getResultTypes(), task::TokenType::get(b.getContext()),
        b.getStringAttr(name), inputs, after, parameters,
        b.getDenseBoolArrayAttr(SmallVector<bool>(inputs.size(), true)),
        b.getDenseBoolArrayAttr({true}), b.getF64FloatAttr(cost), b.getStringAttr(""));
    values.map(op.getResult(), made.getOutputs()[0]);
    tokens[op.getResult()] = made.getDone();
  }

  SmallVector<Value> mapped(ValueRange range) {
    return llvm::map_to_vector(range, [&](Value value) { return values.lookup(value); });
  }

  func::FuncOp function;
  OpBuilder b;
  IRMapping values;
  llvm::DenseMap<Value, Value> tokens; // by the value of the parallel level
};

} // namespace

LogicalResult lowerPlanToTasks(ModuleOp module) {
  module.getContext()->loadDialect<task::TaskDialect>();
  auto function = module.lookupSymbol<func::FuncOp>("plan");
  if (!function)
    return module.emitError("has no function @plan");
  PlanLowering(function).run();
  return success();
}

} // namespace heddle
