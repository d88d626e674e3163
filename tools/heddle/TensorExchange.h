// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between tensors of files and tensors of the runtime.

#ifndef HEDDLE_TOOLS_HEDDLE_TENSOREXCHANGE_H
#define HEDDLE_TOOLS_HEDDLE_TENSOREXCHANGE_H

#include "absl/status/statusor.h"
#include "frontends/onnx/HostTensor.h"
#include "runtime/tensor/tensor.h"

#include <list>
#include <string>
#include <vector>

namespace heddle::cli {

/// The host tensor's memory, which must stay where it is while the result is in use.
absl::StatusOr<Tensor> borrow(HostTensor &tensor);
absl::StatusOr<std::vector<Tensor>> borrowAll(std::list<HostTensor> &tensors);

/// A copy of the elements.
HostTensor copyOf(const Tensor &tensor, const std::string &name);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_TENSOREXCHANGE_H
