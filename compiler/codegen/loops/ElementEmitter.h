// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elements of structured tensors as code: the value of any tensor of a kernel at any place, one at a
// time or a vector of lanes along the innermost loop. Producers are evaluated where they are needed,
// which is what fuses them.

#ifndef HEDDLE_COMPILER_CODEGEN_LOOPS_ELEMENTEMITTER_H
#define HEDDLE_COMPILER_CODEGEN_LOOPS_ELEMENTEMITTER_H

#include "dialects/heddle/TensorDims.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace heddle {

/// A scalar that is the same in all lanes, an index that grows by one or by two a lane (`value` is
/// that of lane 0), one that is either of the first two, as running tells (where a size may turn out
/// to be 1 and be broadcast), or a vector with one value a lane.
struct Element {
  enum Kind { Uniform, Contiguous, Alternate, UniformOrContiguous, Varying };
  mlir::Value value;
  Kind kind = Uniform;
  mlir::Value uniformIf = nullptr; // of UniformOrContiguous: an i1

  bool isUniform() const { return kind == Uniform; }
};

using Place = llvm::SmallVector<Element>;

class ElementEmitter {
public:
  /// `failure` is a memref<i32> that holds the kernel's status.
  ElementEmitter(mlir::ImplicitLocOpBuilder &builder, int64_t lanes, mlir::Value failure)
      : b(builder), lanes(lanes), failure(failure) {}

  /// Where a tensor's elements are: a dense linear buffer. Index values are those of the dims.
  void bindBuffer(mlir::Value tensor, mlir::Value buffer, llvm::ArrayRef<DimExpr> dims,
                  llvm::function_ref<mlir::Value(const DimExpr &)> index);
  /// The element of a tensor that has just one within the current iteration: a reduced row.
  void bindElement(mlir::Value tensor, Element element) { elements[tensor] = element; }
  /// Values outside the loops that bodies use: dimension sizes.
  void bindUniform(mlir::Value original, mlir::Value emitted) { uniforms[original] = emitted; }

  /// Lanes of what is emitted from now on.
  void setLanes(int64_t count) { lanes = count; }
  /// The lanes that count, or null for all; what is not masked in may be anything.
  void setMask(mlir::Value newMask) { mask = newMask; }

  Element elementAt(mlir::Value tensor, llvm::ArrayRef<Element> place);
  /// The same by running the tensor's producer, even where it has a buffer.
  Element producedAt(mlir::Value tensor, llvm::ArrayRef<Element> place);

  /// What a generic operation yields at a place of its iteration space, given the accumulator where
  /// it is a reduction.
  Element yieldedAt(mlir::linalg::GenericOp generic, llvm::ArrayRef<Element> iteration,
                    std::optional<Element> accumulator = std::nullopt);

  /// Writes an element of a bound buffer.
  void store(mlir::Value tensor, llvm::ArrayRef<Element> place, Element value);

  /// Asks for the memory of an element of a bound buffer before it is used.
  void prefetch(mlir::Value tensor, llvm::ArrayRef<Element> place, bool isWrite);

  mlir::Value vectorOf(Element element);
  mlir::Value index(int64_t value);

  /// The type of an element in memory: a bool takes a byte.
  static mlir::Type storageType(mlir::Type elementType);

private:
  struct Buffer {
    mlir::Value memory;
    llvm::SmallVector<mlir::Value> strides;
    llvm::SmallVector<bool> unitStride;
  };

  /// What an evaluation made of a tensor: whoever reads it twice, or what is made of it, finds it.
  struct Made {
    Place place;
    mlir::Value mask;   ///< of the lanes that count
    mlir::Block *block; ///< where it may be used
    Element element;
  };
  std::optional<Element> findMade(mlir::Value tensor, llvm::ArrayRef<Element> place);
  Element runProducer(mlir::Value tensor, llvm::ArrayRef<Element> place);
  Element emit(mlir::Operation &op, llvm::ArrayRef<Element> operands,
               llvm::ArrayRef<Element> iteration);
  Element indexArithmetic(mlir::Operation &op, llvm::ArrayRef<Element> operands);
  Element neighboursDivided(mlir::Operation &op, llvm::ArrayRef<Element> operands);
  Element elementwise(mlir::Operation &op, llvm::ArrayRef<Element> operands);
  Element checkedIndex(llvm::ArrayRef<Element> operands);
  Element lookUp(mlir::Value table, Element byte);
  Element producedOr(mlir::Value tensor, llvm::ArrayRef<Element> place, Element inside,
                     Element fallback);
  Element load(mlir::Value tensor, llvm::ArrayRef<Element> place, Element *inside,
               Element *fallback);
  Element offsetOf(const Buffer &buffer, llvm::ArrayRef<Element> place);
  mlir::Value loadScalar(const Buffer &buffer, mlir::Value offset, Element *inside,
                         Element *fallback, mlir::Type elementType);
  mlir::Value loadLanes(const Buffer &buffer, Element offset, Element *inside, Element *fallback,
                        mlir::Type elementType);
  /// Lanes from one place or from places in a row, by a branch that every vector of a run takes alike.
  mlir::Value loadUniformOrContiguous(const Buffer &buffer, Element offset, Element *inside,
                                      Element *fallback, mlir::Type elementType);
  /// Lanes from every second place; all of them count.
  mlir::Value loadAlternate(const Buffer &buffer, mlir::Value offset, mlir::VectorType type);
  mlir::Value allLanes();
  mlir::VectorType laneType(mlir::Type elementType);

  mlir::ImplicitLocOpBuilder &b;
  int64_t lanes;
  mlir::Value failure;
  mlir::Value mask;
  llvm::DenseMap<mlir::Value, Buffer> buffers;
  llvm::DenseMap<mlir::Value, Element> elements;
  llvm::DenseMap<mlir::Value, mlir::Value> uniforms;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Made, 1>> made; // of the evaluation at work
  unsigned depth = 0;                                           // of producers within it
};

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_LOOPS_ELEMENTEMITTER_H
