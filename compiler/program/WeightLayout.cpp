// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/program/WeightLayout.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "runtime/artifact/format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace heddle {

/// Elements as the runtime keeps them: a byte for a bool, 4-bit elements in pairs, the first low.
/// MLIR's dense attributes keep a bit for a bool and a byte for a 4-bit element.
static std::vector<char> expand(DenseElementsAttr elements) {
  Type type = elements.getElementType();
  int64_t count = elements.getNumElements();
  std::vector<char> bytes;
  unsigned width = isa<ComplexType>(type) ? 0 : type.getIntOrFloatBitWidth();
  if (width == 1) {
    for (bool value : elements.getValues<bool>())
      bytes.push_back(value);
    return bytes;
  }
  if (width == 4) {
    bytes.assign((count + 1) / 2, 0);
    auto put = [&](int64_t i, uint64_t bits) { bytes[i / 2] |= (bits & 15) << (i % 2 * 4); };
    int64_t i = 0;
    if (isa<FloatType>(type))
      for (const APFloat &value : elements.getValues<APFloat>())
        put(i++, value.bitcastToAPInt().getZExtValue());
    else
      for (const APInt &value : elements.getValues<APInt>())
        put(i++, value.getZExtValue());
    return bytes;
  }
  ArrayRef<char> raw = elements.getRawData();
  if (!elements.isSplat())
    return std::vector<char>(raw.begin(), raw.end());
  bytes.resize(raw.size() * count);
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(bytes.data() + i * raw.size(), raw.data(), raw.size());
  return bytes;
}

FailureOr<uint64_t> WeightLayout::place(task::ConstantOp constant) {
  uint64_t offset = llvm::alignTo(end, kWeightAlignment);
  auto [found, isNew] = offsets.try_emplace(constant.getValue(), offset);
  if (!isNew)
    return found->second;
  ArrayRef<char> bytes;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue())) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return constant.emitError("refers to a resource that is not there");
    bytes = blob->getData();
  } else if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue())) {
    owned.push_back(expand(dense));
    bytes = owned.back();
  } else {
    return constant.emitError("is not a dense constant");
  }
  // A weight that several operations use is packed for each of them, to the same bytes.
  auto &alike = byHash[llvm::xxh3_64bits(StringRef(bytes.data(), bytes.size()))];
  for (const auto &[where, placed] : alike)
    if (weights[placed] == bytes)
      return found->second = where;
  alike.push_back({offset, weights.size()});
  weights.push_back(bytes);
  end = offset + bytes.size();
  return offset;
}

} // namespace heddle
