// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A builder for kernel bodies: index arithmetic that folds, 1-D vectors with optional masks, loops
// that carry values. Not thread-safe; one per function being built.
//
//   Kernel k = Kernel::create(module, "relu", {f32, f32}, /*dims=*/1);
//   Emitter e(k.builder(), loc, target);
//   e.loop(k.begin, k.end, e.index(1), [&](Value i) { ... });
//   k.finish();

#ifndef HEDDLE_COMPILER_CODEGEN_EMITTER_H
#define HEDDLE_COMPILER_CODEGEN_EMITTER_H

#include "compiler/codegen/Target.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace heddle::codegen {

using Values = llvm::SmallVector<mlir::Value>;

class Emitter {
public:
  Emitter(mlir::OpBuilder &builder, mlir::Location loc, const Target &target)
      : builder(builder), loc(loc), target(target) {}

  mlir::OpBuilder &builder;
  mlir::Location loc;
  const Target &target;

  // Sizes and offsets; never negative unless said otherwise.
  mlir::Value index(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, int64_t b) { return add(a, index(b)); }
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, int64_t b) { return mul(a, index(b)); }
  mlir::Value div(mlir::Value a, mlir::Value b);
  mlir::Value rem(mlir::Value a, mlir::Value b);
  mlir::Value ceilDiv(mlir::Value a, int64_t b);
  mlir::Value min(mlir::Value a, mlir::Value b); // signed
  mlir::Value max(mlir::Value a, mlir::Value b); // signed
  mlir::Value boolean(bool value);
  mlir::Value less(mlir::Value a, mlir::Value b); // signed
  mlir::Value equal(mlir::Value a, mlir::Value b);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);

  // Scalars and vectors. `lanes` 1 with a null mask means a scalar. Masked-off lanes read as zero.
  mlir::Type vector(mlir::Type element, int64_t lanes);
  mlir::Value zero(mlir::Type type);
  mlir::Value load(mlir::Value buffer, mlir::Value offset);
  mlir::Value load(mlir::Value buffer, mlir::Value offset, int64_t lanes, mlir::Value mask = {});
  void store(mlir::Value value, mlir::Value buffer, mlir::Value offset, mlir::Value mask = {});
  mlir::Value broadcast(mlir::Value scalar, int64_t lanes);
  /// Asks for the cache line of an element that will be read. The offset may lie outside of the
  /// buffer.
  enum class Cache { First, Second };
  void prefetch(mlir::Value buffer, mlir::Value offset, Cache cache);
  /// A mask of the first `count` lanes; any count, negative ones count as zero.
  mlir::Value firstLanes(mlir::Value count, int64_t lanes);
  /// The other lanes.
  mlir::Value notFirstLanes(mlir::Value count, int64_t lanes);
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  /// Converts between floating-point types, f16 and bf16 included; same type: nothing.
  mlir::Value convertFloat(mlir::Value value, mlir::Type element);
  /// As many vectors as they have lanes (a power of two): lane j of result i is lane i of row j.
  Values transpose(Values rows);

  // Control flow. Of what is known to be left out, no code is made.
  using Body = llvm::function_ref<void(mlir::Value)>;
  using CarryingBody = llvm::function_ref<Values(mlir::Value, mlir::ValueRange)>;
  void loop(mlir::Value low, mlir::Value high, mlir::Value step, Body body);
  Values loop(mlir::Value low, mlir::Value high, mlir::Value step, mlir::ValueRange initial,
              CarryingBody body);
  /// From 0 to `count`, which is a multiple of `atOnce`: so many turns of the body to one of the
  /// loop.
  Values unrolledLoop(mlir::Value count, int64_t atOnce, mlir::ValueRange initial,
                      CarryingBody body);
  void when(mlir::Value condition, llvm::function_ref<void()> then,
            llvm::function_ref<void()> otherwise = nullptr);
  Values choose(mlir::Value condition, mlir::TypeRange types, llvm::function_ref<Values()> then,
                llvm::function_ref<Values()> otherwise);
  /// One copy of the body for each of the numbers; nothing happens for others.
  void specialize(mlir::Value value, llvm::ArrayRef<int64_t> numbers,
                  llvm::function_ref<void(int64_t)> body);

  /// Part of a byte buffer as a buffer of elements.
  mlir::Value view(mlir::Value bytes, int64_t byteOffset, mlir::Type element);
  mlir::Value view(mlir::Value bytes, mlir::Value byteOffset, mlir::Type element);

  /// Lanes of a full vector of this element type.
  int64_t lanesOf(mlir::Type element) const;
};

/// Splits `size` into the least number of parts of at most `most`, of nearly equal size.
struct EvenSplit {
  EvenSplit(Emitter &e, mlir::Value size, int64_t most) : EvenSplit(e, size, e.index(most)) {}
  EvenSplit(Emitter &e, mlir::Value size, mlir::Value most);
  /// Into so many parts.
  static EvenSplit into(Emitter &e, mlir::Value size, mlir::Value parts);
  mlir::Value parts;
  mlir::Value start(Emitter &e, mlir::Value part) const; // start(parts) is the size
  mlir::Value length(Emitter &e, mlir::Value part) const;
  /// The lengths that parts have; none where they are not known.
  llvm::SmallVector<int64_t> knownLengths() const;

private:
  EvenSplit() = default;
  bool isExact() const; // known to have parts of one length
  mlir::Value quotient, remainder;
};

/// The lengths that parts have where sizes are split evenly into blocks and these into tiles; from
/// 1 to `tile` where the sizes are not known.
llvm::SmallVector<int64_t> tileLengths(llvm::ArrayRef<int64_t> sizes, int64_t block, int64_t tile);

/// A kernel function with the signature of NativeCode.h; the insertion point of `builder` is in it.
struct Kernel {
  static Kernel create(mlir::ModuleOp module, llvm::StringRef name,
                       llvm::ArrayRef<mlir::Type> bufferElements, int dims);
  /// Returns HEDDLE_KERNEL_OK.
  void finish(mlir::OpBuilder &builder);

  mlir::func::FuncOp function;
  Values buffers, dims;
  mlir::Value begin, end, scratch;
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_EMITTER_H
