// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/loops/SplitProducts.h"

#include "compiler/parallel/loops/LoopBody.h"

using namespace mlir;

namespace heddle {

static void splitProduct(onnx::MatMulOp product, const LoopBody &body) {
  auto concat = product.getA().getDefiningOp<onnx::ConcatOp>();
  Value weight = product.getB();
  if (!concat || concat->getBlock() != &body.block || dimsOf(weight).size() != 2 ||
      body.loop->isAncestor(weight.getParentBlock()->getParentOp()))
    return;
  int64_t rank = dimsOf(concat).size(), axis = concat.getAxis();
  auto waits = [&](Value value) {
    return llvm::any_of(llvm::seq(body.states), [&](unsigned i) { return body.depends(value, i); });
  };
  bool alongProduct = (axis < 0 ? axis + rank : axis) == rank - 1;
  auto parts = concat.getInputs();
  if (!alongProduct || llvm::all_of(parts, waits) || llvm::none_of(parts, waits))
    return;
  Arithmetic before(body.loop), inside(product);
  DimExpr row = 0;
  Value free, rest;
  for (Value part : parts) {
    DimExpr end = row + dimsOf(part).back();
    Value rows = before.sliced(weight, 0, row, end, weight);
    Value term = onnx::MatMulOp::create(inside.b, product.getLoc(), product.getType(), part, rows);
    Value &sum = waits(part) ? rest : free;
    sum = sum ? inside.add(sum, term) : term;
    row = end;
  }
  product.replaceAllUsesWith(inside.add(free, rest));
  product.erase();
  if (concat->use_empty())
    concat.erase();
}

void splitProducts(onnx::ScanOp loop) {
  LoopBody body(loop);
  for (onnx::MatMulOp product : llvm::make_early_inc_range(body.block.getOps<onnx::MatMulOp>()))
    splitProduct(product, body);
}

} // namespace heddle
