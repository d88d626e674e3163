// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Elements.h"

#include "frontends/onnx/ImportTypes.h"
#include "frontends/onnx/TensorData.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace heddle {

/// Dense attributes hold each element in bytes of its own.
static std::string unpackNibbles(const std::string &packed, int64_t count) {
  std::string bytes(static_cast<size_t>(count), '\0');
  for (size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(static_cast<unsigned char>(packed[i / 2]) >> (i % 2 * 4) & 0xf);
  return bytes;
}

static ElementsAttr denseElements(RankedTensorType type, const HostTensor &tensor) {
  if (tensor.type == ElementType::kBool) {
    SmallVector<bool> values;
    for (char byte : tensor.bytes)
      values.push_back(byte != 0);
    return cast<ElementsAttr>(DenseElementsAttr::get(type, ArrayRef<bool>(values)));
  }
  std::string unpacked;
  ArrayRef<char> raw(tensor.bytes.data(), tensor.bytes.size());
  if (elementBitsOf(tensor.type) == 4) {
    unpacked = unpackNibbles(tensor.bytes, type.getNumElements());
    raw = ArrayRef<char>(unpacked.data(), unpacked.size());
  }
  return cast<ElementsAttr>(DenseElementsAttr::getFromRawBuffer(type, raw));
}

ElementsAttr takeElements(MLIRContext *context, HostTensor &&tensor) {
  auto type = RankedTensorType::get(tensor.dims, elementTypeFor(context, dataTypeOf(tensor.type)));
  ElementsAttr result;
  if (type.getNumElements() <= mostDenseElements) {
    result = denseElements(type, tensor);
  } else {
    // The tensor's bytes stay where they are.
    auto bytes = std::make_shared<const std::string>(std::move(tensor.bytes));
    AsmResourceBlob blob(
        {bytes->data(), bytes->size()}, alignof(std::max_align_t),
        [bytes](void *, size_t, size_t) {}, /*dataIsMutable=*/false);
    // The manager makes the key unique.
    StringRef key = tensor.name.empty() ? StringRef("constant") : StringRef(tensor.name);
    result = cast<ElementsAttr>(
        static_cast<Attribute>(DenseResourceElementsAttr::get(type, key, std::move(blob))));
  }
  std::string().swap(tensor.bytes);
  return result;
}

} // namespace heddle
