// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors as nested JSON lists: [[1, 2], [3, 4]], a number where there are no dimensions. null is
// not-a-number, which JSON cannot write.
//
// Thread-safety: pure functions.

#ifndef HEDDLE_RUNTIME_TOOLS_TENSOR_JSON_H_
#define HEDDLE_RUNTIME_TOOLS_TENSOR_JSON_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "runtime/plan/json.h"
#include "runtime/tensor/tensor.h"

namespace heddle {

// Largest tensor that is written as JSON.
inline constexpr int64_t kMaxJsonElements = 1 << 20;

absl::StatusOr<Tensor> TensorFromJson(const Json& value, ElementType type,
                                      const std::shared_ptr<BufferPool>& pool);
absl::StatusOr<Json> TensorToJson(const Tensor& tensor);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_TENSOR_JSON_H_
