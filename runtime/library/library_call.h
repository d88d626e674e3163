// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The interface of a function of the runtime library: operators that are not worth compiling
// (irregular, rare, or with a result whose size only running them tells).
//
// A function reads operands, makes each result once, and fills it. Result() checks the type that it
// writes and the dimensions against what the program expects; where the program leaves a dimension
// open (late), the function's word defines it. Functions are called from any worker, several at a
// time, never block, keep no state between calls, and are deterministic.
//
//   absl::Status NonZero(LibraryCall& call) {
//     TensorView x = call.operand(0);
//     int64_t count = ...;
//     absl::StatusOr<MutableTensorView> y =
//         call.Result(0, ElementType::kInt64, {x.rank(), count});
//     if (!y.ok()) return y.status();
//     ...
//   }
//
// A line in functions.inc gives it a name.

#ifndef HEDDLE_RUNTIME_LIBRARY_LIBRARY_CALL_H_
#define HEDDLE_RUNTIME_LIBRARY_LIBRARY_CALL_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/tensor/tensor_view.h"

namespace heddle {

class LibraryCall {
 public:
  virtual ~LibraryCall() = default;

  virtual int operand_count() const = 0;
  // An absent optional operand has element type kUndefined; so has one past the last.
  virtual TensorView operand(int index) const = 0;
  bool has_operand(int index) const {
    return operand(index).element_type != ElementType::kUndefined;
  }

  virtual int result_count() const = 0;
  virtual bool wants_result(int index) const = 0;  // false: optional and unused
  virtual ElementType result_type(int index) const = 0;
  // Memory for a result of this type and these dimensions, uninitialised; at most once per result.
  // Who writes any type that is asked for says result_type(index).
  absl::StatusOr<MutableTensorView> Result(int index, ElementType type,
                                           absl::Span<const int64_t> dims);
  // An error where the program declares the result to have another type.
  absl::Status CheckResultType(int index, ElementType type) const;

  // A result that begins with all of an operand. With `share`, it may share the operand's memory.
  virtual absl::StatusOr<MutableTensorView> Grown(int index, int operand, bool share,
                                                  absl::Span<const int64_t> dims);
  // Makes a result of an operand's first elements, which it shares the memory of where it can.
  virtual absl::Status Prefix(int index, int operand, absl::Span<const int64_t> dims);

  // Attributes; the second form gives `fallback` where the attribute is absent.
  virtual std::optional<int64_t> Int(std::string_view name) const = 0;
  virtual std::optional<double> Float(std::string_view name) const = 0;
  virtual std::optional<std::string_view> Text(std::string_view name) const = 0;
  virtual absl::Span<const int64_t> Ints(std::string_view name) const = 0;   // empty if absent
  virtual absl::Span<const double> Floats(std::string_view name) const = 0;  // empty if absent
  int64_t Int(std::string_view name, int64_t fallback) const {
    return Int(name).value_or(fallback);
  }
  double Float(std::string_view name, double fallback) const {
    return Float(name).value_or(fallback);
  }
  std::string_view Text(std::string_view name, std::string_view fallback) const {
    return Text(name).value_or(fallback);
  }

  // Private memory until the function returns, 64-byte aligned; null where there is none left.
  virtual void* Scratch(int64_t bytes) = 0;

 protected:
  // Result, for a type that was checked.
  virtual absl::StatusOr<MutableTensorView> MakeResult(int index,
                                                       absl::Span<const int64_t> dims) = 0;
};

using LibraryFunction = absl::Status (*)(LibraryCall&);

// The function of this name, or null. Names are those of ONNX operators where the function is one.
LibraryFunction FindLibraryFunction(std::string_view name);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_LIBRARY_LIBRARY_CALL_H_
