// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From kernel functions to a shared object.
//
// A kernel is a public function of the module,
//
//   func.func @k(%b0: memref<?xf32>, ..., %bn: memref<?xT>,   buffers: dense, linear, no two
//   written
//                %d0: index, ..., %dm: index,                  buffers overlap any other
//                %begin: index, %end: index,                   range of the grid
//                %scratch: memref<?xi8>) -> i32                HeddleKernelStatus
//
// whose body is scf, cf, arith, math, vector, memref, index, affine and func operations (calls to
// private functions and references to memref.global are followed). The size of a buffer is unknown:
// memref.dim of one is meaningless. The object exports the two tables of
// runtime/artifact/kernel_abi.h and nothing else, needs no library and runs no constructor.
//
// Kernels are compiled apart, several at a time, each into its own LLVM module; the bytes depend on
// the kernels and the target only, so objects of an earlier time (ObjectCache.h) are as good. May be called from several threads at once on different
// contexts; a context must not be used elsewhere meanwhile.
//
//   FailureOr<NativeCode> code = compileNative(module, {"matmul_0", "softmax_3"}, target);
//   if (failed(code)) return failure();   // diagnostics were emitted
//   write(code->elf);

#ifndef HEDDLE_COMPILER_CODEGEN_NATIVECODE_H
#define HEDDLE_COMPILER_CODEGEN_NATIVECODE_H

#include <functional>
#include <string>
#include <vector>

#include "compiler/codegen/ObjectCache.h"
#include "compiler/codegen/Target.h"

#include "mlir/IR/BuiltinOps.h"

namespace heddle::codegen {

/// A unit attribute of kernels whose inner loops fill the registers with accumulators. The constants
/// of their epilogues (an activation has dozens) then stay where they are used, as operands in
/// memory, which cost next to nothing: hoisted over the inner loop they would take its registers.
inline constexpr llvm::StringLiteral kFillsRegisters = "heddle.fills_registers";

struct NativeCode {
  std::vector<char> elf;
  std::vector<std::string> kernels; // in the order of heddle_kernels
  std::vector<std::string> imports; // C functions in the order of heddle_imports
  size_t cached = 0;                // kernels that were not compiled anew
};

/// Registers the dialects that compileNative needs.
void registerCodegenDialects(mlir::DialectRegistry &registry);

/// Kernels of a module, by name and in this order, and the CPU to compile them for.
struct KernelSet {
  mlir::ModuleOp module;
  std::vector<std::string> kernels;
  const Target *target;
  /// Called on some thread as soon as the set's code is there, while kernels of other sets are still
  /// compiled. Kernels of sets that have one come first. It must not touch the sets' modules.
  std::function<void(const NativeCode &)> ready;
};

/// Compiles the kernels of all sets, those of one beside those of others, and one that several sets
/// have once; a result for each set.
/// The modules are of one context, and are not changed.
llvm::FailureOr<std::vector<NativeCode>>
compileNative(llvm::ArrayRef<KernelSet> sets, int threads = 2, ObjectCache *cache = nullptr);
llvm::FailureOr<NativeCode> compileNative(mlir::ModuleOp module,
                                          const std::vector<std::string> &kernels,
                                          const Target &target, int threads = 2,
                                          ObjectCache *cache = nullptr);

/// The LLVM IR of the kernels named, as optimised, for reading (`--emit llvm`), or their assembly.
enum class Listing { LlvmIr, OptimizedLlvmIr, Assembly };
llvm::FailureOr<std::string> printNative(mlir::ModuleOp module,
                                         const std::vector<std::string> &kernels,
                                         const Target &target, Listing listing);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_NATIVECODE_H
