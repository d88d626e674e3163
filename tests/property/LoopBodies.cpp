// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/property/LoopBodies.h"

#include <map>
#include <set>

namespace heddle::property {

namespace {

class Grammar {
public:
  explicit Grammar(std::mt19937_64 &random) : random(random) {}
  LoopText loop();

private:
  int below(int n) { return static_cast<int>(random() % n); }
  bool chance(int percent) { return below(100) < percent; }
  bool isFloat() const { return text.number == Number::F32 || text.number == Number::F64; }
  std::string any() const { return std::string("tensor<*x") + nameOf(text.number) + ">"; }

  std::string emit(const std::string &op, const std::vector<std::string> &operands,
                   const std::string &attributes = "", std::string type = "");
  std::string constant(double value);
  std::string state() { return "%s" + std::to_string(below(text.states)); }
  std::string input() { return "%x" + std::to_string(below(LoopText::kInputs)); }
  std::string element();
  std::string condition();
  std::string update(int depth);
  std::string updateNumbers(int depth);
  std::string updateBits(int depth);
  std::string ordered(int depth);
  std::string logSum(int depth);
  std::string lookAlike(int depth);
  std::string view(const std::string &value);

  std::mt19937_64 &random;
  LoopText text;
  int next = 0;
  std::map<std::string, std::string> types;
  std::set<std::string> full; // those of the shape of a state; others are scalars
};

std::string Grammar::emit(const std::string &op, const std::vector<std::string> &operands,
                          const std::string &attributes, std::string type) {
  std::string name = "%v" + std::to_string(next++);
  std::string result = type.empty() ? any() : "tensor<*x" + type + ">";
  types[name] = result;
  std::string names, operandTypes;
  for (const std::string &operand : operands) {
    std::string its = operand == "%c0"     ? "tensor<*xi1>"
                      : operand == "%axis" ? "tensor<1xi64>"
                                           : any();
    if (auto known = types.find(operand); known != types.end())
      its = known->second;
    if (operand[1] == 's' || operand == "%c0" || operand == "%x0" || operand == "%x1" ||
        full.count(operand))
      full.insert(name);
    names += (names.empty() ? "" : ", ") + operand;
    operandTypes += (operandTypes.empty() ? "" : ", ") + its;
  }
  text.body += "    " + name + " = \"onnx." + op + "\"(" + names + ")" +
               (attributes.empty() ? "" : " {" + attributes + "}") + " : (" + operandTypes +
               ") -> " + result + "\n";
  return name;
}

std::string Grammar::constant(double value) {
  std::string number = text.number == Number::Bool ? (value > 0 ? "true" : "false")
                       : isFloat()                 ? std::to_string(value)
                                                   : std::to_string(static_cast<int>(value));
  return emit("Constant", {},
              "value = dense<" + number + "> : tensor<" + nameOf(text.number) + ">");
}

/// A value without the state; of magnitude below 1 where numbers could grow.
std::string Grammar::element() {
  if (text.number == Number::Bool)
    return chance(70) ? condition() : input();
  switch (below(6)) {
  case 0:
    return constant(isFloat() ? (below(200) - 100) / 101.0 : below(7) - 3);
  case 1:
    return emit("Mul", {input(), input()});
  case 2:
    return emit("Sub", {input(), input()});
  case 3:
    return isFloat() ? emit("Tanh", {input()}) : emit("Neg", {input()});
  default:
    return input();
  }
}

std::string Grammar::condition() {
  if (text.number == Number::Bool)
    return chance(50) ? input() : emit("Not", {input()});
  switch (below(3)) {
  case 0:
    return "%c0";
  case 1:
    return emit("Greater", {input(), constant(0)}, "", "i1");
  default:
    return emit("Not", {"%c0"}, "", "i1");
  }
}

/// Other spellings of the same elements.
std::string Grammar::view(const std::string &value) {
  if (chance(50))
    return emit("Identity", {value});
  return emit("Squeeze", {emit("Unsqueeze", {value, "%axis"}), "%axis"});
}

std::string Grammar::update(int depth) {
  if (depth == 0)
    return chance(80) ? state() : element();
  if (chance(7))
    return view(update(depth - 1));
  if (chance(5))
    return lookAlike(depth - 1);
  if (text.number != Number::Bool && chance(8))
    return chance(50) ? ordered(depth - 1) : logSum(depth - 1);
  return text.number == Number::Bool ? updateBits(depth) : updateNumbers(depth);
}

std::string Grammar::updateBits(int depth) {
  std::string x = update(depth - 1), y = chance(75) ? element() : update(depth - 1);
  switch (below(5)) {
  case 0:
    return emit("And", {x, y});
  case 1:
    return emit("Or", {y, x});
  case 2:
    return emit("Xor", {x, y});
  case 3:
    return emit("Where", {condition(), x, y});
  default:
    return emit("Not", {x});
  }
}

std::string Grammar::updateNumbers(int depth) {
  std::string x = update(depth - 1), y = chance(85) ? element() : update(depth - 1);
  if (chance(30))
    std::swap(x, y);
  switch (below(12)) {
  case 0:
  case 1:
    return emit("Add", {x, y});
  case 2:
    return emit("Sub", {x, y});
  case 3:
  case 4:
    return emit("Mul", {x, y});
  case 5:
    return emit("Where", {condition(), x, y});
  case 6:
    return emit("Max", {x, y});
  case 7:
    return emit("Min", {x, y, element()});
  case 8:
    return isFloat() ? emit("Sum", {x, y, element()}) : emit("Neg", {x});
  case 9:
    return isFloat() ? emit("Relu", {x}) : emit("Add", {x, y});
  case 10:
    return emit("Clip", {x, constant(-2), constant(1)},
                "operandSegmentSizes = array<i32: 1, 1, 1>");
  default: {
    // Divisors away from zero.
    if (!isFloat())
      return emit("Mul", {x, y});
    std::string divisor = emit("Add", {emit("Abs", {input()}), constant(1.25)});
    return emit("Div", {x, divisor});
  }
  }
}

/// The greater or the smaller of two by a comparison, which may forget what is not a number.
std::string Grammar::ordered(int depth) {
  static const char *const comparisons[] = {"Greater", "GreaterOrEqual", "Less", "LessOrEqual"};
  std::string x = update(depth), y = element();
  if (chance(50))
    std::swap(x, y);
  std::string compared = emit(comparisons[below(4)], {x, y}, "", "i1");
  return chance(50) ? emit("Where", {compared, x, y}) : emit("Where", {compared, y, x});
}

/// log(e^x + e^y) over a pivot; of integers their last bits, or a remainder that only looks alike.
std::string Grammar::logSum(int depth) {
  std::string x = update(depth);
  if (!isFloat())
    return chance(40)   ? emit("BitwiseAnd", {constant(15), x})
           : chance(60) ? emit("Mod", {x, constant(64)})
                        : emit("Mod", {x, constant(chance(50) ? 7 : 16)}, "fmod = 1 : i64");
  std::string y = element();
  if (chance(40))
    return emit("Add", {x, emit("Softplus", {emit("Sub", {y, x})})});
  std::string most = emit("Max", {x, y});
  std::string sum = emit("Add", {emit("Exp", {emit("Sub", {x, most})}),
                                 emit("Exp", {emit("Sub", {y, chance(90) ? most : x})})});
  return emit("Add", {emit("Log", {sum}), most});
}

std::string Grammar::lookAlike(int depth) {
  std::string x = update(depth);
  if (text.number == Number::Bool)
    return emit("Where", {x, state(), element()});
  if (!isFloat()) {
    switch (below(3)) {
    case 0:
      return emit("Div", {x, constant(3)});
    case 1:
      return emit("Mul", {x, x});
    default:
      return emit("Where", {emit("Greater", {x, element()}, "", "i1"), x, element()});
    }
  }
  switch (below(5)) {
  case 0:
    return emit("Tanh", {emit("Mul", {x, x})});
  case 1:
    return emit("Sigmoid", {x});
  case 2:
    return emit("Abs", {x});
  case 3:
    return emit("Mul", {emit("Tanh", {x}), x});
  default: {
    // Through a narrower type and back.
    bool wide = text.number == Number::F64;
    std::string narrow =
        emit("Cast", {x}, wide ? "to = 1 : i64" : "to = 10 : i64", wide ? "f32" : "f16");
    return emit("Cast", {narrow}, wide ? "to = 11 : i64" : "to = 1 : i64");
  }
  }
}

LoopText Grammar::loop() {
  static const struct {
    const char *text;
    int width;
  } shapes[] = {{"", 1}, {"1x", 1}, {"3x", 3}, {"5x", 5}, {"2x3x", 6}};
  const auto &shape = shapes[below(5)];
  text.number = static_cast<Number>(below(4));
  text.shape = shape.text;
  text.width = shape.width;
  text.states = chance(60) ? 1 : 2 + below(2);
  text.body =
      "    %axis = \"onnx.Constant\"() {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>\n";
  for (int i = 0; i < text.states; ++i) {
    std::string value = emit("Identity", {update(1 + below(4))});
    if (!full.count(value)) // a new state has the shape of the old one
      value = emit(text.number == Number::Bool ? "Xor" : "Add", {value, "%x0"});
    text.yields.push_back(value);
  }
  return text;
}

} // namespace

LoopText randomLoop(std::mt19937_64 &random) { return Grammar(random).loop(); }

} // namespace heddle::property
