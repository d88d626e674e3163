// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Quantised operators of com.microsoft. Products stay products of integers; everything else is
// computed on the numbers that the integers stand for.

#include "frontends/onnx/ContribOperators.h"

using namespace mlir;

namespace heddle {

/// The number that an integer stands for; three operands from `first` on are it, scale and zero
/// point.
static Value dequantized(NodeUpgrade &upgrade, size_t first) {
  return upgrade.emit("DequantizeLinear", {upgrade.operand(first), upgrade.operand(first + 1),
                                           upgrade.operand(first + 2)});
}

/// Scale and zero point of the result are the operands from `scale` on.
static absl::Status replaceQuantized(NodeUpgrade &upgrade, Value number, size_t scale) {
  upgrade.replaceWith(
      upgrade.emit("QuantizeLinear", {number, upgrade.operand(scale), upgrade.operand(scale + 1)}));
  return absl::OkStatus();
}

/// The operator of ai.onnx by the same name without "QLinear", on one number.
static absl::Status ofOne(NodeUpgrade &upgrade) {
  StringRef op = StringRef(upgrade.node.op).drop_front(StringRef("QLinear").size());
  // Before 13, Softmax took all axes from its own on as one.
  if (std::optional<int64_t> opset = upgrade.takeInt("opset"); opset && *opset < 13) {
    int64_t axis = upgrade.takeInt("axis").value_or(-1);
    std::optional<int64_t> rank = NodeUpgrade::rankOf(upgrade.operand(0));
    if (axis != -1 && (!rank || axis != *rank - 1))
      return unsupported("an axis of Softmax before the last one is not supported");
  }
  if (upgrade.takeInt("channels_last").value_or(0))
    return unsupported("channels as the last axis are not supported");
  SmallVector<NamedAttribute> attributes = upgrade.takeAttributes();
  return replaceQuantized(upgrade, upgrade.emit(op, dequantized(upgrade, 0), attributes), 3);
}

static absl::Status ofTwo(NodeUpgrade &upgrade) {
  StringRef op = StringRef(upgrade.node.op).drop_front(StringRef("QLinear").size());
  return replaceQuantized(upgrade,
                          upgrade.emit(op, {dequantized(upgrade, 0), dequantized(upgrade, 3)}), 6);
}

/// (scale, zero point, then three operands for each part)
static absl::Status concat(NodeUpgrade &upgrade) {
  size_t count = upgrade.node.operands.size();
  if (count < 5 || count % 3 != 2)
    return invalidInput("it has " + llvm::Twine(count) + " inputs");
  SmallVector<Value> parts;
  for (size_t first = 2; first < count; first += 3)
    parts.push_back(dequantized(upgrade, first));
  SmallVector<NamedAttribute> attributes = upgrade.takeAttributes();
  return replaceQuantized(upgrade, upgrade.emit("Concat", parts, attributes), 0);
}

/// Without "com.microsoft" they mean the same.
static absl::Status standard(NodeUpgrade &upgrade) {
  SmallVector<NamedAttribute> attributes = upgrade.takeAttributes();
  upgrade.replaceWith(upgrade.emit(upgrade.node.op, upgrade.node.operands, attributes));
  return absl::OkStatus();
}

/// (a, b, scale of a, scale of b, zero points of both, bias)
static absl::Status matMulIntegerToFloat(NodeUpgrade &upgrade) {
  upgrade.replaceWith(productOfIntegers(upgrade, upgrade.operand(0), upgrade.operand(2),
                                        upgrade.operand(4), upgrade.operand(1), upgrade.operand(3),
                                        upgrade.operand(5), upgrade.operand(6)));
  return absl::OkStatus();
}

/// (a, b, scale of b, zero point of b, bias)
static absl::Status dynamicQuantizeMatMul(NodeUpgrade &upgrade) {
  SmallVector<Value> a = upgrade.emitAll("DynamicQuantizeLinear", {upgrade.operand(0)}, {}, 3);
  if (a.empty())
    return absl::OkStatus();
  upgrade.replaceWith(productOfIntegers(upgrade, a[0], a[1], a[2], upgrade.operand(1),
                                        upgrade.operand(2), upgrade.operand(3),
                                        upgrade.operand(4)));
  return absl::OkStatus();
}

/// (X, W, R, B, lengths, h, c, peepholes, then scale and zero point of W and of R). The weights
/// have their input axis first. An LSTM that is written as its steps takes the bytes again and
/// rounds what meets them; any other has the numbers that they stand for.
static absl::Status dynamicQuantizeLstm(NodeUpgrade &upgrade) {
  SmallVector<Value> operands(upgrade.node.operands.begin(), upgrade.node.operands.begin() + 8);
  for (size_t weight : {1, 2}) {
    Value scale = upgrade.operand(6 + 2 * weight), zeroPoint = upgrade.operand(7 + 2 * weight);
    NamedAttribute turned =
        upgrade.builder.getNamedAttr("perm", upgrade.builder.getDenseI64ArrayAttr({0, 2, 1}));
    Value bytes = upgrade.emit("Transpose", {upgrade.operand(weight)}, turned);
    // Scale and zero point are of a direction, or of its gates as well: of a row, either way.
    NamedAttribute leading = upgrade.intAttr("axis", NodeUpgrade::rankOf(scale).value_or(1));
    auto flat = [&](Value value) { return upgrade.emit("Reshape", {value, upgrade.ints({-1})}); };
    Value numbers =
        upgrade.emit("DequantizeLinear",
                     {upgrade.emit("Flatten", {bytes}, leading), flat(scale), flat(zeroPoint)},
                     upgrade.intAttr("axis", 0));
    operands[weight] = upgrade.emit("Reshape", {numbers, upgrade.emit("Shape", {bytes})});
  }
  SmallVector<NamedAttribute> attributes = upgrade.takeAttributes();
  SmallVector<Value> results = upgrade.emitAll("LSTM", operands, attributes, 3);
  if (!results.empty())
    results[0].getDefiningOp()->setAttr("heddle.rounds_operands", upgrade.builder.getUnitAttr());
  upgrade.replaceWith(results);
  return absl::OkStatus();
}

/// (a, scale, zero point, b, scale, zero point, C of int32, scale and zero point of the result)
static absl::Status gemm(NodeUpgrade &upgrade) {
  double alpha = upgrade.takeFloat("alpha").value_or(1.0);
  auto turned = [&](StringRef flag, Value matrix) {
    return upgrade.takeInt(flag).value_or(0) ? upgrade.emit("Transpose", {matrix}) : matrix;
  };
  Value a = turned("transA", upgrade.operand(0)), b = turned("transB", upgrade.operand(3));
  Value sum = upgrade.emit("MatMulInteger", {a, b, upgrade.operand(2), upgrade.operand(5)});
  sum = plus(upgrade, sum, upgrade.operand(6));
  Value scale = upgrade.emit("Mul", {upgrade.operand(1), upgrade.operand(4)});
  Value number = upgrade.emit("Mul", {toFloat(upgrade, sum), scale});
  if (alpha != 1.0)
    number = upgrade.emit("Mul", {number, upgrade.scalarOf(alpha, upgrade.builder.getF32Type())});
  if (upgrade.operand(7))
    return replaceQuantized(upgrade, number, 7);
  upgrade.replaceWith(number);
  return absl::OkStatus();
}

ArrayRef<ContribOperator> quantizedContribOperators() {
  constexpr unsigned any = ~0u;
  static const ContribOperator operators[] = {
      {"QuantizeLinear", 3, 0b11, standard},
      {"DequantizeLinear", 3, 0b11, standard},
      {"QLinearAdd", 8, 0b101'1011, ofTwo},
      {"QLinearMul", 8, 0b101'1011, ofTwo},
      {"QLinearSigmoid", 5, 0b1011, ofOne},
      {"QLinearLeakyRelu", 5, 0b1011, ofOne},
      {"QLinearSoftmax", 5, 0b1011, ofOne},
      {"QLinearAveragePool", 5, 0b1011, ofOne},
      {"QLinearGlobalAveragePool", 5, 0b1011, ofOne},
      {"QLinearConcat", any, 0b1'1111, concat},
      {"QGemm", 9, 0b11'1111, gemm},
      {"MatMulIntegerToFloat", 7, 0b1111, matMulIntegerToFloat},
      {"DynamicQuantizeMatMul", 5, 0b111, dynamicQuantizeMatMul},
      {"DynamicQuantizeLSTM", 12, 0b1111'0000'0111, dynamicQuantizeLstm},
  };
  return operators;
}

} // namespace heddle
