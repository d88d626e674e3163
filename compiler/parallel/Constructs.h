// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The record of what was found in a program and of what stayed sequential, for `heddle explain`.
//
//   recordConstruct(loop, {.kind = "scan",
//                          .summary = "affine recurrence of 128 steps",
//                          .proof = "the new state is the old one times a value without it, plus such a value",
//                          .equivalence = Equivalence::Exact,
//                          .form = "recurrent",
//                          .work = steps * width * 2,
//                          .span = steps * 2});
//   recordSequential(loop, "the state is squared in node 'mul_3': no form of it composes");
//
// Records stand on the function as attributes, so they outlive the operations that they are about;
// the program writer puts them into the artifact. Passes on one function record from one thread.

#ifndef HEDDLE_COMPILER_PARALLEL_CONSTRUCTS_H
#define HEDDLE_COMPILER_PARALLEL_CONSTRUCTS_H

#include "dialects/heddle/DimExpr.h"
#include "mlir/IR/Operation.h"

#include <string>

namespace heddle {

/// What a rewrite keeps of the program as written.
enum class Equivalence {
  Exact,         // the same bits
  Reassociation, // the same operations in another order: the same up to rounding
  Distribution,  // the same probabilities
  Approximation, // as its own definition says
};

struct Construct {
  /// The dialect's word: spawn, map, streams, scan, dag_scan, attention, cache.
  llvm::StringRef kind = {};
  std::string summary = {};
  /// What was proved of the program, in a sentence.
  std::string proof = {};
  Equivalence equivalence = Equivalence::Exact;
  /// How it is computed, where there is a choice.
  std::string form = {};
  /// Scalar operations in all, and on the longest chain of them that wait for each other. A logarithm
  /// of a size that is not known is a symbol: log2(seq).
  DimExpr work = DimExpr::unknown();
  DimExpr span = DimExpr::unknown();
};

/// Notes at an operation what was found and proved of the program that it stands for: summary, proof
/// and equivalence. For whoever decides how it is computed, and records that.
void noteFinding(mlir::Operation *op, const Construct &found);
bool hasFinding(mlir::Operation *op);

/// Records it of an operation, whose location says which nodes of the source it came from; what was
/// noted at the operation goes before the construct's own words, and is taken off.
void recordConstruct(mlir::Operation *op, const Construct &construct);

/// Records why an operation (a loop, a long sequential region) was left as it is: one sentence that
/// names what stands in the way.
void recordSequential(mlir::Operation *op, llvm::StringRef reason);

/// The operation as a reader of the model knows it: "node 'mul_3' (Mul)".
std::string describeNode(mlir::Operation *op);

/// The logarithm to base 2, rounded up, of a size that is at least 1.
DimExpr logarithm(const DimExpr &size);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_CONSTRUCTS_H
