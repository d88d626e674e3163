// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The steps of attention's kernel: Attention.cpp has the softmax, AttentionProducts.cpp the two
// products of a block.

#ifndef HEDDLE_COMPILER_CODEGEN_ATTENTION_ATTENTIONEMITTER_H
#define HEDDLE_COMPILER_CODEGEN_ATTENTION_ATTENTIONEMITTER_H

#include "compiler/codegen/TileMath.h"
#include "compiler/codegen/attention/SoftmaxMath.h"

namespace heddle::codegen {

class AttentionEmitter {
public:
  AttentionEmitter(Emitter &e, const AttentionSpec &spec, const AttentionOperands &ops,
                   mlir::Value scratch, const AttentionCallbacks &callbacks);
  void point(mlir::Value index);

private:
  struct Block { // queries of a point, the part of keys it is for, and the keys at hand
    AttentionStarts starts;
    mlir::Value query0, rows;
    mlir::Value part;
    mlir::Value key0, count;
  };
  struct Matrix { // B of a product in panels
    mlir::Value buffer, start, panelStep, depthStep;
  };

  void clear(mlir::Value rows);
  void products(const Block &block);
  void productsOfFew(const Block &block);
  void productsOfTiles(const Block &block);
  void weigh(const Block &block);
  void weighRows(const Block &block, mlir::Value first, int64_t count);
  void addValues(const Block &block);
  Matrix panelsOfValues(const Block &block);
  mlir::Value sumOf(mlir::Value row);
  void finish(const Block &block);
  void finishPart(const Block &block);

  void rowTiles(mlir::Value rows, llvm::function_ref<void(mlir::Value first, int64_t count)> body);
  mlir::Value number(double value) { return softmax.number(value); }
  mlir::Value stateAt(mlir::Value row) { return e.mul(row, lanes); }

  Emitter &e;
  const AttentionSpec &spec;
  const AttentionOperands &ops;
  AttentionPlan plan;
  const AttentionCallbacks &callbacks;
  TileMath math;
  SoftmaxMath softmax;
  int64_t lanes;
  mlir::Value wide; // columns of results, whole panels
  // In scratch: a block's scores; for each query a vector of its greatest score, one of sums, and
  // its summed values; a block's keys and values in panels.
  mlir::Value scores, tops, sums, results, keyPanels, valuePanels;
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_ATTENTION_ATTENTIONEMITTER_H
