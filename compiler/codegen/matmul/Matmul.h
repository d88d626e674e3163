// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrix products C[b, m, n] = sum_k A[b, m, k] * B[b, k, n] of any size, whose results a callback
// consumes while they are in registers or the first cache.
//
// B is best packed ahead: panels of `panel` columns, [ceil(N / panel)][K][panel], the last one
// padded with whatever, the same for every CPU; one of few columns may be packed as LastColumns.h
// says. Where B is not a weight it is read in place or
// packed by each grid point, whichever costs less.
//
// Each element is one chain of multiply-adds in the order of k, whatever the blocking, or, where
// LastColumns.h says so, as many chains as a vector has lanes. So results depend on neither the grid's
// partition nor the number of rows computed at once.
//
// Products of bytes sum (a - a's zero point) * (b - b's zero point) exactly, in 32 bits. Their
// packed panels are described in ByteOperands.h. Products of pairs round f32 operands to bf16; see
// PairOperands.h.
//
//   MatmulSpec spec{f32, f32, f32};
//   MatmulPlan plan = planMatmul(spec, target);
//   // the task: grid = plan.gridPoints(batch, M, N), scratch = plan.scratchBytes(K)
//   MatmulOperands ops{a, b, batch, m, n, k};
//   emitMatmul(e, spec, ops, kernel.begin, kernel.end, kernel.scratch,
//              [&](Value acc, const MatmulPosition &at) {
//                Value bias = e.load(biasBuffer, at.n, at.lanes, at.mask);
//                Value sum = arith::AddFOp::create(e.builder, e.loc, acc, bias);
//                e.store(sum, c, at.offset, at.mask);
//              });

#ifndef HEDDLE_COMPILER_CODEGEN_MATMUL_MATMUL_H
#define HEDDLE_COMPILER_CODEGEN_MATMUL_MATMUL_H

#include "compiler/codegen/Emitter.h"

namespace heddle::codegen {

enum class MatrixLayout { RowMajor, Transposed, Packed };

struct MatmulSpec {
  mlir::Type a, b;                               // stored as: f32, f64, f16, bf16; i8
  mlir::Type accumulator;                        // f32; f64 for f64; i32 for i8
  MatrixLayout aLayout = MatrixLayout::RowMajor; // Transposed: A is stored [K, M]
  MatrixLayout bLayout = MatrixLayout::Packed;   // RowMajor [K, N], Transposed [N, K]
  bool aSigned = false, bSigned = true;          // of i8
  /// Elements of A, f32, are rounded to bf16 and multiplied in pairs. B is packed, as bf16.
  bool pairs = false;
  /// All the M and N this kernel will see, where they are known; it is wrong for others, and
  /// compiles several times as fast.
  llvm::SmallVector<int64_t> rows = {}, columns = {};
  /// Of a RowMajor B that is `staysInFirstCache`: it is read where it is, and results go to the sink
  /// from registers.
  bool inPlace = false;
};

/// Whether a tile's columns of a row-major B, f32, of this size stay in the first cache while all rows
/// of A meet them, and the depth is taken at once.
bool staysInFirstCache(int64_t k, int64_t n);

/// The static facts of a kernel that its caller needs.
struct MatmulPlan {
  int64_t panel;                     // columns of a packed panel
  int64_t rows, panels;              // register tile: rows, panels of columns
  int64_t tallRows, tallPanels;      // another one, so that a few rows more meet B once
  int64_t mBlock, nBlock;            // a grid point computes at most this many rows and columns
  int64_t kBlock;                    // depth that is accumulated in registers at once
  int64_t scratchFixed, scratchPerK; // bytes: fixed + perK * K

  int64_t gridPoints(int64_t batch, int64_t m, int64_t n) const {
    return batch * ((m + mBlock - 1) / mBlock) * ((n + nBlock - 1) / nBlock);
  }
  int64_t scratchBytes(int64_t k) const { return scratchFixed + scratchPerK * k; }
  /// Of packed B; bytes are packed with their columns' sums.
  int64_t packedElements(int64_t k, int64_t n) const {
    int64_t rows = bytes ? ((k + 63) / 64 * 16 + 1) * 4 : pairs ? (k + 31) / 32 * 32 : k;
    return (n + panel - 1) / panel * panel * rows;
  }
  bool bytes, pairs;
  bool tiles; // multiplied in tile registers, see TileRegisters.h
};

MatmulPlan planMatmul(const MatmulSpec &spec, const Target &target);

/// Offsets, in elements, of one batch's matrices.
struct BatchOffsets {
  mlir::Value a, b;
};

/// Where a vector of results belongs: lanes are consecutive columns.
struct MatmulPosition {
  mlir::Value batch, m, n; // n of the first lane
  mlir::Value offset;      // (batch * M + m) * N + n
  mlir::Value mask;        // null: all lanes count
  int64_t lanes;
};

struct MatmulOperands {
  mlir::Value a, b;                       // buffers
  mlir::Value batch, m, n, k;             // sizes
  mlir::Value aStride = {}, bStride = {}; // elements from a stored row to the next; null: dense
  /// Null: A advances by M * K, B by K * N (or the packed size).
  std::function<BatchOffsets(Emitter &, mlir::Value batch)> batchOffsets = {};
  /// Called for each line of a tile's results before the tile is computed.
  std::function<void(Emitter &, const MatmulPosition &)> prefetch = {};
  /// Zero points of bytes, as i32: of a row of A, of columns of B. Null: zero.
  std::function<mlir::Value(Emitter &, mlir::Value m)> aZeroPoint = {};
  std::function<mlir::Value(Emitter &, mlir::Value n, int64_t lanes, mlir::Value mask)> bZeroPoint =
      {};
};

using MatmulSink = llvm::function_ref<void(mlir::Value accumulator, const MatmulPosition &)>;

void emitMatmul(Emitter &e, const MatmulSpec &spec, const MatmulOperands &operands,
                mlir::Value begin, mlir::Value end, mlir::Value scratch, MatmulSink sink);

/// Packs B, stored [K, N] or (transposed) [N, K] per batch, into panels. One grid point is one
/// panel: grid = batch * ceil(N / panel).
void emitPackB(Emitter &e, const MatmulSpec &spec, bool transposed, mlir::Value source,
               mlir::Value packed, mlir::Value n, mlir::Value k, mlir::Value begin,
               mlir::Value end);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_MATMUL_MATMUL_H
