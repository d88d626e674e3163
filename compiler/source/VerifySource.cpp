// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Passes.h"
#include "dialects/heddle/TensorDims.h"
#include "llvm/ADT/StringSet.h"

namespace heddle {
#define GEN_PASS_DEF_VERIFYSOURCEPASS
#include "compiler/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {
struct VerifySource : heddle::impl::VerifySourcePassBase<VerifySource> {
  void runOnOperation() override {
    forEachValue([&](Value value) {
      if (auto type = dyn_cast<RankedTensorType>(value.getType()))
        for (const DimExpr &dim : getDims(type))
          if (std::optional<StringRef> name = dim.asSymbol())
            defined.insert(*name);
    });
    forEachValue([&](Value value) { ok &= succeeded(checkValue(value)); });
    if (auto main = getOperation().lookupSymbol<func::FuncOp>("main")) {
      checkNames(main, main.getNumArguments(), "argument",
                 [&](unsigned i) { return main.getArgAttrOfType<StringAttr>(i, "heddle.name"); });
      checkNames(main, main.getNumResults(), "result", [&](unsigned i) {
        return main.getResultAttrOfType<StringAttr>(i, "heddle.name");
      });
    } else {
      getOperation().emitError("has no function @main");
      ok = false;
    }
    if (!ok)
      signalPassFailure();
    markAllAnalysesPreserved();
    defined.clear();
    ok = true;
  }

private:
  void forEachValue(llvm::function_ref<void(Value)> visit) {
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      for (Region &region : op->getRegions())
        for (Block &block : region)
          for (BlockArgument argument : block.getArguments())
            visit(argument);
      for (Value result : op->getResults())
        visit(result);
    });
  }

  LogicalResult checkValue(Value value) {
    if (!isa<TensorType>(value.getType()))
      return success();
    auto error = [&] {
      if (Operation *op = value.getDefiningOp())
        return op->emitOpError("result ") << cast<OpResult>(value).getResultNumber();
      auto argument = cast<BlockArgument>(value);
      return argument.getOwner()->getParentOp()->emitOpError("argument ")
             << argument.getArgNumber();
    };
    if (!hasKnownDims(value.getType()))
      return error() << " has no known dimensions: " << value.getType();
    for (const DimExpr &dim : getDims(cast<RankedTensorType>(value.getType()))) {
      std::string unknown;
      dim.walkSymbols([&](StringRef name) {
        if (!defined.contains(name))
          unknown = name.str();
      });
      if (!unknown.empty())
        return error() << " has the dimension '" << dim.str() << "', but no value defines '"
                       << unknown << "'";
    }
    return success();
  }

  void checkNames(func::FuncOp main, unsigned count, StringRef what,
                  llvm::function_ref<StringAttr(unsigned)> nameOf) {
    llvm::StringMap<unsigned> seen;
    for (unsigned i = 0; i < count; ++i) {
      StringAttr name = nameOf(i);
      if (name && seen.try_emplace(name, i).second)
        continue;
      ok = false;
      if (!name)
        main.emitOpError(what) << " " << i << " has no heddle.name";
      else
        main.emitOpError(what) << "s " << seen[name] << " and " << i << " are both named " << name;
    }
  }

  llvm::StringSet<> defined;
  bool ok = true;
};
} // namespace
