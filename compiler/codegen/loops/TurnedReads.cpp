// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/loops/TurnedReads.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle {

/// Squares of fewer rows or columns are mostly empty.
static constexpr int64_t kLeastSize = 6;

static std::optional<unsigned> positionOf(AffineExpr expr) {
  auto dim = dyn_cast<AffineDimExpr>(expr);
  return dim ? std::optional(dim.getPosition()) : std::nullopt;
}

/// The axis of the result along which the operand's neighbours lie, where that is not the last one
/// and the operand has that, too.
static std::optional<unsigned> turnedAxis(AffineMap place, unsigned last) {
  if (!place || place.getNumResults() < 2)
    return std::nullopt;
  std::optional<unsigned> axis = positionOf(place.getResults().back());
  bool hasLast = llvm::any_of(place.getResults().drop_back(),
                              [&](AffineExpr expr) { return positionOf(expr) == last; });
  return axis && *axis != last && hasLast ? axis : std::nullopt;
}

std::optional<TurnedReads> findTurnedReads(ArrayRef<Read> reads, const Dims &iteration) {
  if (iteration.size() < 2)
    return std::nullopt;
  unsigned last = iteration.size() - 1;
  TurnedReads turned;
  for (const Read &read : reads) {
    if (!read.place)
      return std::nullopt;
    std::optional<unsigned> axis = turnedAxis(read.place, last);
    if (!axis)
      continue;
    auto isSameOperand = [&](const Read &other) { return other.operand == read.operand; };
    if (llvm::any_of(turned.reads, isSameOperand))
      continue; // work that uses an element more than once, such as x * sigmoid(x)
    bool readElsewhere = llvm::any_of(reads, [&](const Read &other) {
      return isSameOperand(other) && other.place != read.place;
    });
    if (readElsewhere || elementOf(read.operand).getIntOrFloatBitWidth() < 16 ||
        (!turned.reads.empty() && turned.axis != *axis))
      return std::nullopt;
    turned.axis = *axis;
    turned.reads.push_back(read);
  }
  auto isSmall = [&](unsigned axis) {
    std::optional<int64_t> size = iteration[axis].asConstant();
    return size && *size < kLeastSize;
  };
  if (turned.reads.empty() || isSmall(last) || isSmall(turned.axis))
    return std::nullopt;
  return turned;
}

/// Rows become columns: interleaving the first half of the rows with the second moves every element
/// one bit of its row's number to its column's.
static void turn(ImplicitLocOpBuilder &b, SmallVectorImpl<Value> &rows) {
  auto lanes = static_cast<int64_t>(rows.size());
  auto type = cast<VectorType>(rows.front().getType());
  SmallVector<int64_t> low, high;
  for (int64_t lane = 0; lane < lanes / 2; ++lane) {
    low.append({lane, lanes + lane});
    high.append({lanes / 2 + lane, lanes + lanes / 2 + lane});
  }
  for (int64_t bit = 1; bit < lanes; bit *= 2) {
    SmallVector<Value> next;
    for (int64_t row = 0; row < lanes / 2; ++row)
      for (ArrayRef<int64_t> order : {ArrayRef(low), ArrayRef(high)})
        next.push_back(vector::ShuffleOp::create(b, type, rows[row], rows[row + lanes / 2], order));
    rows = next;
  }
}

void storeTurned(ImplicitLocOpBuilder &b, ElementEmitter &elements, const TurnedReads &turned,
                 Value result, const Square &square, int64_t lanes) {
  auto index = [&](int64_t value) { return elements.index(value); };
  auto firstLanes = [&](Value count) -> Value {
    return vector::CreateMaskOp::create(b, VectorType::get({lanes}, b.getI1Type()), count);
  };
  unsigned axis = turned.axis;
  Value row = square.place[axis].value, column = square.place.back().value;
  Value lastColumn = arith::SubIOp::create(b, square.columns, index(1));
  SmallVector<SmallVector<Value>> squares(turned.reads.size());
  elements.setMask(firstLanes(square.rows));
  for (int64_t i = 0; i < lanes; ++i) {
    // Columns that are not there read the last one again.
    Value step = arith::MinUIOp::create(b, index(i), lastColumn);
    Place place = square.place;
    place[axis] = {row, Element::Contiguous};
    place.back() = {arith::AddIOp::create(b, column, step)};
    for (auto [read, rows] : llvm::zip(turned.reads, squares)) {
      Place at;
      for (AffineExpr expr : read.place.getResults()) {
        std::optional<unsigned> position = positionOf(expr);
        at.push_back(position ? place[*position]
                              : Element{index(cast<AffineConstantExpr>(expr).getValue())});
      }
      rows.push_back(elements.vectorOf(elements.elementAt(read.operand, at)));
    }
  }
  for (SmallVector<Value> &rows : squares)
    turn(b, rows);
  elements.setMask(firstLanes(square.columns));
  for (int64_t i = 0; i < lanes; ++i) {
    Value isThere = arith::CmpIOp::create(b, arith::CmpIPredicate::ugt, square.rows, index(i));
    auto ifThere = scf::IfOp::create(b, isThere, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(ifThere.thenBlock()->getTerminator());
    for (auto [read, rows] : llvm::zip(turned.reads, squares))
      elements.bindElement(read.operand, {rows[i], Element::Varying});
    Place place = square.place;
    place[axis] = {arith::AddIOp::create(b, row, index(i))};
    place.back() = {column, Element::Contiguous};
    elements.store(result, place, elements.producedAt(result, place));
  }
  elements.setMask(nullptr);
}

} // namespace heddle
