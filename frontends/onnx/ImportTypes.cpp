// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ImportTypes.h"

#include "dialects/onnx/TensorFacts.h"
#include "frontends/onnx/Status.h"
#include "frontends/onnx/TensorData.h"
#include "frontends/onnx/onnx_model.pb.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace heddle {

Type elementTypeFor(MLIRContext *context, int32_t dataType) {
  auto integer = [&](unsigned width,
                     IntegerType::SignednessSemantics sign = IntegerType::Signless) {
    return IntegerType::get(context, width, sign);
  };
  switch (dataType) {
  case onnx_model::DATA_FLOAT:
    return Float32Type::get(context);
  case onnx_model::DATA_UINT8:
    return integer(8, IntegerType::Unsigned);
  case onnx_model::DATA_INT8:
    return integer(8);
  case onnx_model::DATA_UINT16:
    return integer(16, IntegerType::Unsigned);
  case onnx_model::DATA_INT16:
    return integer(16);
  case onnx_model::DATA_INT32:
    return integer(32);
  case onnx_model::DATA_INT64:
    return integer(64);
  case onnx_model::DATA_BOOL:
    return integer(1);
  case onnx_model::DATA_FLOAT16:
    return Float16Type::get(context);
  case onnx_model::DATA_DOUBLE:
    return Float64Type::get(context);
  case onnx_model::DATA_UINT32:
    return integer(32, IntegerType::Unsigned);
  case onnx_model::DATA_UINT64:
    return integer(64, IntegerType::Unsigned);
  case onnx_model::DATA_COMPLEX64:
    return ComplexType::get(Float32Type::get(context));
  case onnx_model::DATA_COMPLEX128:
    return ComplexType::get(Float64Type::get(context));
  case onnx_model::DATA_BFLOAT16:
    return BFloat16Type::get(context);
  case onnx_model::DATA_FLOAT8E4M3FN:
    return Float8E4M3FNType::get(context);
  case onnx_model::DATA_FLOAT8E4M3FNUZ:
    return Float8E4M3FNUZType::get(context);
  case onnx_model::DATA_FLOAT8E5M2:
    return Float8E5M2Type::get(context);
  case onnx_model::DATA_FLOAT8E5M2FNUZ:
    return Float8E5M2FNUZType::get(context);
  case onnx_model::DATA_UINT4:
    return integer(4, IntegerType::Unsigned);
  case onnx_model::DATA_INT4:
    return integer(4);
  case onnx_model::DATA_FLOAT4E2M1:
    return Float4E2M1FNType::get(context);
  default:
    return {};
  }
}

int32_t dataTypeFor(Type elementType) {
  for (int32_t number = 1; number <= onnx_model::DATA_INT2; ++number)
    if (elementTypeFor(elementType.getContext(), number) == elementType)
      return number;
  return onnx_model::DATA_UNDEFINED;
}

Type elementTypeOfValue(Value value) { return cast<ShapedType>(value.getType()).getElementType(); }

llvm::StringRef notATensor(const onnx_model::TypeProto &type) {
  switch (type.value_case()) {
  case onnx_model::TypeProto::kTensorType:
    return "";
  case onnx_model::TypeProto::kSequenceType:
    return "a sequence";
  case onnx_model::TypeProto::kMapType:
    return "a map";
  case onnx_model::TypeProto::kOptionalType:
    return "an optional";
  case onnx_model::TypeProto::kSparseTensorType:
    return "a sparse tensor";
  case onnx_model::TypeProto::kOpaqueType:
    return "an opaque value";
  case onnx_model::TypeProto::VALUE_NOT_SET:
    return "a value without a type";
  }
  return "a value of an unknown kind";
}

static std::string axisName(const onnx_model::ValueInfoProto &input, int axis) {
  return input.name() + ":" + std::to_string(axis);
}

/// The dimension's name in the model, or else INPUT:AXIS; empty where it is static.
static std::string symbolOf(const onnx_model::ValueInfoProto &input, int axis) {
  const auto &dim = input.type().tensor_type().shape().dim(axis);
  if (dim.has_dim_value() && dim.dim_value() >= 0)
    return "";
  if (dim.has_dim_param() && !dim.dim_param().empty())
    return dim.dim_param();
  return axisName(input, axis); // exporters write -1 for a dimension they do not know
}

void InputTypes::declare(const onnx_model::ValueInfoProto &input) {
  const auto &shape = input.type().tensor_type().shape();
  for (int axis = 0; axis < shape.dim_size(); ++axis) {
    std::string symbol = symbolOf(input, axis);
    if (symbol.empty()) {
      staticDims[axisName(input, axis)] = shape.dim(axis).dim_value();
      continue;
    }
    symbols[axisName(input, axis)] = symbol;
    symbols.emplace(symbol, symbol);
  }
}

absl::Status InputTypes::checkOptions() {
  for (const auto &[name, size] : options.dims) {
    if (size < 0)
      return invalidInput("--dim " + llvm::Twine(name) + "=" + llvm::Twine(size) +
                          ": a dimension cannot be negative");
    auto known = staticDims.find(name);
    if (known != staticDims.end() && known->second == size)
      continue;
    if (known != staticDims.end())
      return invalidInput("--dim " + llvm::Twine(name) + "=" + llvm::Twine(size) +
                          ": the model fixes this dimension to " + llvm::Twine(known->second));
    auto symbol = symbols.find(name);
    if (symbol == symbols.end()) {
      std::set<std::string> names;
      for (const auto &entry : symbols)
        names.insert(entry.second);
      std::string list = llvm::join(names, ", ");
      return invalidInput(
          "--dim " + llvm::Twine(name) + ": the model has no such dimension; " +
          (names.empty() ? "all of its inputs' dimensions are static" : "it has " + list));
    }
    auto [entry, isNew] = fixed.emplace(symbol->second, size);
    if (!isNew && entry->second != size)
      return invalidInput("--dim " + llvm::Twine(name) + "=" + llvm::Twine(size) +
                          ": the same dimension is already " + llvm::Twine(entry->second));
  }
  return absl::OkStatus();
}

absl::StatusOr<RankedTensorType> InputTypes::typeOf(const onnx_model::ValueInfoProto &input) {
  std::string what = "input '" + input.name() + "'";
  if (llvm::StringRef kind = notATensor(input.type()); !kind.empty()) {
    if (input.type().value_case() == onnx_model::TypeProto::VALUE_NOT_SET)
      return invalidInput(what + " has no type");
    return unsupported(what + " is " + kind + "; only tensors are supported");
  }
  const auto &tensor = input.type().tensor_type();
  Type elementType = elementTypeFor(context, tensor.elem_type());
  if (tensor.elem_type() == onnx_model::DATA_UNDEFINED)
    return invalidInput(what + " has no element type");
  if (!elementType)
    return unsupported(what + " holds elements of type " + dataTypeName(tensor.elem_type()) +
                       ", which is not supported");
  if (!tensor.has_shape())
    return unsupported(what +
                       " has no shape: its rank must be known. Declare its dimensions in the "
                       "model (onnx.helper.make_tensor_value_info with a shape; names or None "
                       "for sizes that vary)");
  if (tensor.shape().dim_size() > onnx::kMostDims)
    return invalidInput(what + " has " + llvm::Twine(tensor.shape().dim_size()) +
                        " dimensions, at most " + llvm::Twine(onnx::kMostDims) + " are supported");
  Dims dims;
  std::vector<int64_t> known;
  for (int axis = 0; axis < tensor.shape().dim_size(); ++axis) {
    std::string symbol = symbolOf(input, axis);
    auto size = fixed.find(symbol);
    if (!symbol.empty() && size == fixed.end()) {
      dims.push_back(DimExpr::symbol(symbol));
      continue;
    }
    known.push_back(symbol.empty() ? tensor.shape().dim(axis).dim_value() : size->second);
    dims.push_back(known.back());
  }
  if (!countBytes(*elementTypeOf(tensor.elem_type()), known))
    return invalidInput(what + " has the dimensions " + dimsText(known) + ", which overflow");
  return tensorWithDims(dims, elementType);
}

} // namespace heddle
