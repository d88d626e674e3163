// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random loops as one program.

#include "tests/property/LoopBodies.h"

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
      std::string shape = scalars ? "" : loop.shape,
                  dims = "\"" + std::string(length < 0 ? "n" : size) + "\"";
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
