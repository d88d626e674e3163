// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Transposes: squares of the operand are turned in registers.

#include "compiler/codegen/loops/LoopKernelEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace heddle {

/// A grid point is a few rows of squares: what lies together in the operands is read together.
void LoopKernelEmitter::emitSquares(ElementEmitter &elements) {
  constexpr int64_t squaresDown = 4;
  unsigned rank = schedule.iteration.size(), axis = schedule.turned->axis;
  // The sizes of joined dimensions are those of the one they are joined into.
  auto isJoinedInto = [&](unsigned k, unsigned to) {
    return k <= to && llvm::all_of(ArrayRef(schedule.joins).slice(k, to - k),
                                   [](bool joined) { return joined; });
  };
  DimExpr outside = 1, strips = joinedSize(axis).ceilDiv(squaresDown * lanes);
  SmallVector<unsigned> outer;
  for (unsigned k = 0; k < rank; ++k)
    if (!isJoinedInto(k, axis) && !isJoinedInto(k, rank - 1)) {
      outside = outside * schedule.iteration[k];
      outer.push_back(k);
    }
  summary.grid = outside * strips;
  summary.pointElements = joinedSize(rank - 1) * DimExpr(squaresDown * lanes);
  auto points = scf::ForOp::create(b, frame.begin, frame.end, index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(points.getBody());
  Square square;
  square.place.assign(rank, Element{index(0)});
  Value count = index(strips), rest = points.getInductionVar();
  Value first =
      arith::MulIOp::create(b, arith::RemUIOp::create(b, rest, count), index(squaresDown * lanes));
  rest = arith::DivUIOp::create(b, rest, count);
  for (unsigned k : llvm::reverse(outer)) {
    Value size = index(schedule.iteration[k]);
    square.place[k] = {arith::RemUIOp::create(b, rest, size)};
    rest = arith::DivUIOp::create(b, rest, size);
  }
  Value height = index(joinedSize(axis)), width = index(joinedSize(rank - 1));
  Value end = arith::MinUIOp::create(b, height,
                                     arith::AddIOp::create(b, first, index(squaresDown * lanes)));
  auto columns = scf::ForOp::create(b, index(0), width, index(lanes));
  b.setInsertionPointToStart(columns.getBody());
  square.place.back() = {columns.getInductionVar()};
  square.columns = arith::SubIOp::create(b, width, columns.getInductionVar());
  auto rows = scf::ForOp::create(b, first, end, index(lanes));
  b.setInsertionPointToStart(rows.getBody());
  square.place[axis] = {rows.getInductionVar()};
  square.rows = arith::SubIOp::create(b, height, rows.getInductionVar());
  storeTurned(b, elements, *schedule.turned, schedule.result, square, lanes);
}

} // namespace heddle
