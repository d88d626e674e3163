// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One grid point of a linear attention: where its operands are, and its part of the state.

#ifndef HEDDLE_COMPILER_CODEGEN_RECURRENCE_LINEARATTENTIONPOINT_H
#define HEDDLE_COMPILER_CODEGEN_RECURRENCE_LINEARATTENTIONPOINT_H

#include "compiler/codegen/recurrence/LinearAttention.h"

namespace heddle::codegen {

/// Where an operand's elements are, with broadcast axes: distances in elements, null for none.
struct Strides {
  Strides(Emitter &e, llvm::ArrayRef<bool> own, llvm::ArrayRef<mlir::Value> sizes);
  mlir::Value offset(Emitter &e, unsigned axis, mlir::Value index) const {
    return of[axis] ? e.mul(index, of[axis]) : e.index(0);
  }
  Values of;
};

class LinearAttentionPoint {
public:
  /// The state is in scratch, `vectors` vectors a row.
  LinearAttentionPoint(Emitter &e, const LinearAttentionSpec &spec,
                       const LinearAttentionOperands &ops, mlir::Value scratch, mlir::Value index);

  void loadInit();
  void storeLast();

  // Scalars, broadcast.
  mlir::Value query(mlir::Value step, mlir::Value row) {
    return scalar(ops.query, e.add(vectorOf(step), row));
  }
  mlir::Value key(mlir::Value step, mlir::Value row) {
    return scalar(ops.key, e.add(vectorOf(step), row));
  }
  mlir::Value decay(mlir::Value step, mlir::Value row);
  mlir::Value rate(mlir::Value step);
  mlir::Value rateOf(mlir::Value step) { return e.add(rateStart, rateStrides->offset(e, 0, step)); }
  bool hasDecay() const { return !spec.decay.empty(); }
  bool hasRate() const { return !spec.rate.empty(); }
  bool hasRowDecay() const { return hasDecay() && spec.decay.back(); }

  Values value(mlir::Value step);
  void storeOutput(mlir::Value step, mlir::ValueRange vectors);

  Values loadRow(mlir::Value row);
  void storeRow(mlir::Value row, mlir::ValueRange vectors);

  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value zero() { return e.zero(e.vector(spec.element, spec.lanes)); }
  Values zeros(int64_t count) { return Values(count, zero()); }

  /// Where a step's query and key are, and its value and output for this block of columns.
  mlir::Value vectorOf(mlir::Value step) {
    return e.mul(e.add(e.mul(step, points), point), ops.rows);
  }
  mlir::Value valueOf(mlir::Value step) { return columnsOf(e.add(e.mul(step, points), point)); }
  /// Where the decay of a step is: of all rows or of the first.
  mlir::Value decayOf(mlir::Value step) {
    return e.add(decayStart, decayStrides->offset(e, 0, step));
  }
  /// Columns of this block that exist, from one of them.
  mlir::Value columnsFrom(mlir::Value first) { return e.sub(ops.columns, e.add(column, first)); }

  mlir::Value begin, end; // steps
  mlir::Value state;      // rows of `vectors` vectors

private:
  mlir::Value scalar(mlir::Value buffer, mlir::Value offset) {
    return e.broadcast(e.load(buffer, offset), spec.lanes);
  }
  /// Of the first column in an array of rows of all columns.
  mlir::Value columnsOf(mlir::Value row) { return e.add(e.mul(row, ops.columns), column); }
  mlir::Value batchOffset(const Strides &strides);

  Emitter &e;
  const LinearAttentionSpec &spec;
  const LinearAttentionOperands &ops;
  mlir::Value points, point, segment, column; // batch points, this one, its segment, first column
  Values batch;                               // indices
  Values masks;                               // null: all lanes count
  std::optional<Strides> decayStrides, rateStrides;
  mlir::Value decayStart, rateStart;
};

/// Computes steps one by one.
void emitSteps(Emitter &e, const LinearAttentionSpec &spec, const LinearAttentionOperands &ops,
               LinearAttentionPoint &point, mlir::Value begin, mlir::Value end);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_RECURRENCE_LINEARATTENTIONPOINT_H
