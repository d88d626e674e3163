// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/TensorExchange.h"

namespace heddle::cli {

absl::StatusOr<Tensor> borrow(HostTensor &tensor) {
  return Tensor::Borrow(tensor.type, tensor.dims, tensor.bytes.data(),
                        static_cast<int64_t>(tensor.bytes.size()));
}

absl::StatusOr<std::vector<Tensor>> borrowAll(std::list<HostTensor> &tensors) {
  std::vector<Tensor> borrowed;
  for (HostTensor &tensor : tensors) {
    auto one = borrow(tensor);
    if (!one.ok())
      return one.status();
    borrowed.push_back(*std::move(one));
  }
  return borrowed;
}

HostTensor copyOf(const Tensor &tensor, const std::string &name) {
  HostTensor copy;
  copy.name = name;
  copy.type = tensor.element_type();
  copy.dims.assign(tensor.dims().begin(), tensor.dims().end());
  copy.bytes.assign(static_cast<const char *>(tensor.data()), tensor.bytes());
  return copy;
}

} // namespace heddle::cli
