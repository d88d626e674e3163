// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds, compiles and loads kernels given as C++ emitters, for tests and benchmarks.
//
//   KernelHarness harness("x86-64-v3");
//   harness.add("relu", {f32, f32}, 1, [&](Emitter &e, Kernel &k) { ... });
//   LoadedKernels kernels = harness.compile();

#ifndef HEDDLE_TESTS_UNIT_CODEGEN_KERNELHARNESS_H
#define HEDDLE_TESTS_UNIT_CODEGEN_KERNELHARNESS_H

#include "compiler/codegen/Emitter.h"
#include "tests/unit/codegen/KernelLoader.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

namespace heddle::codegen {

class KernelHarness {
public:
  /// Tests of many kernels take level 1: LLVM is then three times as fast.
  explicit KernelHarness(const std::string &cpu, int optLevel = 3);

  mlir::Type f32() { return mlir::Float32Type::get(&context); }
  mlir::Type f64() { return mlir::Float64Type::get(&context); }
  mlir::Type f16() { return mlir::Float16Type::get(&context); }
  mlir::Type bf16() { return mlir::BFloat16Type::get(&context); }
  mlir::Type integer(unsigned bits) { return mlir::IntegerType::get(&context, bits); }

  /// Returns the kernel's number.
  int add(const std::string &name, llvm::ArrayRef<mlir::Type> buffers, int dims,
          llvm::function_ref<void(Emitter &, Kernel &)> body);
  /// Where a CPU with tile registers is named, for this machine with such registers in memory.
  LoadedKernels compile();
  std::string print(Listing listing);
  void dump() { module->dump(); }

  Target target;
  /// Of the kernels that are added from now on: kFillsRegisters of NativeCode.h.
  bool fillsRegisters = false;

private:
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  bool emulates;
  std::vector<std::string> names;
};

/// Memory for tests that ends where a page begins that must not be touched.
template <typename T> class GuardedArray {
public:
  explicit GuardedArray(size_t size) : count(size), bytes(allocate(size * sizeof(T))) {}
  T *data() { return reinterpret_cast<T *>(bytes.get()); }
  const T *data() const { return reinterpret_cast<const T *>(bytes.get()); }
  size_t size() const { return count; }
  T &operator[](size_t i) { return data()[i]; }
  const T &operator[](size_t i) const { return data()[i]; }
  T *begin() { return data(); }
  T *end() { return data() + count; }

private:
  static std::shared_ptr<char> allocate(size_t bytes);
  size_t count;
  std::shared_ptr<char> bytes;
};

std::shared_ptr<char> allocateGuarded(size_t bytes);
template <typename T> std::shared_ptr<char> GuardedArray<T>::allocate(size_t bytes) {
  return allocateGuarded(bytes);
}

} // namespace heddle::codegen

#endif // HEDDLE_TESTS_UNIT_CODEGEN_KERNELHARNESS_H
