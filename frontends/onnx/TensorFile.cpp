// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/TensorFile.h"

#include "frontends/onnx/FileBytes.h"
#include "frontends/onnx/NpyFile.h"
#include "frontends/onnx/TensorData.h"
#include "frontends/onnx/onnx_model.pb.h"
#include "runtime/support/whole_file.h"

#include <limits>

namespace heddle {

static absl::Status inFile(const absl::Status &status, const std::string &name) {
  return absl::Status(status.code(), name + ": " + std::string(status.message()));
}

absl::StatusOr<HostTensor> parseTensorMessage(std::string_view bytes, const std::string &name) {
  if (bytes.size() > std::numeric_limits<int>::max())
    return absl::InvalidArgumentError(name + ": an ONNX tensor file holds at most 2 GiB");
  onnx_model::TensorProto message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return absl::InvalidArgumentError(name + ": not an ONNX tensor file, or a damaged one");
  absl::StatusOr<HostTensor> tensor = takeTensor(message, nullptr);
  if (!tensor.ok())
    return inFile(tensor.status(), name);
  return tensor;
}

absl::StatusOr<HostTensor> readTensorFile(const std::string &path) {
  absl::StatusOr<MappedFile> file = MappedFile::map(path);
  if (!file.ok())
    return file.status();
  if (isNpy(file->bytes()))
    return parseNpy(file->bytes(), path);
  return parseTensorMessage(file->bytes(), path);
}

absl::Status writeTensorFile(const std::string &path, const HostTensor &tensor) {
  std::optional<int64_t> needed = countBytes(tensor.type, tensor.dims);
  if (!needed || static_cast<int64_t>(tensor.bytes.size()) != *needed)
    return absl::InvalidArgumentError(path + ": the tensor's bytes do not fit its dimensions");
  // Two parts, so that the data is not copied into a message: the fields before it, serialised,
  // and its own tag and length.
  onnx_model::TensorProto message;
  for (int64_t dim : tensor.dims)
    message.add_dims(dim);
  message.set_data_type(dataTypeOf(tensor.type));
  if (!tensor.name.empty())
    message.set_name(tensor.name);
  std::string head = message.SerializeAsString();
  if (tensor.bytes.size() + head.size() + 16 > std::numeric_limits<int>::max())
    return absl::InvalidArgumentError(path +
                                      ": an ONNX tensor file holds at most 2 GiB; write .npy");
  constexpr char rawDataTag =
      static_cast<char>(onnx_model::TensorProto::kRawDataFieldNumber << 3 | 2);
  head.push_back(rawDataTag);
  for (size_t length = tensor.bytes.size();; length >>= 7) {
    if (length < 0x80) {
      head.push_back(static_cast<char>(length));
      break;
    }
    head.push_back(static_cast<char>((length & 0x7f) | 0x80));
  }
  return WriteWholeFile(path, {head, tensor.bytes});
}

} // namespace heddle
