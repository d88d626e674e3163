// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/unit/kernels/StructuredInterpreter.h"

#include "dialects/heddle/Heddle.h"
#include "llvm/ADT/DenseMap.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tests/unit/kernels/ScalarInterpreter.h"

using namespace mlir;

namespace heddle::testing {

int64_t HostTensor::count() const {
  int64_t count = 1;
  for (int64_t dim : shape) count *= dim;
  return count;
}

namespace {

class Interpreter {
 public:
  std::string error;

  void bind(Value value, HostTensor tensor) {
    if (value.getType().isIndex())
      numbers[value] = tensor.elements.front();
    else
      tensors[value] = std::move(tensor);
  }
  const HostTensor& tensor(Value value) { return tensors[value]; }

  void run(Operation* op) {
    if (auto empty = dyn_cast<tensor::EmptyOp>(op)) return runEmpty(empty);
    if (auto fill = dyn_cast<linalg::FillOp>(op)) {
      HostTensor filled = tensors[fill.getOutputs()[0]];
      std::fill(filled.elements.begin(), filled.elements.end(), numbers[fill.getInputs()[0]]);
      return bind(op->getResult(0), std::move(filled));
    }
    if (auto generic = dyn_cast<linalg::GenericOp>(op)) return runGeneric(generic);
    if (auto require = dyn_cast<RequireOp>(op)) {
      if (!numbers[require.getCondition()].integer) fail("shape mismatch");
      return;
    }
    runScalar(op);
  }

 private:
  void fail(const Twine& message) {
    if (error.empty()) error = message.str();
  }

  void runEmpty(tensor::EmptyOp empty) {
    HostTensor made;
    unsigned dynamic = 0;
    for (int64_t size : empty.getType().getShape())
      made.shape.push_back(
          ShapedType::isDynamic(size) ? numbers[empty.getDynamicSizes()[dynamic++]].integer : size);
    if (llvm::any_of(made.shape, [](int64_t size) { return size < 0; }))
      return fail("a negative size");
    made.elements.resize(made.count());
    bind(empty, std::move(made));
  }

  static int64_t evaluate(AffineExpr expr, ArrayRef<int64_t> at) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) return at[dim.getPosition()];
    return cast<AffineConstantExpr>(expr).getValue();
  }

  int64_t offsetIn(const HostTensor& tensor, ArrayRef<int64_t> at) {
    int64_t offset = 0;
    for (auto [index, size] : llvm::zip(at, tensor.shape)) {
      if (index < 0 || index >= size) {
        fail("an access out of bounds: index " + Twine(index) + " of " + Twine(size));
        return -1;
      }
      offset = offset * size + index;
    }
    return offset;
  }

  void runGeneric(linalg::GenericOp generic) {
    SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
    SmallVector<int64_t> bounds(generic.getNumLoops(), -1);
    for (auto [operand, map] : llvm::zip(generic->getOperands(), maps))
      for (auto [axis, expr] : llvm::enumerate(map.getResults()))
        if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
          int64_t &bound = bounds[dim.getPosition()], size = tensors[operand].shape[axis];
          if (bound >= 0 && bound != size)
            return fail("operands of different sizes: " + Twine(bound) + " and " + Twine(size));
          bound = size;
        }
    HostTensor out = tensors[generic.getOutputs()[0]];
    Block& body = generic.getRegion().front();
    place.assign(bounds.size(), 0);
    if (llvm::is_contained(bounds, 0)) {
      bind(generic.getResult(0), std::move(out));
      return;
    }
    SmallVector<int64_t> at;
    do {
      int64_t outOffset = -1;
      for (auto [argument, operand, map] :
           llvm::zip(body.getArguments(), generic->getOperands(), maps)) {
        at.clear();
        for (AffineExpr expr : map.getResults()) at.push_back(evaluate(expr, place));
        bool isOut = operand == generic->getOperands().back();
        const HostTensor& source = isOut ? out : tensors[operand];
        int64_t offset = offsetIn(source, at);
        if (offset < 0) return;
        numbers[argument] = source.elements[offset];
        outOffset = offset;
      }
      for (Operation& inner : body.without_terminator()) {
        runScalar(&inner);
        if (!error.empty() && error != "index out of range") return;
      }
      out.elements[outOffset] = numbers[body.getTerminator()->getOperand(0)];
    } while (advance(bounds));
    bind(generic.getResult(0), std::move(out));
  }

  bool advance(ArrayRef<int64_t> bounds) {
    for (unsigned axis = bounds.size(); axis-- > 0;) {
      if (++place[axis] < bounds[axis]) return true;
      place[axis] = 0;
    }
    return false;
  }

  void load(Value result, Value source, ValueRange indices) {
    SmallVector<int64_t> at;
    for (Value index : indices) at.push_back(numbers[index].integer);
    const HostTensor& from = tensors[source];
    if (int64_t offset = offsetIn(from, at); offset >= 0) numbers[result] = from.elements[offset];
  }

  void runScalar(Operation* op) {
    if (auto index = dyn_cast<linalg::IndexOp>(op)) {
      numbers[index] = {.integer = place[index.getDim()]};
    } else if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
      load(extract, extract.getTensor(), extract.getIndices());
    } else if (auto loadOr = dyn_cast<LoadOrOp>(op)) {
      if (numbers[loadOr.getInside()].integer)
        load(loadOr, loadOr.getSource(), loadOr.getIndices());
      else
        numbers[loadOr] = numbers[loadOr.getFallback()];
    } else if (auto checked = dyn_cast<CheckedIndexOp>(op)) {
      int64_t index = numbers[checked.getIndex()].integer,
              size = numbers[checked.getSize()].integer;
      index += index < 0 ? size : 0;
      bool isInside = index >= 0 && index < size;
      numbers[checked] = {.integer = isInside ? index : 0};
      if (!isInside) fail("index out of range");
    } else {
      SmallVector<Number> operands;
      for (Value operand : op->getOperands()) operands.push_back(numbers[operand]);
      std::optional<Number> number = evaluateScalar(op, operands);
      if (number)
        numbers[op->getResult(0)] = *number;
      else
        fail("an operation that kernels do not have: " + op->getName().getStringRef());
    }
  }

  DenseMap<Value, HostTensor> tensors;
  DenseMap<Value, Number> numbers;
  SmallVector<int64_t> place;
};

}  // namespace

InterpreterResult interpret(func::FuncOp function, ArrayRef<HostTensor> arguments) {
  Interpreter interpreter;
  Block& body = function.getBody().front();
  for (auto [argument, tensor] : llvm::zip(body.getArguments(), arguments))
    interpreter.bind(argument, tensor);
  for (Operation& op : body.without_terminator()) {
    interpreter.run(&op);
    if (!interpreter.error.empty()) return {{}, interpreter.error};
  }
  InterpreterResult result;
  for (Value value : body.getTerminator()->getOperands())
    result.tensors.push_back(interpreter.tensor(value));
  return result;
}

}  // namespace heddle::testing
