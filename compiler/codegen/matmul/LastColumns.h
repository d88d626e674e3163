// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The last columns of a product with packed B, or one that is read in place, where they are too few to
// be worth a vector: 97 columns are six vectors of 16 and a seventh that is one sixteenth full. They are summed along the
// depth: a vector is consecutive elements of a row of A, times those of a column of B, and a sum is
// its lanes added up in the end. All lanes count, but for the last step's.
//
// Whether a product has such columns depends on N and K alone. So a row's results do not depend on
// how many rows there are, and B can be packed without knowing.
//
// Packed, such a column is its K elements, filled up with zeros to a multiple of the panel's width.

#ifndef HEDDLE_COMPILER_CODEGEN_MATMUL_LASTCOLUMNS_H
#define HEDDLE_COMPILER_CODEGEN_MATMUL_LASTCOLUMNS_H

#include "compiler/codegen/matmul/Matmul.h"
#include "compiler/codegen/matmul/PackPanels.h"

namespace heddle::codegen {

class LastColumns {
public:
  LastColumns(Emitter &e, const MatmulSpec &spec, int64_t panel, mlir::Value n, mlir::Value k);

  /// The most that there are.
  static int64_t most(int64_t panel) { return panel / 4; }
  /// How many columns there are, of this product; none where it is a constant zero.
  mlir::Value count;
  bool mayExist() const { return !counts.empty(); }
  /// Whether of products with so many columns the last ones may, or must, be such.
  bool mayExist(int64_t columns) const;
  bool mustExist(int64_t columns) const;

  /// Copies the columns from `first` on to target[at ...], filled up.
  void copy(Emitter &e, const PanelSource &source, mlir::Value first, mlir::Value target,
            mlir::Value at) const;
  /// The same to a panel of an artifact.
  void pack(Emitter &e, const PanelSource &source, mlir::Value first, mlir::Value target,
            mlir::Value at) const;

  struct Operands {
    mlir::Value a, aStart, aRowStep, rows; // A's rows are contiguous
    mlir::Value b, bStart;                 // as packed
    mlir::Value sums;                      // a buffer of accumulators
  };
  /// Row r's sums are then at sums[r * stride() ...]; a few more rows may be written.
  void emit(Emitter &e, const Operands &operands) const;
  mlir::Value stride(Emitter &e) const;

private:
  void sumRows(Emitter &e, const Operands &operands, int64_t columns) const;

  int64_t panel;
  mlir::Value k;
  mlir::Type element;                // of accumulators
  bool deepEnough;                   // whatever K is
  llvm::SmallVector<int64_t> counts; // that are possible
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_MATMUL_LASTCOLUMNS_H
