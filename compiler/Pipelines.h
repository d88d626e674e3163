// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The passes from an imported model to the parallel level, in their order.
//
//   PassManager passes(&context);
//   addSourcePasses(passes);
//   addExtractionPasses(passes, {.cores = 2});

#ifndef HEDDLE_COMPILER_PIPELINES_H
#define HEDDLE_COMPILER_PIPELINES_H

#include <string>

namespace mlir {
class OpPassManager;
}

namespace heddle {

/// How parallelism is looked for. Part of what a program is: what is idle when it runs must not
/// change a result.
struct ExtractionOptions {
  /// That the program is made for: for one, nothing is put beside the rest.
  int cores = 2;
  /// Whether loops are raised to scans and maps, and repeated sub-graphs to streams.
  bool scans = true;
  /// "recurrent", "chunk" or "tree" for every scan; empty: chosen for each by its sizes and cores.
  std::string scanForm;
  /// Whether inputs that the model only appends to and attends over are stored with time as axis 0,
  /// in which form they grow in place; so are the outputs that are the next such inputs.
  bool caches = false;
  /// Whether combiners that the model declares associative are tried on random values.
  bool verifyAssociativity = false;
  /// Whether products and convolutions of f32 may round their operands to bf16.
  bool bf16 = false;
  /// Whether convolutions may: those that a target computes in f32 all the same may be Winograd's.
  bool bf16Convolutions = true;
  /// Whether convolutions may be computed by Winograd's minimal filtering.
  bool winograd = true;
};

/// Shapes, and the operators that others express better, written so.
void addSourcePasses(mlir::OpPassManager &passes);

/// What may run beside what: loops and repeated sub-graphs raised and lowered, operations grouped
/// into kernels, chains of them spawned.
void addExtractionPasses(mlir::OpPassManager &passes, const ExtractionOptions &options);

} // namespace heddle

#endif // HEDDLE_COMPILER_PIPELINES_H
