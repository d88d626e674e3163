// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is behind the C ABI's handles, and the wall that exceptions stop at.

#ifndef HEDDLE_RUNTIME_C_API_HANDLES_H_
#define HEDDLE_RUNTIME_C_API_HANDLES_H_

#include <memory>
#include <new>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "heddle/heddle.h"
#include "runtime/c_api/versioned_struct.h"
#include "runtime/memory/allocator.h"
#include "runtime/session/model.h"
#include "runtime/session/session.h"

struct HeddleStatus {
  HeddleStatusCode code;
  std::string message;
};

struct HeddleModel {
  // A signature in the form C reads it; the pointers point into this object.
  struct Signature {
    explicit Signature(const heddle::TensorSignature& signature);
    std::string name;
    int32_t element_type;
    std::vector<int64_t> dims;
    std::vector<std::string> symbol_texts;
    std::vector<const char*> symbols;
  };

  explicit HeddleModel(std::shared_ptr<const heddle::Model> model);
  std::shared_ptr<const heddle::Model> model;
  std::vector<std::unique_ptr<Signature>> inputs, outputs;
  std::string producer, source, target_cpu, target_cpus, code_digest, weights_digest;
};

namespace heddle {

// The caller's allocator; shared by all that has memory from it.
class CallerAllocator final : public Allocator {
 public:
  explicit CallerAllocator(const HeddleAllocator& functions) : functions_(functions) {}
  void* Allocate(size_t bytes) override {
    void* data = functions_.allocate(functions_.user, bytes, kMemoryAlignment);
    // Code relies on the alignment; memory without it is none.
    if (reinterpret_cast<uintptr_t>(data) % kMemoryAlignment == 0) return data;
    functions_.deallocate(functions_.user, data, bytes);
    return nullptr;
  }
  void Deallocate(void* data, size_t bytes) override {
    functions_.deallocate(functions_.user, data, bytes);
  }

 private:
  const HeddleAllocator functions_;
};

}  // namespace heddle

struct HeddleSession {
  std::unique_ptr<heddle::Session> session;
};

struct HeddleShare {
  heddle::Tensor tensor;
};

namespace heddle {

// Null for OK. Without memory for a status, a static one that needs none.
HeddleStatus* MakeStatus(const absl::Status& status);

// Runs the body of a C function: a status becomes a handle, an exception becomes a status.
template <typename Body>
HeddleStatus* Guard(Body body) noexcept {
  try {
    return MakeStatus(body());
  } catch (const std::bad_alloc&) {
    return MakeStatus(absl::ResourceExhaustedError("no memory"));
  } catch (...) {
    return MakeStatus(absl::InternalError("unexpected exception"));
  }
}

HEDDLE_FIRST_VERSION_ENDS_WITH(HeddleCustomOperator, kernel);
HEDDLE_FIRST_VERSION_ENDS_WITH(HeddleModelOptions, custom_operator_count);
HEDDLE_FIRST_VERSION_ENDS_WITH(HeddleSignature, symbols);
HEDDLE_FIRST_VERSION_ENDS_WITH(HeddleModelInfo, kernels);
HEDDLE_FIRST_VERSION_ENDS_WITH(HeddleSessionOptions, allocator);
HEDDLE_FIRST_VERSION_ENDS_WITH(HeddleStatistics, reserved);

// A tensor that borrows the caller's memory; `what` names it in errors.
absl::StatusOr<Tensor> ReadValue(const HeddleValue* value, const std::string& what);
void WriteTensor(ElementType type, absl::Span<const int64_t> dims, void* data, uint64_t capacity,
                 HeddleTensor* out);

absl::StatusOr<std::shared_ptr<const CustomOperator>> MakeCustomOperator(
    const HeddleCustomOperator& description);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_C_API_HANDLES_H_
