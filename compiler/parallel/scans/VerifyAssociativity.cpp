// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tries the law of heddle.scan on random values in double precision:
//
//   apply(apply(s, x), y) = apply(s, combine(x, y))
//   combine(combine(x, y), z) = combine(x, combine(y, z))
//
// Nothing follows for values that were not tried; a law that fails is found at once.

#include "compiler/Passes.h"
#include "compiler/parallel/loops/DeclaredStep.h"
#include "compiler/parallel/recurrence/Recurrence.h"
#include "compiler/parallel/scans/RegionInterpreter.h"

#include <random>

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_VERIFYASSOCIATIVITYPASS
#include "compiler/Passes.h.inc"

namespace {

constexpr int kTriples = 20;
constexpr double kTolerance = 1e-9;

using Tuple = std::vector<NumberTensor>;

Tuple randomTuple(TypeRange types, RegionInterpreter &interpreter, std::mt19937_64 &random) {
  Tuple tuple;
  for (Type type : types) {
    Type element = cast<RankedTensorType>(type).getElementType();
    NumberTensor tensor{interpreter.shapeOf(type), {}};
    for (int64_t i = 0, count = tensor.count(); i < count; ++i) {
      double number = std::uniform_real_distribution<double>(-1, 1)(random);
      tensor.numbers.push_back(element.isInteger(1)        ? double(number > 0)
                               : isa<IntegerType>(element) ? std::round(4 * number)
                                                           : number);
    }
    tuple.push_back(std::move(tensor));
  }
  return tuple;
}

Tuple joined(Tuple x, const Tuple &y) {
  x.insert(x.end(), y.begin(), y.end());
  return x;
}

/// The first number at which they differ by more than rounding.
std::optional<std::pair<double, double>> difference(const Tuple &x, const Tuple &y) {
  for (auto [a, b] : llvm::zip(x, y)) {
    double largest = 1;
    for (double number : a.numbers)
      if (std::isfinite(number))
        largest = std::max(largest, std::abs(number));
    for (auto [p, q] : llvm::zip(a.numbers, b.numbers)) {
      bool same =
          p == q || (std::isnan(p) && std::isnan(q)) || std::abs(p - q) <= kTolerance * largest;
      if (!same)
        return std::pair(p, q);
    }
  }
  return std::nullopt;
}

std::string textOf(const Tuple &tuple) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "(";
  llvm::interleaveComma(tuple, os, [&](const NumberTensor &tensor) {
    os << "[";
    llvm::interleaveComma(ArrayRef(tensor.numbers).take_front(4), os);
    os << (tensor.numbers.size() > 4 ? ", ...]" : "]");
  });
  os << ")";
  return text;
}

LogicalResult check(ScanOp scan) {
  RegionInterpreter interpreter;
  std::mt19937_64 random(1);
  auto run = [&](Region &region, const Tuple &x, const Tuple &y) {
    return interpreter.run(region.front(), joined(x, y));
  };
  size_t states = scan.getInit().size();
  TypeRange all = scan.getApply().front().getArgumentTypes();
  for (int i = 0; i < kTriples; ++i) {
    Tuple s = randomTuple(all.take_front(states), interpreter, random);
    Tuple x = randomTuple(all.drop_front(states), interpreter, random);
    Tuple y = randomTuple(all.drop_front(states), interpreter, random);
    Tuple z = randomTuple(all.drop_front(states), interpreter, random);
    auto fails = [&](StringRef law, const Tuple &left, const Tuple &right) {
      auto differs = difference(left, right);
      if (differs)
        scan.emitOpError() << (isDeclaredAssociative(scan) ? "is declared associative and is not: "
                                                           : "does not compose: ")
                           << law << " gives " << differs->first << " and " << differs->second
                           << " for s = " << textOf(s) << ", x = " << textOf(x)
                           << ", y = " << textOf(y) << ", z = " << textOf(z);
      return differs.has_value();
    };
    Tuple steps = run(scan.getApply(), run(scan.getApply(), s, x), y);
    Tuple both = run(scan.getApply(), s, run(scan.getCombine(), x, y));
    Tuple left = run(scan.getCombine(), run(scan.getCombine(), x, y), z);
    Tuple right = run(scan.getCombine(), x, run(scan.getCombine(), y, z));
    if (Operation *unknown = interpreter.unknown())
      return scan.emitOpError() << "cannot be tried: there is no interpretation of "
                                << describeNode(unknown);
    if (fails("apply(apply(s, x), y) = apply(s, combine(x, y))", steps, both) ||
        fails("combine(combine(x, y), z) = combine(x, combine(y, z))", left, right))
      return failure();
  }
  return success();
}

struct VerifyAssociativity : impl::VerifyAssociativityPassBase<VerifyAssociativity> {
  void runOnOperation() override {
    getOperation().walk([&](ScanOp scan) {
      if (failed(check(scan)))
        signalPassFailure();
    });
  }
};

} // namespace
} // namespace heddle
