// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Graph networks add up what comes along edges, a row of features for each. Frameworks write that as
// a scatter of single elements, with the row's index repeated for every one of them.

#include "compiler/Passes.h"
#include "compiler/source/Arithmetic.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_SCATTERROWSPASS
#include "compiler/Passes.h.inc"

namespace {

/// One index for each row, as a tensor [rows, 1, ...], where all elements of a row have the same.
Value indicesOfRows(onnx::ScatterElementsOp scatter) {
  auto expand = scatter.getIndices().getDefiningOp<onnx::ExpandOp>();
  if (!expand)
    return {};
  Dims from = dimsOf(expand.getInput()), to = dimsOf(expand.getOutput());
  bool repeats = from.size() == to.size() && from.front() == to.front() &&
                 llvm::all_of(llvm::drop_begin(from), [](DimExpr d) { return d.isConstant(1); });
  return repeats ? expand.getInput() : Value();
}

/// Whether updates are whole rows of the data: those of fewer elements would be written to their beginnings.
bool updatesRows(onnx::ScatterElementsOp scatter) {
  Dims data = dimsOf(scatter.getData()), updates = dimsOf(scatter.getUpdates());
  return scatter.getAxis() == 0 && data.size() > 1 && data.size() == updates.size() &&
         std::equal(data.begin() + 1, data.end(), updates.begin() + 1);
}

struct ScatterRows : impl::ScatterRowsPassBase<ScatterRows> {
  void runOnOperation() override {
    getOperation().walk([&](onnx::ScatterElementsOp scatter) {
      Value indices = updatesRows(scatter) ? indicesOfRows(scatter) : Value();
      if (!indices || !getElementTypeOrSelf(indices).isInteger(64))
        return;
      Arithmetic m(scatter);
      Value rows = m.viewedAs(indices, {dimsOf(indices).front(), 1});
      Value result = onnx::ScatterNDOp::create(m.b, m.loc, scatter.getType(), scatter.getData(),
                                               rows, scatter.getUpdates(), scatter.getReduction());
      scatter.replaceAllUsesWith(result);
      scatter.erase();
    });
  }
};

} // namespace
} // namespace heddle
