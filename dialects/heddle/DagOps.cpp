// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of recurrences over grids and graphs.

#include "dialects/heddle/DagOps.h"
#include "dialects/heddle/TensorDims.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace heddle;

#define GET_OP_CLASSES
#include "dialects/heddle/DagOps.cpp.inc"

namespace {

/// Collects what a body gets from each operand, checking the leading axes against the expected ones.
struct Elements {
  Operation *op;
  SmallVector<Type> types = {};
  bool ok = true;

  void add(StringRef what, TypeRange operands, ArrayRef<DimExpr> leading) {
    for (Type type : operands) {
      auto tensor = cast<RankedTensorType>(type);
      Dims dims = getDims(tensor);
      if (!ok)
        return;
      if (dims.size() < leading.size() || ArrayRef(dims).take_front(leading.size()) != leading) {
        InFlightDiagnostic error = op->emitOpError("has a ");
        error << type << " among its " << what << ", whose leading sizes are ";
        llvm::interleaveComma(leading, error, [&](const DimExpr &dim) { error << dim.str(); });
        ok = false;
        return;
      }
      types.push_back(
          tensorWithDims(ArrayRef(dims).drop_front(leading.size()), tensor.getElementType()));
    }
  }
};

} // namespace

static DimExpr firstDim(Value value) { return dimsOf(value).front(); }

DimExpr GridScanOp::getHeight() { return firstDim(getAlong().front()); }
DimExpr GridScanOp::getWidth() { return firstDim(getDown().front()); }

LogicalResult GridScanOp::verify() {
  auto isScalar = [](Type type) { return cast<RankedTensorType>(type).getRank() == 0; };
  if (getAlong().empty() || getDown().empty())
    return emitOpError("needs a value that goes along rows and one that goes down columns");
  if (isScalar(getAlong().front().getType()) || isScalar(getDown().front().getType()))
    return emitOpError("has a scalar where there is one value for each row or column");
  DimExpr height = getHeight(), width = getWidth();
  Elements in{*this}, out{*this};
  in.add("values along rows", getAlong().getTypes(), height);
  in.add("values down columns", getDown().getTypes(), width);
  in.add("inputs of cells", getCells().getTypes(), {height, width});
  in.add("inputs of rows", getRows().getTypes(), height);
  in.add("inputs of columns", getColumns().getTypes(), width);
  out.add("results along rows", getLastAlong().getTypes(), height);
  out.add("results down columns", getLastDown().getTypes(), width);
  out.add("marks", getMarks().getTypes(), {height, width});
  if (!in.ok || !out.ok)
    return failure();
  if (getLastAlong().getTypes() != getAlong().getTypes() ||
      getLastDown().getTypes() != getDown().getTypes())
    return emitOpError("has results of other types than what goes along and down");
  if (getBody().getArgumentTypes() != TypeRange(in.types))
    return emitOpError("has a body whose arguments are not what a cell gets");
  if (getYielded().getTypes() != TypeRange(out.types))
    return emitOpError("has a body that does not yield what a cell sends along, down and marks");
  if (std::optional<StringRef> form = getForm(); form && *form != "recurrent" &&
                                                 *form != "blocks" && *form != "wavefront" &&
                                                 *form != "pairing")
    return emitOpError("has the form '")
           << *form << "'; there are recurrent, blocks, wavefront and pairing";
  return success();
}

DimExpr DagScanOp::getLength() { return firstDim(getWrites().front()); }

LogicalResult DagScanOp::verify() {
  auto isIndex = [](Value value, unsigned mostRank) {
    auto type = cast<RankedTensorType>(value.getType());
    return type.getElementType().isInteger(64) && type.getRank() >= 1 && type.getRank() <= mostRank;
  };
  if (getTables().empty() || getTables().size() != getWrites().size())
    return emitOpError("needs a table, and where each step writes for each of them");
  if (getReads().size() != getReadTables().size())
    return emitOpError("has ") << getReads().size() << " reads of " << getReadTables().size()
                               << " tables";
  for (Value write : getWrites())
    if (!isIndex(write, 1))
      return emitOpError("has a ") << write.getType() << " where each step has one i64 to write to";
  for (Value read : getReads())
    if (!isIndex(read, 2))
      return emitOpError("has a ")
             << read.getType() << " where each step has i64 indices to read from";
  DimExpr length = getLength();
  Elements in{*this}, rows{*this}, marks{*this}, indices{*this};
  for (Value table : getTables()) {
    if (cast<RankedTensorType>(table.getType()).getRank() == 0)
      return emitOpError("has a scalar among its tables");
    rows.add("tables", table.getType(), firstDim(table));
  }
  indices.add("writes", getWrites().getTypes(), length);
  indices.add("reads", getReads().getTypes(), length);
  for (auto [read, table] : llvm::zip(getReads(), getReadTables())) {
    if (table < 0 || table >= int64_t(getTables().size()))
      return emitOpError("has a read of table ") << table;
    Dims dims(ArrayRef(dimsOf(read)).drop_front());
    llvm::append_range(dims, ArrayRef(dimsOf(getTables()[table])).drop_front());
    in.types.push_back(tensorWithDims(dims, elementOf(getTables()[table])));
  }
  in.add("elements", getElements().getTypes(), length);
  marks.add("marks", getMarks().getTypes(), length);
  if (!in.ok || !marks.ok || !indices.ok)
    return failure();
  if (getLast().getTypes() != getTables().getTypes())
    return emitOpError("has results of other types than its tables");
  if (getBody().getArgumentTypes() != TypeRange(in.types))
    return emitOpError("has a body whose arguments are not the rows read and the elements");
  SmallVector<Type> yields(rows.types);
  llvm::append_range(yields, marks.types);
  if (getYielded().getTypes() != TypeRange(yields))
    return emitOpError("has a body that does not yield a row for each table and the marks");
  if (std::optional<StringRef> form = getForm(); form && *form != "recurrent" && *form != "levels")
    return emitOpError("has the form '") << *form << "'; there are recurrent and levels";
  return success();
}
