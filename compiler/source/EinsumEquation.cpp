// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/source/EinsumEquation.h"

#include "dialects/heddle/TensorDims.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using namespace mlir;

namespace heddle {

/// Axes under an ellipsis get capitals, the last of them where an operand has fewer: "...ij" of
/// four axes is "YZij". Nothing where these are in use.
static std::optional<std::string> spelledOut(StringRef term, size_t covered) {
  size_t place = term.find("...");
  if (place == StringRef::npos)
    return term.str();
  constexpr StringLiteral capitals = "STUVWXYZ";
  if (covered > capitals.size() || term.find_first_of(capitals) != StringRef::npos)
    return std::nullopt;
  return (term.take_front(place) + capitals.take_back(covered) + term.drop_front(place + 3)).str();
}

std::optional<EinsumEquation> EinsumEquation::of(onnx::EinsumOp op) {
  if (!op || op.getInputs().size() != 2)
    return std::nullopt;
  std::string text;
  for (char c : op.getEquation())
    if (c != ' ')
      text += c;
  auto [operands, result] = StringRef(text).split("->");
  auto [a, b] = operands.split(',');
  SmallVector<std::string> terms;
  for (auto [term, value] : {std::pair(a, Value(op.getInputs()[0])),
                             {b, Value(op.getInputs()[1])},
                             {result, Value(op.getOutput())}}) {
    size_t labels = llvm::count_if(term, llvm::isAlpha), rank = dimsOf(value).size();
    std::optional<std::string> letters = spelledOut(term, rank < labels ? 0 : rank - labels);
    if (!letters || letters->empty() || !llvm::all_of(*letters, llvm::isAlpha))
      return std::nullopt;
    terms.push_back(*letters);
    llvm::sort(*letters);
    if (std::adjacent_find(letters->begin(), letters->end()) != letters->end())
      return std::nullopt;
  }
  return EinsumEquation{terms[0], terms[1], terms[2]};
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
