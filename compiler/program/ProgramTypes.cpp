// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/program/ProgramTypes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace heddle {

using program::AttributeKind;
using program::ElementType;

std::optional<ElementType> programElementType(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type)) {
    bool isUnsigned = integer.isUnsigned();
    switch (integer.getWidth()) {
    case 1:
      return ElementType::kBool;
    case 4:
      return isUnsigned ? ElementType::kUint4 : ElementType::kInt4;
    case 8:
      return isUnsigned ? ElementType::kUint8 : ElementType::kInt8;
    case 16:
      return isUnsigned ? ElementType::kUint16 : ElementType::kInt16;
    case 32:
      return isUnsigned ? ElementType::kUint32 : ElementType::kInt32;
    case 64:
      return isUnsigned ? ElementType::kUint64 : ElementType::kInt64;
    }
    return std::nullopt;
  }
  using Result = std::optional<ElementType>;
  return llvm::TypeSwitch<Type, Result>(type)
      .Case<Float16Type>([](Type) -> Result { return ElementType::kFloat16; })
      .Case<BFloat16Type>([](Type) -> Result { return ElementType::kBFloat16; })
      .Case<Float32Type>([](Type) -> Result { return ElementType::kFloat32; })
      .Case<Float64Type>([](Type) -> Result { return ElementType::kFloat64; })
      .Case<Float8E4M3FNType>([](Type) -> Result { return ElementType::kFloat8E4M3FN; })
      .Case<Float8E4M3FNUZType>([](Type) -> Result { return ElementType::kFloat8E4M3FNUZ; })
      .Case<Float8E5M2Type>([](Type) -> Result { return ElementType::kFloat8E5M2; })
      .Case<Float8E5M2FNUZType>([](Type) -> Result { return ElementType::kFloat8E5M2FNUZ; })
      .Case<Float4E2M1FNType>([](Type) -> Result { return ElementType::kFloat4E2M1; })
      .Case<ComplexType>([](ComplexType complex) -> Result {
        return complex.getElementType().isF64() ? ElementType::kComplex128
                                                : ElementType::kComplex64;
      })
      .Default([](Type) -> Result { return std::nullopt; });
}

Type elementTypeOfProgram(MLIRContext *context, int number) {
  Builder b(context);
  SmallVector<Type> types = {b.getI1Type(),
                             b.getF16Type(),
                             b.getBF16Type(),
                             b.getF32Type(),
                             b.getF64Type(),
                             Float8E4M3FNType::get(context),
                             Float8E4M3FNUZType::get(context),
                             Float8E5M2Type::get(context),
                             Float8E5M2FNUZType::get(context),
                             Float4E2M1FNType::get(context),
                             ComplexType::get(b.getF32Type()),
                             ComplexType::get(b.getF64Type())};
  for (unsigned width : {4, 8, 16, 32, 64}) {
    types.push_back(b.getIntegerType(width));
    types.push_back(b.getIntegerType(width, /*isSigned=*/false));
  }
  auto found = llvm::find_if(
      types, [&](Type type) { return static_cast<int>(*programElementType(type)) == number; });
  return found == types.end() ? Type() : *found;
}

/// The numbers of a constant attribute; the library reads them as integers or floats.
static void collectNumbers(DenseElementsAttr elements, std::vector<int64_t> &ints,
                           std::vector<double> &floats) {
  if (auto integer = dyn_cast<IntegerType>(elements.getElementType())) {
    for (const APInt &value : elements.getValues<APInt>())
      ints.push_back(integer.isUnsigned() || integer.getWidth() == 1
                         ? static_cast<int64_t>(value.getZExtValue())
                         : value.getSExtValue());
    return;
  }
  if (!isa<FloatType>(elements.getElementType()))
    return;
  for (APFloat value : elements.getValues<APFloat>()) {
    bool inexact;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &inexact);
    floats.push_back(value.convertToDouble());
  }
}

std::optional<flatbuffers::Offset<program::Attribute>>
writeAttribute(flatbuffers::FlatBufferBuilder &buffer, StringRef name, Attribute value) {
  AttributeKind kind;
  int64_t integer = 0;
  double number = 0;
  std::string text;
  std::vector<int64_t> ints;
  std::vector<double> floats;
  if (auto attribute = dyn_cast<IntegerAttr>(value)) {
    kind = AttributeKind::kInt;
    integer = attribute.getType().isInteger(1) ? attribute.getValue().getZExtValue()
                                               : attribute.getValue().getSExtValue();
  } else if (auto attribute = dyn_cast<FloatAttr>(value)) {
    kind = AttributeKind::kFloat;
    number = attribute.getValueAsDouble();
  } else if (auto attribute = dyn_cast<StringAttr>(value)) {
    kind = AttributeKind::kText;
    text = attribute.getValue().str();
  } else if (auto attribute = dyn_cast<DenseI64ArrayAttr>(value)) {
    kind = AttributeKind::kInts;
    ints.assign(attribute.asArrayRef().begin(), attribute.asArrayRef().end());
  } else if (auto attribute = dyn_cast<DenseF32ArrayAttr>(value)) {
    kind = AttributeKind::kFloats;
    floats.assign(attribute.asArrayRef().begin(), attribute.asArrayRef().end());
  } else if (auto attribute = dyn_cast<DenseElementsAttr>(value)) {
    collectNumbers(attribute, ints, floats);
    kind = floats.empty() ? AttributeKind::kInts : AttributeKind::kFloats;
  } else if (auto attribute = dyn_cast<ArrayAttr>(value)) {
    kind = AttributeKind::kText; // library functions read lists of names joined by commas
    for (Attribute element : attribute)
      if (auto string = dyn_cast<StringAttr>(element))
        text += (text.empty() ? "" : ",") + string.getValue().str();
  } else {
    return std::nullopt;
  }
  auto nameOffset = buffer.CreateString(name.str());
  auto textOffset = buffer.CreateString(text);
  auto intsOffset = buffer.CreateVector(ints);
  auto floatsOffset = buffer.CreateVector(floats);
  program::AttributeBuilder builder(buffer);
  builder.add_name(nameOffset);
  builder.add_kind(kind);
  builder.add_int_(integer);
  builder.add_float_(number);
  builder.add_text(textOffset);
  builder.add_ints(intsOffset);
  builder.add_floats(floatsOffset);
  return builder.Finish();
}

} // namespace heddle
