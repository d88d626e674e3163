// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operations between the old and the new state are interpreted as functions of the old matrix S:
//
//   matrix   f1 f2 .. S + k u^T      factors are scalars or scale the rows of keys
//   vector   c (v + s S^T k)         s is 0, 1 or -1; a row, a column or flat
//   product  k u^T                   of a key and a vector
//
// and so are those that read the new state, which must all end in a vector.

#ifndef HEDDLE_COMPILER_PARALLEL_RECURRENCE_OUTERLAW_H
#define HEDDLE_COMPILER_PARALLEL_RECURRENCE_OUTERLAW_H

#include "compiler/parallel/recurrence/OuterProducts.h"

namespace heddle::outer {

/// A vector for each point of the batch, and the value it is a view of: by which vectors are known
/// to be the same.
struct Flat {
  mlir::Value value, root;
};

/// How a vector stands: x 1 x d, x d x 1, x d.
enum class Standing { Row, Column, Flat };

struct Form {
  enum Kind { Free, Matrix, Vector, Product } kind = Free;
  mlir::Value value;                  // Free
  llvm::SmallVector<Flat, 2> factors; // Matrix: of the state, in order; last what it was read with
  bool turned = false;                // Matrix: transposed
  // Vector, Product and the update of a Matrix:
  bool updated = false;
  Flat key; // of the product
  bool negative = false;
  mlir::Value rate; // one number for each point
  Flat constant;    // null: zero
  int sign = 0;     // of the read
  Flat readKey;
  llvm::SmallVector<Flat, 2> readFactors;
};

/// What a value is a view or a transposition of.
mlir::Value rootOf(mlir::Value value);

class OuterLaw {
public:
  OuterLaw(const LoopBody &body, unsigned state, bool transposed)
      : body(body), state(state), transposed(transposed), m(body.end()), init(body.init(state)),
        dims(dimsOf(init)) {
    batch.assign(dims.begin(), dims.end() - 2);
    keys = dims[dims.size() - (transposed ? 1 : 2)];
    values = dims[dims.size() - (transposed ? 2 : 1)];
  }

  std::optional<OuterProducts> find();

private:
  std::optional<Form> transfer(mlir::Operation *op, llvm::ArrayRef<Form> operands);
  std::optional<Form> matmul(mlir::Operation *op, const Form &x, const Form &y);
  std::optional<Form> multiply(mlir::Operation *op, const Form &x, const Form &y);
  std::optional<Form> add(mlir::Operation *op, Form x, Form y, bool subtract);
  std::optional<Form> reduce(onnx::ReduceSumOp op, const Form &x);
  std::optional<Form> outer(mlir::Value keyed, const Form &row);
  std::optional<Flat> flat(mlir::Value value, const DimExpr &size, Standing standing);
  std::optional<Standing> standingOf(mlir::Value value, const DimExpr &size) const;
  bool stands(mlir::Value value, Standing standing) const;
  std::optional<Flat> rows(mlir::Value value);
  std::optional<mlir::Value> scalar(mlir::Value value, size_t rank);
  Form read(const Form &matrix, Flat key);
  std::optional<mlir::Value> otherFactor(mlir::Value value, mlir::Value rate);
  bool finish(const Form &form, OuterProducts &found);
  bool findReads(OuterProducts &found);
  mlir::Value times(mlir::Value x, mlir::Value y) { return !x ? y : !y ? x : m.mul(x, y); }
  Dims with(const DimExpr &last) {
    Dims result(batch);
    result.push_back(last);
    return result;
  }

  const LoopBody &body;
  unsigned state;
  bool transposed;
  Arithmetic m;
  mlir::Value init;
  Dims dims, batch;
  DimExpr keys, values;
};

} // namespace heddle::outer

#endif // HEDDLE_COMPILER_PARALLEL_RECURRENCE_OUTERLAW_H
