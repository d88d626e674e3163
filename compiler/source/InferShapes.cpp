// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Passes.h"
#include "compiler/source/DuplicateTail.h"
#include "compiler/source/FoldKnownValues.h"
#include "dialects/heddle/CacheOps.h"
#include "dialects/onnx/ShapeContext.h"

namespace heddle {
#define GEN_PASS_DEF_INFERSHAPESPASS
#include "compiler/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// The name of an argument in the model, or a made-up one.
static std::string nameOf(func::FuncOp function, unsigned argument) {
  if (auto name = function.getArgAttrOfType<StringAttr>(argument, "heddle.name"))
    return name.str();
  return "arg" + std::to_string(argument);
}

/// Facts of the arguments, with names for the dimensions that have none.
static LogicalResult addArguments(func::FuncOp function, ShapeContext &context) {
  bool ok = true;
  for (BlockArgument argument : function.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type) {
      function.emitError("cannot tell the rank of input '")
          << nameOf(function, argument.getArgNumber()) << "', which is declared as "
          << argument.getType();
      ok = false;
      continue;
    }
    Dims dims = getDims(type);
    for (auto [axis, dim] : llvm::enumerate(dims))
      if (!dim.isKnown())
        dim =
            DimExpr::symbol(nameOf(function, argument.getArgNumber()) + ":" + std::to_string(axis));
    context.setFacts(argument, type.getElementType(), dims);
  }
  return success(ok);
}

static void setType(Value value, ShapeContext &context) {
  if (const TensorFacts *facts = context.lookup(value);
      facts && isa<TensorType, CacheType, SnapshotType>(value.getType()))
    value.setType(withTensor(value.getType(), tensorWithDims(facts->dims, facts->elementType)));
}

static void setTypes(func::FuncOp function, ShapeContext &context) {
  function.walk([&](Operation *op) {
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (BlockArgument argument : block.getArguments())
          setType(argument, context);
    for (Value result : op->getResults())
      setType(result, context);
  });
}

/// Infers the facts of all functions; errors are emitted.
static LogicalResult inferAll(ModuleOp module, ShapeContext &context) {
  bool ok = true;
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    bool known = succeeded(addArguments(function, context));
    // What does not depend on a failed argument is checked all the same.
    ok &= succeeded(context.inferBlock(function.getBody().front())) && known;
  }
  return success(ok);
}

namespace {
struct InferShapes final : heddle::impl::InferShapesPassBase<InferShapes> {
  void runOnOperation() override {
    // Branches may yield values of different ranks. Then what follows is compiled once for each,
    // and inference starts again.
    for (unsigned round = 0;; ++round) {
      ShapeContext context(getOperation());
      unsigned errors = 0;
      LogicalResult result = success();
      {
        ScopedDiagnosticHandler counter(&getContext(), [&](Diagnostic &diagnostic) {
          errors += diagnostic.getSeverity() == DiagnosticSeverity::Error;
          return failure(); // to the handlers outside
        });
        result = inferAll(getOperation(), context);
      }
      if (succeeded(result))
        return rewrite(context);
      ArrayRef<ShapeContext::RankConflict> conflicts = context.rankConflicts();
      if (errors == 0 && !conflicts.empty() && round < kMostRounds &&
          compileTwice(conflicts.front().op))
        continue;
      for (const ShapeContext::RankConflict &conflict : conflicts)
        conflict.op->emitOpError() << conflict.message;
      return signalPassFailure();
    }
  }

private:
  static constexpr unsigned kMostRounds = 8;

  /// Where the conflicting If ends a branch of another one, what follows that one is meant.
  static bool compileTwice(Operation *op) {
    for (; auto branch = dyn_cast<IfOp>(op); op = op->getParentOp())
      if (duplicateTail(branch))
        return true;
    return false;
  }

  void rewrite(ShapeContext &context) {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      setTypes(function, context);
      foldKnownValues(function.getBody(), context);
      Block &block = function.getBody().front();
      function.setType(FunctionType::get(&getContext(), block.getArgumentTypes(),
                                         block.getTerminator()->getOperandTypes()));
    }
  }
};
} // namespace
