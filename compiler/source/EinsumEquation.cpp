// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/source/EinsumEquation.h"

#include "dialects/heddle/TensorDims.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using namespace mlir;

namespace heddle {

std::optional<EinsumEquation> EinsumEquation::of(onnx::EinsumOp op) {
  if (!op || op.getInputs().size() != 2)
    return std::nullopt;
  std::string text;
  for (char c : op.getEquation())
    if (c != ' ')
      text += c;
  auto [operands, result] = StringRef(text).split("->");
  auto [a, b] = operands.split(',');
  for (StringRef term : {a, b, result}) {
    std::string letters = term.str();
    llvm::sort(letters);
    if (term.empty() || !llvm::all_of(term, llvm::isAlpha) ||
        std::adjacent_find(letters.begin(), letters.end()) != letters.end())
      return std::nullopt;
  }
  return EinsumEquation{a.str(), b.str(), result.str()};
}

bool EinsumEquation::hasEqualSizes(Value left, Value right) const {
  Dims leftDims = dimsOf(left), rightDims = dimsOf(right);
  for (auto [place, label] : llvm::enumerate(a))
    if (size_t other = b.find(label); other != std::string::npos)
      if (leftDims[place] != rightDims[other] ||
          leftDims[place].isConstant(1) != rightDims[other].isConstant(1))
        return false;
  return true;
}

} // namespace heddle
