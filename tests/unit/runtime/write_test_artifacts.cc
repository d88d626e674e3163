// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the artifacts that tests of the C ABI and of its bindings load. Usage: FOLDER

#include <cstdio>
#include <fstream>
#include <string>

#include "tests/unit/runtime/program_builder.h"

namespace heddle::testing {
namespace {

// y = 2x + 1
ProgramBuilder Scale() {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {n});
  uint32_t y = g.Arena("y", kF32, {n});
  g.Kernel(kScale, {x}, {y}, {}, n);
  g.Output(y);
  return b;
}

// next = cache with the row behind it
ProgramBuilder Append() {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t past = g.Symbol("past");
  uint32_t one = g.Number(1);
  uint32_t two = g.Number(2);
  uint32_t cache = g.Input("cache", kF32, {past, two});
  uint32_t row = g.Input("row", kF32, {one, two});
  uint32_t next = g.Late("next", kF32, {g.Op(program::ExprKind::kAdd, past, one), two});
  g.Library("heddle.Append", {cache, row}, {next});
  g.Output(next);
  return b;
}

// y = x three times, by a custom operator
ProgramBuilder Custom() {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t x = g.Input("x", kF32, {g.Symbol("n")});
  uint32_t y = g.Late("y", kF32, {g.Symbol("m")});
  program::TaskT& task = g.Library("custom:test:Repeat", {x}, {y});
  auto add = [&](const char* name, program::AttributeKind kind) -> program::AttributeT& {
    task.attributes.push_back(std::make_unique<program::AttributeT>());
    task.attributes.back()->name = name;
    task.attributes.back()->kind = kind;
    return *task.attributes.back();
  };
  add("times", program::AttributeKind::kInt).int_ = 3;
  add("factor", program::AttributeKind::kFloat).float_ = 0.5;
  add("mode", program::AttributeKind::kText).text = "tile";
  add("order", program::AttributeKind::kInts).ints = {4, 5};
  add("weights", program::AttributeKind::kFloats).floats = {0.25, 2};
  g.Output(y);
  return b;
}

bool Write(const std::string& path, ProgramBuilder b) {
  std::vector<uint8_t> bytes = b.Artifact();
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  return file.good();
}

}  // namespace
}  // namespace heddle::testing

int main(int argc, char** argv) {
  using namespace heddle::testing;
  if (argc != 2) return 2;
  std::string folder = argv[1];
  bool good = Write(folder + "/scale.heddle", Scale()) &&
              Write(folder + "/append.heddle", Append()) &&
              Write(folder + "/custom.heddle", Custom());
  if (!good) std::fprintf(stderr, "cannot write to %s\n", folder.c_str());
  return good ? 0 : 1;
}
