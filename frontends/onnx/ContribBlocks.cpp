// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators of com.microsoft on weights of few bits, whose blocks have scales. Codes stay packed: a
// product takes them as they are, and of a table the rows that are read are unpacked.

#include "dialects/heddle/Heddle.h"
#include "dialects/onnx/Onnx.h"
#include "frontends/onnx/ContribOperators.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace heddle {

/// What says how a tensor is cut into codes and blocks.
struct CodesOfBlocks {
  int64_t bits, block;
  int64_t middle() const { return int64_t(1) << (bits - 1); }
};

static absl::StatusOr<CodesOfBlocks> takeCodes(NodeUpgrade &upgrade,
                                               std::optional<int64_t> usualBlock) {
  std::optional<int64_t> block = upgrade.takeInt("block_size");
  CodesOfBlocks codes{upgrade.takeInt("bits").value_or(4), block ? *block : usualBlock.value_or(0)};
  if (codes.bits != 2 && codes.bits != 4 && codes.bits != 8)
    return unsupported("codes of " + llvm::Twine(codes.bits) + " bits are not supported");
  if (codes.block < 16 || codes.block > 256 || !llvm::isPowerOf2_64(codes.block))
    return unsupported("its attribute 'block_size' is none of 16, 32, 64, 128 and 256");
  return codes;
}

/// The shape with other sizes in place of the last ones, `dropped` of them.
static Value shapeEndingWith(NodeUpgrade &upgrade, Value tensor, int64_t dropped,
                             ArrayRef<int64_t> sizes) {
  Value leading = upgrade.emit("Shape", {tensor}, upgrade.intAttr("end", -dropped));
  return upgrade.emit("Concat", {leading, upgrade.ints(sizes)}, upgrade.intAttr("axis", 0));
}

/// Bytes along the last axis as the codes in them, the lowest bits first.
static Value unpacked(NodeUpgrade &upgrade, Value bytes, int64_t bits) {
  if (bits == 8)
    return bytes;
  Type byte = upgrade.builder.getIntegerType(8, /*isSigned=*/false);
  SmallVector<Value> parts;
  for (int64_t bit = 0; bit < 8; bit += bits) {
    NamedAttribute right =
        upgrade.builder.getNamedAttr("direction", upgrade.builder.getStringAttr("RIGHT"));
    Value part = upgrade.emit("BitShift", {bytes, upgrade.scalarOf(bit, byte)}, right);
    part = upgrade.emit("BitwiseAnd", {part, upgrade.scalarOf((1 << bits) - 1, byte)});
    parts.push_back(upgrade.emit("Unsqueeze", {part, upgrade.ints(-1)}));
  }
  Value codes = upgrade.emit("Concat", parts, upgrade.intAttr("axis", -1));
  return upgrade.emit("Reshape", {codes, shapeEndingWith(upgrade, codes, 2, -1)});
}

/// The first `count` codes of bytes along the last axis, as f32.
static Value numbersOf(NodeUpgrade &upgrade, Value bytes, int64_t bits, int64_t count) {
  Value codes = unpacked(upgrade, bytes, bits);
  return toFloat(upgrade, upgrade.emit("Slice", {codes, upgrade.ints(0), upgrade.ints(count),
                                                 upgrade.ints(-1)}));
}

/// Whether each element is its place divided by `block`: rows in the order of their blocks.
static bool isInOrder(Value groups, int64_t block) {
  auto constant = groups.getDefiningOp<onnx::ConstantOp>();
  auto value = constant ? constant.getValueAttr() : ElementsAttr();
  SmallVector<int32_t> numbers;
  if (auto dense = dyn_cast_or_null<DenseIntElementsAttr>(value);
      dense && dense.getElementType().isInteger(32))
    numbers.assign(dense.value_begin<int32_t>(), dense.value_end<int32_t>());
  else if (auto resource = dyn_cast_or_null<DenseI32ResourceElementsAttr>(value))
    if (std::optional<ArrayRef<int32_t>> data = resource.tryGetAsArrayRef())
      numbers.assign(data->begin(), data->end());
  return !numbers.empty() && llvm::all_of(llvm::enumerate(numbers), [&](auto place) {
    return place.value() == static_cast<int64_t>(place.index()) / block;
  });
}

/// (rows, codes, scales, zero points, groups of rows, bias). Products are at least as exact as any
/// accuracy that the node may ask for.
static absl::Status matMulNBits(NodeUpgrade &upgrade) {
  OpBuilder &b = upgrade.builder;
  upgrade.takeInt("accuracy_level");
  int64_t depth = upgrade.takeInt("K").value_or(0), columns = upgrade.takeInt("N").value_or(0);
  HEDDLE_ASSIGN_OR_RETURN(CodesOfBlocks form, takeCodes(upgrade, std::nullopt));
  if (depth < 1 || columns < 1 || depth > INT32_MAX || columns > INT32_MAX)
    return invalidInput("its attributes 'K' and 'N' are no sizes of a matrix");
  int64_t blocks = llvm::divideCeil(depth, form.block);
  Value a = upgrade.operand(0), codes = upgrade.operand(1), zeroPoints = upgrade.operand(3);
  auto type = dyn_cast<RankedTensorType>(codes.getType());
  if (!type || type.getShape() != ArrayRef({columns, blocks, form.block * form.bits / 8}))
    return invalidInput("its weights are not [N, blocks of K, bytes of a block]");
  if (Value groups = upgrade.operand(4); groups && !isInOrder(groups, form.block))
    return unsupported(
        "rows in another order than that of their blocks ('g_idx') are not supported");
  Value shape = upgrade.ints({columns, blocks});
  if (zeroPoints && isa<FloatType>(upgrade.elementType(zeroPoints))) {
    zeroPoints = toFloat(upgrade, upgrade.emit("Reshape", {zeroPoints, shape}));
  } else if (zeroPoints) {
    Value bytes = upgrade.emit("Reshape", {zeroPoints, upgrade.ints({columns, -1})});
    zeroPoints = numbersOf(upgrade, bytes, form.bits, blocks);
  }
  if (zeroPoints) // they are added to the one in the middle
    zeroPoints = upgrade.emit("Sub", {zeroPoints, upgrade.scalarOf(form.middle(), b.getF32Type())});
  Value scales = upgrade.emit("Reshape", {upgrade.operand(2), shape});
  if (int64_t missing = blocks * form.block - depth)
    a = upgrade.emit("Pad", {a, upgrade.ints({0, missing}), Value(), upgrade.ints(-1)});
  HEDDLE_RETURN_IF_ERROR(upgrade.error);
  Value product =
      BlockMatmulOp::create(b, upgrade.node.loc, UnrankedTensorType::get(upgrade.elementType(a)), a,
                            codes, scales, zeroPoints, form.bits, form.block, form.middle());
  upgrade.replaceWith(plus(upgrade, product, upgrade.operand(5)));
  return absl::OkStatus();
}

/// Two codes in a byte, where that is how a constant of codes of 4 bits is kept; null elsewhere.
static Value bytesOf(NodeUpgrade &upgrade, Value table) {
  auto constant = table.getDefiningOp<onnx::ConstantOp>();
  auto value =
      constant ? dyn_cast_or_null<DenseResourceElementsAttr>(constant.getValueAttr()) : nullptr;
  if (!value || value.getType().getShape().back() % 2 != 0)
    return {};
  SmallVector<int64_t> shape(value.getType().getShape());
  shape.back() /= 2;
  auto type = RankedTensorType::get(shape, upgrade.builder.getIntegerType(8, /*isSigned=*/false));
  Attribute bytes = DenseResourceElementsAttr::get(type, value.getRawHandle());
  return upgrade.emit("Constant", {}, upgrade.builder.getNamedAttr("value", bytes));
}

/// The first `count` numbers, as f32, of the rows of a table of codes that indices say.
static Value rowsOf(NodeUpgrade &upgrade, Value table, Value indices, int64_t bits, int64_t count) {
  Type element = upgrade.elementType(table), f32 = upgrade.builder.getF32Type();
  bool isByte = element.isInteger(8), isSigned = !element.isUnsignedInteger();
  Value bytes = isByte ? table : bytesOf(upgrade, table);
  if (!bytes) // each code in bytes of its own
    return upgrade.emit("Gather", {toFloat(upgrade, table), indices});
  Value numbers = numbersOf(upgrade, upgrade.emit("Gather", {bytes, indices}), bits, count);
  if (!isSigned)
    return numbers;
  Value sign = upgrade.emit("Less", {upgrade.scalarOf(7.5, f32), numbers});
  Value wrapped = upgrade.emit("Sub", {numbers, upgrade.scalarOf(16, f32)});
  return upgrade.emit("Where", {sign, wrapped, numbers});
}

/// (table of codes, indices, scales, zero points)
static absl::Status gatherBlockQuantized(NodeUpgrade &upgrade) {
  HEDDLE_ASSIGN_OR_RETURN(CodesOfBlocks form, takeCodes(upgrade, 128));
  Value table = upgrade.operand(0), indices = upgrade.operand(1), zeroPoints = upgrade.operand(3);
  int64_t gathered = upgrade.takeInt("gather_axis").value_or(0);
  int64_t quantized = upgrade.takeInt("quantize_axis").value_or(1);
  auto type = dyn_cast<RankedTensorType>(table.getType());
  auto scales = dyn_cast<RankedTensorType>(upgrade.operand(2).getType());
  if (!type || !scales || type.getRank() != 2 || scales.getRank() != 2 || !type.hasStaticShape() ||
      !scales.hasStaticShape())
    return unsupported("only constant tables of [rows, codes] are supported");
  if (gathered != 0 || (quantized != 1 && quantized != -1))
    return unsupported("only rows with blocks along them are supported");
  Type element = type.getElementType(), f32 = upgrade.builder.getF32Type();
  bool isByte = element.isUnsignedInteger(8);
  if (!isByte && (!element.isInteger(4) || form.bits != 4))
    return unsupported("codes of its element type are not supported");
  int64_t length = type.getDimSize(1) * (isByte ? 8 / form.bits : 1);
  int64_t blocks = length / form.block;
  if (length % form.block != 0 || scales.getShape() != ArrayRef({type.getDimSize(0), blocks}))
    return unsupported("rows that are not whole blocks, with a scale each, are not supported");

  Value numbers = rowsOf(upgrade, table, indices, form.bits, length);
  Value points = zeroPoints ? rowsOf(upgrade, zeroPoints, indices, form.bits, blocks)
                            : upgrade.scalarOf(isByte ? form.middle() : 0, f32);
  Value factors = toFloat(upgrade, upgrade.emit("Gather", {upgrade.operand(2), indices}));
  auto viewed = [&](Value value, ArrayRef<int64_t> sizes) {
    return upgrade.emit("Reshape", {value, shapeEndingWith(upgrade, numbers, 1, sizes)});
  };
  if (zeroPoints)
    points = viewed(points, {blocks, 1});
  Value above = upgrade.emit("Sub", {viewed(numbers, {blocks, form.block}), points});
  Value scaled = upgrade.emit("Mul", {above, viewed(factors, {blocks, 1})});
  upgrade.replaceWith(upgrade.emit("CastLike", {viewed(scaled, length), upgrade.operand(2)}));
  return absl::OkStatus();
}

ArrayRef<ContribOperator> blockContribOperators() {
  static const ContribOperator operators[] = {
      {"GatherBlockQuantized", 4, 0b111, gatherBlockQuantized},
      {"MatMulNBits", 6, 0b111, matMulNBits},
  };
  return operators;
}

} // namespace heddle
