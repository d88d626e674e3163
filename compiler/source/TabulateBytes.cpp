// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions of one byte, from its dequantisation to the next quantisation, are looked up in a table
// of 256, which the same operations compute while compiling: all results keep their bits. A sigmoid
// takes an exponential and a division, its table few instructions.

#include "compiler/Passes.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/StructuredLowering.h"
#include "compiler/source/Arithmetic.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_TABULATEBYTESPASS
#include "compiler/Passes.h.inc"

namespace {

constexpr int64_t kBytes = 256;

bool isOfBytes(Value value) {
  return elementOf(value).isInteger() && elementOf(value).getIntOrFloatBitWidth() == 8;
}

/// A quantisation and what leads to it from one tensor of bytes.
class ByteFunction {
public:
  explicit ByteFunction(onnx::QuantizeLinearOp root) : root(root) {}

  bool matches() {
    return isOfBytes(root.getY()) && !dimsOf(root.getY()).empty() && visitOperation(root) &&
           source && isFunction && llvm::all_of(operations, [&](Operation *op) {
             return op == root || llvm::all_of(op->getUsers(), [&](Operation *user) {
                      return operations.contains(user);
                    });
           });
  }

  void tabulate() {
    Arithmetic m(root);
    SmallVector<int64_t> shape(dimsOf(source).size(), 1);
    shape.back() = kBytes;
    auto type = RankedTensorType::get(shape, elementOf(source));
    SmallVector<char> every;
    for (int64_t byte = 0; byte < kBytes; ++byte)
      every.push_back(static_cast<char>(byte));
    auto bytes = onnx::ConstantOp::create(m.b, m.loc, TypeRange{type}, ValueRange{});
    bytes.setValueAttr(DenseElementsAttr::getFromRawBuffer(type, every));
    IRMapping mapping;
    mapping.map(source, bytes.getResult());
    for (Operation *op : operations) { // each after what it reads
      Operation *copy = m.b.clone(*op, mapping);
      Value result = copy->getResult(0);
      result.setType(RankedTensorType::get(shape, elementOf(result)));
    }
    Value table = m.viewed(mapping.lookup(root.getY()), {kBytes});
    root.getY().replaceAllUsesWith(
        LookUpOp::create(m.b, m.loc, root.getY().getType(), source, table));
    for (Operation *op : llvm::reverse(operations))
      op->erase();
  }

private:
  bool visitOperation(Operation *op) {
    if (operations.contains(op))
      return true;
    if (accessPattern(op) != AccessPattern::Elementwise || op->getNumRegions() != 0 ||
        op->getNumResults() != 1 || dimsOf(op->getResult(0)) != dimsOf(root.getY()))
      return false;
    for (Value operand : op->getOperands())
      if (!visitOperand(operand))
        return false;
    isFunction |= takesLong(op);
    operations.insert(op);
    return true;
  }

  bool visitOperand(Value operand) {
    Operation *producer = operand.getDefiningOp();
    if (producer && isa<onnx::ConstantOp>(producer))
      return isSingle(operand);
    if (!isOfBytes(operand))
      return producer && visitOperation(producer);
    bool isSource = !source || source == operand;
    source = operand;
    return isSource && dimsOf(operand) == dimsOf(root.getY());
  }

  onnx::QuantizeLinearOp root;
  Value source;
  llvm::SetVector<Operation *> operations;
  bool isFunction = false; // more than sums and products
};

struct TabulateBytes : impl::TabulateBytesPassBase<TabulateBytes> {
  void runOnOperation() override {
    SmallVector<onnx::QuantizeLinearOp> roots;
    getOperation()->walk([&](onnx::QuantizeLinearOp op) { roots.push_back(op); });
    for (onnx::QuantizeLinearOp root : roots)
      if (ByteFunction function(root); function.matches()) {
        function.tabulate();
        ++numTables;
      }
  }
};

} // namespace
} // namespace heddle
