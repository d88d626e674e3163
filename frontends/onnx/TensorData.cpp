// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/TensorData.h"

#include "frontends/onnx/ExternalData.h"
#include "frontends/onnx/onnx_model.pb.h"

#include <cstring>
#include <limits>
#include <utility>

namespace heddle {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "tensor data is little endian, as hosts are");

namespace {

constexpr int mostDims = 64;

struct TypeRow {
  int32_t number;
  ElementType type;
  const char *name;
};

constexpr TypeRow typeRows[] = {
    {onnx_model::DATA_FLOAT, ElementType::kFloat32, "float"},
    {onnx_model::DATA_UINT8, ElementType::kUint8, "uint8"},
    {onnx_model::DATA_INT8, ElementType::kInt8, "int8"},
    {onnx_model::DATA_UINT16, ElementType::kUint16, "uint16"},
    {onnx_model::DATA_INT16, ElementType::kInt16, "int16"},
    {onnx_model::DATA_INT32, ElementType::kInt32, "int32"},
    {onnx_model::DATA_INT64, ElementType::kInt64, "int64"},
    {onnx_model::DATA_STRING, ElementType::kString, "string"},
    {onnx_model::DATA_BOOL, ElementType::kBool, "bool"},
    {onnx_model::DATA_FLOAT16, ElementType::kFloat16, "float16"},
    {onnx_model::DATA_DOUBLE, ElementType::kFloat64, "double"},
    {onnx_model::DATA_UINT32, ElementType::kUint32, "uint32"},
    {onnx_model::DATA_UINT64, ElementType::kUint64, "uint64"},
    {onnx_model::DATA_COMPLEX64, ElementType::kComplex64, "complex64"},
    {onnx_model::DATA_COMPLEX128, ElementType::kComplex128, "complex128"},
    {onnx_model::DATA_BFLOAT16, ElementType::kBFloat16, "bfloat16"},
    {onnx_model::DATA_FLOAT8E4M3FN, ElementType::kFloat8E4M3FN, "float8e4m3fn"},
    {onnx_model::DATA_FLOAT8E4M3FNUZ, ElementType::kFloat8E4M3FNUZ, "float8e4m3fnuz"},
    {onnx_model::DATA_FLOAT8E5M2, ElementType::kFloat8E5M2, "float8e5m2"},
    {onnx_model::DATA_FLOAT8E5M2FNUZ, ElementType::kFloat8E5M2FNUZ, "float8e5m2fnuz"},
    {onnx_model::DATA_UINT4, ElementType::kUint4, "uint4"},
    {onnx_model::DATA_INT4, ElementType::kInt4, "int4"},
    {onnx_model::DATA_FLOAT4E2M1, ElementType::kFloat4E2M1, "float4e2m1"},
    // Named in refusals only.
    {onnx_model::DATA_FLOAT8E8M0, ElementType::kUndefined, "float8e8m0"},
    {onnx_model::DATA_UINT2, ElementType::kUndefined, "uint2"},
    {onnx_model::DATA_INT2, ElementType::kUndefined, "int2"},
};

absl::Status invalid(const std::string &message) { return absl::InvalidArgumentError(message); }

/// Appends each entry as one Element; entries must fit it, signed or not.
template <typename Element, typename Entries>
absl::Status narrow(const Entries &entries, std::string &bytes) {
  using Signed = std::make_signed_t<Element>;
  using Unsigned = std::make_unsigned_t<Element>;
  bytes.resize(static_cast<size_t>(entries.size()) * sizeof(Element));
  char *out = bytes.data();
  for (int32_t entry : entries) {
    if (entry < std::numeric_limits<Signed>::min() ||
        entry > static_cast<int64_t>(std::numeric_limits<Unsigned>::max()))
      return invalid("its value " + std::to_string(entry) + " does not fit the element type");
    Unsigned element = static_cast<Unsigned>(entry);
    std::memcpy(out, &element, sizeof(Element));
    out += sizeof(Element);
  }
  return absl::OkStatus();
}

template <typename Entries> absl::Status copy(const Entries &entries, std::string &bytes) {
  bytes.assign(reinterpret_cast<const char *>(entries.data()),
               static_cast<size_t>(entries.size()) * sizeof(*entries.data()));
  return absl::OkStatus();
}

absl::Status takeTypedData(const onnx_model::TensorProto &tensor, ElementType type,
                           std::string &bytes) {
  switch (type) {
  case ElementType::kFloat32:
  case ElementType::kComplex64:
    return copy(tensor.float_data(), bytes);
  case ElementType::kFloat64:
  case ElementType::kComplex128:
    return copy(tensor.double_data(), bytes);
  case ElementType::kInt64:
    return copy(tensor.int64_data(), bytes);
  case ElementType::kUint64:
    return copy(tensor.uint64_data(), bytes);
  case ElementType::kUint32:
    bytes.clear();
    bytes.reserve(static_cast<size_t>(tensor.uint64_data_size()) * sizeof(uint32_t));
    for (uint64_t entry : tensor.uint64_data()) {
      uint32_t element = static_cast<uint32_t>(entry);
      if (element != entry)
        return invalid("its value " + std::to_string(entry) + " does not fit the element type");
      bytes.append(reinterpret_cast<const char *>(&element), sizeof(element));
    }
    return absl::OkStatus();
  case ElementType::kInt32:
    return copy(tensor.int32_data(), bytes);
  case ElementType::kInt16:
  case ElementType::kUint16:
  case ElementType::kFloat16:
  case ElementType::kBFloat16:
    return narrow<int16_t>(tensor.int32_data(), bytes);
  default: // 8 bits, or two elements of 4 bits in an entry
    return narrow<int8_t>(tensor.int32_data(), bytes);
  }
}

} // namespace

std::optional<ElementType> elementTypeOf(int32_t dataType) {
  for (const TypeRow &row : typeRows)
    if (row.number == dataType && row.type != ElementType::kUndefined)
      return row.type;
  return std::nullopt;
}

int32_t dataTypeOf(ElementType type) {
  for (const TypeRow &row : typeRows)
    if (row.type == type)
      return row.number;
  return onnx_model::DATA_UNDEFINED;
}

std::string dataTypeName(int32_t dataType) {
  for (const TypeRow &row : typeRows)
    if (row.number == dataType)
      return row.name;
  return "number " + std::to_string(dataType);
}

absl::StatusOr<HostTensor> takeTensor(onnx_model::TensorProto &tensor, ExternalData *external) {
  HostTensor result;
  std::optional<ElementType> type = elementTypeOf(tensor.data_type());
  if (tensor.data_type() == onnx_model::DATA_UNDEFINED)
    return invalid("it has no element type");
  if (!type || *type == ElementType::kString)
    return absl::UnimplementedError("element type " + dataTypeName(tensor.data_type()) +
                                    " is not supported");
  if (tensor.dims_size() > mostDims)
    return invalid("it has " + std::to_string(tensor.dims_size()) + " dimensions");
  result.name = tensor.name();
  result.type = *type;
  result.dims.assign(tensor.dims().begin(), tensor.dims().end());
  if (tensor.has_segment())
    return absl::UnimplementedError("tensors in segments are not supported");
  std::optional<int64_t> needed = countBytes(*type, result.dims);
  if (!needed)
    return invalid("its dimensions " + dimsText(result.dims) + " are negative or overflow");

  if (tensor.data_location() == 1) {
    if (!external)
      return invalid("its data lies in another file, which is not allowed here");
    absl::StatusOr<ExternalRange> range = externalRange(tensor);
    if (!range.ok())
      return range.status();
    absl::Status status = external->read(*range, *needed, result.bytes);
    if (!status.ok())
      return status;
  } else if (tensor.data_location() != 0) {
    return invalid("its data location " + std::to_string(tensor.data_location()) + " is unknown");
  } else if (!tensor.raw_data().empty()) {
    result.bytes = std::move(*tensor.mutable_raw_data());
    tensor.clear_raw_data();
  } else {
    absl::Status status = takeTypedData(tensor, *type, result.bytes);
    if (!status.ok())
      return status;
  }
  if (static_cast<int64_t>(result.bytes.size()) != *needed)
    return invalid("its dimensions " + dimsText(result.dims) + " of " +
                   dataTypeName(tensor.data_type()) + " need " + std::to_string(*needed) +
                   " bytes, but its data has " + std::to_string(result.bytes.size()));
  if (*type == ElementType::kBool) // so that a byte is a C++ bool
    for (char &byte : result.bytes)
      byte = byte != 0;
  return result;
}

static absl::StatusOr<int64_t> flatIndex(const int64_t *index, size_t rank,
                                         const std::vector<int64_t> &dims, int64_t count) {
  int64_t flat = 0;
  if (rank == 1) {
    flat = index[0];
    if (flat < 0 || flat >= count)
      return invalid("its sparse index " + std::to_string(flat) + " is out of range");
    return flat;
  }
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    if (index[axis] < 0 || index[axis] >= dims[axis])
      return invalid("its sparse index " + std::to_string(index[axis]) + " is out of range");
    flat = flat * dims[axis] + index[axis];
  }
  return flat;
}

absl::StatusOr<HostTensor> takeSparseTensor(onnx_model::SparseTensorProto &tensor,
                                            ExternalData *external, int64_t mostBytes) {
  absl::StatusOr<HostTensor> values = takeTensor(*tensor.mutable_values(), external);
  if (!values.ok())
    return values.status();
  absl::StatusOr<HostTensor> indices = takeTensor(*tensor.mutable_indices(), external);
  if (!indices.ok())
    return indices.status();
  HostTensor result;
  result.name = std::move(values->name);
  result.type = values->type;
  result.dims.assign(tensor.dims().begin(), tensor.dims().end());
  std::optional<int64_t> needed = countBytes(result.type, result.dims);
  if (!needed || tensor.dims_size() > mostDims)
    return invalid("its dimensions are negative or overflow");
  if (*needed > mostBytes)
    return invalid("it is sparse and would take " + std::to_string(*needed) +
                   " bytes with its zeros, more than the " + std::to_string(mostBytes) +
                   " allowed");
  size_t stored = values->dims.size() == 1 ? static_cast<size_t>(values->dims[0]) : 0;
  size_t rank = indices->dims.size() == 2 ? static_cast<size_t>(indices->dims[1]) : 1;
  bool shaped =
      values->dims.size() == 1 && indices->type == ElementType::kInt64 &&
      (indices->dims.size() == 1 || (indices->dims.size() == 2 && rank == result.dims.size())) &&
      static_cast<size_t>(indices->dims[0]) == stored;
  if (!shaped || elementBitsOf(result.type) < 8)
    return invalid("its sparse values and indices do not belong together");
  // Indices [N, 1] of a vector are flat ones.
  int64_t count = *countTensorElements(result.dims);
  size_t width = static_cast<size_t>(elementBitsOf(result.type)) / 8;
  result.bytes.assign(static_cast<size_t>(*needed), '\0');
  std::vector<int64_t> row(rank);
  for (size_t i = 0; i < stored; ++i) {
    std::memcpy(row.data(), indices->bytes.data() + i * rank * sizeof(int64_t),
                rank * sizeof(int64_t));
    absl::StatusOr<int64_t> flat = flatIndex(row.data(), rank, result.dims, count);
    if (!flat.ok())
      return flat.status();
    std::memcpy(result.bytes.data() + static_cast<size_t>(*flat) * width,
                values->bytes.data() + i * width, width);
  }
  return result;
}

const onnx_model::TensorProto *constantTensor(const onnx_model::NodeProto &node) {
  if (node.op_type() != "Constant" || !(node.domain().empty() || node.domain() == "ai.onnx"))
    return nullptr;
  for (const onnx_model::AttributeProto &attribute : node.attribute())
    if (attribute.name() == "value" && attribute.has_t())
      return &attribute.t();
  return nullptr;
}

} // namespace heddle
