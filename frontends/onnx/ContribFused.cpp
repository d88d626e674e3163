// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators of com.microsoft that stand for several of ai.onnx, one after the other.

#include "frontends/onnx/ContribOperators.h"

#include <string>
#include <utility>

using namespace mlir;

namespace heddle {

// What `emit` gives after an error is null, and stays so.

static Value scaled(NodeUpgrade &upgrade, Value x, double factor) {
  if (!x || factor == 1.0)
    return x;
  return upgrade.emit("Mul", {x, upgrade.scalarOf(factor, NodeUpgrade::elementType(x))});
}

/// The function that `activation` names; its parameters in the order of the operator's attributes.
static absl::StatusOr<Value> activated(NodeUpgrade &upgrade, Value x, const std::string &activation,
                                       ArrayRef<float> parameters) {
  auto parameter = [&](size_t i, float otherwise) {
    return i < parameters.size() ? parameters[i] : otherwise;
  };
  auto number = [&](StringRef name, float value) {
    return upgrade.builder.getNamedAttr(name, upgrade.builder.getF32FloatAttr(value));
  };
  if (!x || activation.empty())
    return x;
  Type type = NodeUpgrade::elementType(x);
  if (activation == "Relu" || activation == "Tanh" || activation == "Sigmoid" ||
      activation == "Softplus" || activation == "HardSwish")
    return upgrade.emit(activation, {x});
  if (activation == "LeakyRelu")
    return upgrade.emit("LeakyRelu", {x}, number("alpha", parameter(0, 0.01f)));
  if (activation == "HardSigmoid")
    return upgrade.emit("HardSigmoid", {x},
                        {number("alpha", parameter(0, 0.2f)), number("beta", parameter(1, 0.5f))});
  if (activation == "Clip" && parameters.size() == 2)
    return upgrade.emit(
        "Clip", {x, upgrade.scalarOf(parameters[0], type), upgrade.scalarOf(parameters[1], type)});
  return unsupported("its activation '" + activation + "' is not supported");
}

static absl::Status fusedConv(NodeUpgrade &upgrade) {
  std::string activation = upgrade.takeString("activation").value_or("");
  SmallVector<float> parameters =
      upgrade.takeFloats("activation_params").value_or(SmallVector<float>());
  Value sum = upgrade.emit("Conv", {upgrade.operand(0), upgrade.operand(1), upgrade.operand(2)},
                           upgrade.takeAttributes());
  HEDDLE_ASSIGN_OR_RETURN(Value result, activated(upgrade, plus(upgrade, sum, upgrade.operand(3)),
                                                  activation, parameters));
  upgrade.replaceWith(result);
  return absl::OkStatus();
}

static absl::Status fusedGemm(NodeUpgrade &upgrade) {
  std::string activation = upgrade.takeString("activation").value_or("");
  SmallVector<float> parameters;
  for (StringRef name : {"activation_alpha", "activation_beta", "activation_gamma"}) {
    std::optional<double> parameter = upgrade.takeFloat(name);
    if (!parameter)
      break; // one after it stays, and is refused
    parameters.push_back(static_cast<float>(*parameter));
  }
  Value sum = upgrade.emit("Gemm", {upgrade.operand(0), upgrade.operand(1), upgrade.operand(2)},
                           upgrade.takeAttributes());
  HEDDLE_ASSIGN_OR_RETURN(Value result, activated(upgrade, sum, activation, parameters));
  upgrade.replaceWith(result);
  return absl::OkStatus();
}

/// The axes of a matrix, as an Einsum names them: transposed, and with the first of the two before
/// those of the batch.
static std::string matrixAxes(char row, char column, bool transposed, bool batchLater) {
  if (transposed)
    std::swap(row, column);
  return batchLater ? std::string{row} + "..." + column : std::string("...") + row + column;
}

/// Operands of unknown rank: an Einsum says which axes are the last two.
static absl::Status fusedMatMul(NodeUpgrade &upgrade) {
  double alpha = upgrade.takeFloat("alpha").value_or(1.0);
  auto flag = [&](StringRef name) { return upgrade.takeInt(name).value_or(0) != 0; };
  bool left = flag("transA"), right = flag("transB");
  bool leftBatch = flag("transBatchA"), rightBatch = flag("transBatchB");
  Value product;
  if (left || right || leftBatch || rightBatch) {
    std::string equation = matrixAxes('i', 'j', left, leftBatch) + "," +
                           matrixAxes('j', 'k', right, rightBatch) + "->...ik";
    product = upgrade.emit(
        "Einsum", {upgrade.operand(0), upgrade.operand(1)},
        upgrade.builder.getNamedAttr("equation", upgrade.builder.getStringAttr(equation)));
  } else {
    product = upgrade.emit("MatMul", {upgrade.operand(0), upgrade.operand(1)});
  }
  upgrade.replaceWith(scaled(upgrade, product, alpha));
  return absl::OkStatus();
}

static Value gelu(NodeUpgrade &upgrade, Value x, StringRef approximate) {
  return upgrade.emit(
      "Gelu", {x},
      upgrade.builder.getNamedAttr("approximate", upgrade.builder.getStringAttr(approximate)));
}

static absl::Status exactGelu(NodeUpgrade &upgrade) {
  upgrade.replaceWith(gelu(upgrade, plus(upgrade, upgrade.operand(0), upgrade.operand(1)), "none"));
  return absl::OkStatus();
}

static absl::Status tanhGelu(NodeUpgrade &upgrade) {
  upgrade.replaceWith(gelu(upgrade, plus(upgrade, upgrade.operand(0), upgrade.operand(1)), "tanh"));
  return absl::OkStatus();
}

static absl::Status quickGelu(NodeUpgrade &upgrade) {
  Value x = upgrade.operand(0);
  Value gate =
      upgrade.emit("Sigmoid", {scaled(upgrade, x, upgrade.takeFloat("alpha").value_or(1.702))});
  upgrade.replaceWith(upgrade.emit("Mul", {x, gate}));
  return absl::OkStatus();
}

ArrayRef<ContribOperator> fusedContribOperators() {
  static const ContribOperator operators[] = {
      {"FusedConv", 4, 0b11, fusedConv},     {"FusedGemm", 3, 0b11, fusedGemm},
      {"FusedMatMul", 2, 0b11, fusedMatMul}, {"Gelu", 1, 0b1, exactGelu},
      {"BiasGelu", 2, 0b11, exactGelu},      {"FastGelu", 2, 0b1, tanhGelu},
      {"QuickGelu", 1, 0b1, quickGelu},
  };
  return operators;
}

} // namespace heddle
