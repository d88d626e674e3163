// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/property/LoopBodies.h"

#include <map>
#include <set>

namespace heddle::property {

const char *nameOf(Number number) {
  switch (number) {
  case Number::F32:
    return "f32";
  case Number::F64:
    return "f64";
  case Number::I32:
    return "i32";
  case Number::Bool:
    return "i1";
  }
  return "";
}

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
    std::string its = operand == "%c0" ? "tensor<*xi1>" : operand == "%axis" ? "tensor<1xi64>" : any();
    if (auto known = types.find(operand); known != types.end())
      its = known->second;
    if (operand[1] == 's' || operand == "%c0" || operand == "%x0" || operand == "%x1" ||
        full.count(operand))
      full.insert(name);
    names += (names.empty() ? "" : ", ") + operand;
    operandTypes += (operandTypes.empty() ? "" : ", ") + its;
  }
  text.body += "    " + name + " = \"onnx." + op + "\"(" + names + ")" +
               (attributes.empty() ? "" : " {" + attributes + "}") + " : (" + operandTypes + ") -> " +
               result + "\n";
  return name;
}

std::string Grammar::constant(double value) {
  std::string number = text.number == Number::Bool ? (value > 0 ? "true" : "false")
                       : isFloat()                 ? std::to_string(value)
                                   : std::to_string(static_cast<int>(value));
  return emit("Constant", {}, "value = dense<" + number + "> : tensor<" + nameOf(text.number) + ">");
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
  text.body = "    %axis = \"onnx.Constant\"() {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>\n";
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

std::string moduleOf(const std::vector<LoopText> &loops, int64_t length) {
  std::string arguments, body, results, resultTypes;
  std::string size = length < 0 ? "?" : std::to_string(length);
  auto join = [](std::string &list, const std::string &item) {
    list += (list.empty() ? "" : ", ") + item;
  };
  for (size_t n = 0; n < loops.size(); ++n) {
    const LoopText &loop = loops[n];
    std::string id = std::to_string(n), element = nameOf(loop.number);
    std::string state = "tensor<" + loop.shape + element + ">";
    auto rows = [&](const std::string &type, bool scalars) {
      std::string shape = scalars ? "" : loop.shape, dims = "\"" + std::string(length < 0 ? "n" : size) + "\"";
      for (size_t at = 0, end; (end = shape.find('x', at)) != std::string::npos; at = end + 1)
        dims += ", \"" + shape.substr(at, end - at) + "\"";
      return "tensor<" + size + "x" + shape + type +
             (length < 0 ? ", #heddle.dims<[" + dims + "]>>" : ">");
    };
    std::string operands, types, blockArguments, yields, yieldTypes, outTypes, outs;
    auto add = [&](const std::string &name, const std::string &type, const std::string &inside,
                   const std::string &insideElement) {
      join(arguments, name + ": " + type + " {heddle.name = \"" + name.substr(1) + "\"}");
      join(operands, name);
      join(types, type);
      join(blockArguments, inside + ": tensor<*x" + insideElement + ">");
    };
    for (int i = 0; i < loop.states; ++i)
      add("%init" + id + "_" + std::to_string(i), state, "%s" + std::to_string(i), element);
    for (int i = 0; i < LoopText::kInputs; ++i)
      add("%in" + id + "_" + std::to_string(i), rows(element, /*scalars=*/i == 2),
          "%x" + std::to_string(i), element);
    add("%when" + id, rows("i1", false), "%c0", "i1");
    for (int round = 0; round < 2; ++round) // the last states, then all
      for (int i = 0; i < loop.states; ++i) {
        join(yields, loop.yields[i]);
        join(yieldTypes, "tensor<*x" + element + ">");
        std::string type = "tensor<*x" + element + ">";
        join(outTypes, type);
        join(outs, "%out" + id + "#" + std::to_string(round * loop.states + i));
        join(resultTypes, type + " {heddle.name = \"" + (round ? "all" : "last") + id + "_" +
                              std::to_string(i) + "\"}");
      }
    join(results, outs);
    body += "  %out" + id + ":" + std::to_string(2 * loop.states) + " = \"onnx.Scan\"(" + operands +
            ") ({\n  ^bb0(" + blockArguments + "):\n" + loop.body + "    onnx.Yield " + yields +
            " : " + yieldTypes + "\n  }) {num_scan_inputs = " +
            std::to_string(LoopText::kInputs + LoopText::kConditions) + " : i64} : (" + types +
            ") -> (" + outTypes + ")\n";
  }
  std::string types;
  for (const LoopText &loop : loops)
    for (int i = 0; i < 2 * loop.states; ++i)
      join(types, std::string("tensor<*x") + nameOf(loop.number) + ">");
  return "func.func @main(" + arguments + ") -> (" + resultTypes + ") {\n" + body + "  return " +
         results + " : " + types + "\n}\n";
}

} // namespace heddle::property
