// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/unit/codegen/TileEmulator.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

struct Tile {
  int rows = 0, bytes = 0;
  uint8_t data[16][64];
};
Tile tiles[8];
TileUse use;

[[noreturn]] void fault(const char *what) {
  std::fprintf(stderr, "the CPU would fault: %s\n", what);
  std::abort();
}

Tile &tileOf(int8_t number) {
  if (!use.configured || number < 0 || number > 7 || tiles[number].rows == 0)
    fault("a tile that is not configured");
  return tiles[number];
}

void configure(const uint8_t *layout) {
  if (layout[0] != 1 || layout[1] != 0)
    fault("no such palette");
  for (int i = 2; i < 16; ++i)
    if (layout[i])
      fault("reserved bytes are not zero");
  for (int i = 0; i < 16; ++i) {
    int bytes = layout[16 + 2 * i] | layout[17 + 2 * i] << 8, rows = layout[48 + i];
    if ((i > 7 && (bytes || rows)) || bytes > 64 || rows > 16 || !bytes != !rows)
      fault("a tile of no possible size");
    if (i < 8)
      tiles[i] = {rows, bytes, {}};
  }
  use.configured = true;
}

void release() { use.configured = false; }

void zero(int8_t number) { std::memset(tileOf(number).data, 0, sizeof tiles[0].data); }

void load(int8_t number, const uint8_t *from, int64_t stride) {
  Tile &tile = tileOf(number);
  std::memset(tile.data, 0, sizeof tile.data);
  for (int row = 0; row < tile.rows; ++row)
    std::memcpy(tile.data[row], from + row * stride, tile.bytes);
}

void store(int8_t number, uint8_t *to, int64_t stride) {
  Tile &tile = tileOf(number);
  for (int row = 0; row < tile.rows; ++row)
    std::memcpy(to + row * stride, tile.data[row], tile.bytes);
}

template <typename T> T at(const Tile &tile, int row, int element) {
  T value;
  std::memcpy(&value, tile.data[row] + element * sizeof(T), sizeof(T));
  return value;
}

/// `add(sum, step, row, column)` for every step in order.
template <typename T, typename Add> void multiply(int8_t sums, int8_t left, int8_t right, Add add) {
  Tile &c = tileOf(sums), &a = tileOf(left), &b = tileOf(right);
  if (sums == left || left == right || sums == right || a.rows != c.rows || b.bytes != c.bytes ||
      a.bytes != 4 * b.rows)
    fault("tiles that do not match");
  ++use.products;
  for (int row = 0; row < c.rows; ++row)
    for (int column = 0; column < c.bytes / 4; ++column) {
      T sum = at<T>(c, row, column);
      for (int step = 0; step < b.rows; ++step)
        sum = add(sum, a, b, row, column, step);
      std::memcpy(c.data[row] + 4 * column, &sum, 4);
    }
}

void multiplyPairs(int8_t sums, int8_t left, int8_t right) {
  auto wide = [](uint16_t bits) { return std::bit_cast<float>(uint32_t(bits) << 16); };
  multiply<float>(sums, left, right,
                  [&](float sum, const Tile &a, const Tile &b, int row, int column, int step) {
                    for (int i = 0; i < 2; ++i)
                      sum += wide(at<uint16_t>(a, row, 2 * step + i)) *
                             wide(at<uint16_t>(b, step, 2 * column + i));
                    return sum;
                  });
}

void multiplyBytes(int8_t sums, int8_t left, int8_t right) {
  multiply<int32_t>(sums, left, right,
                    [](int32_t sum, const Tile &a, const Tile &b, int row, int column, int step) {
                      for (int i = 0; i < 4; ++i)
                        sum += int32_t(at<uint8_t>(a, row, 4 * step + i)) *
                               at<int8_t>(b, step, 4 * column + i);
                      return sum;
                    });
}

struct Instruction {
  const char *name;
  void *function;
};
const Instruction kInstructions[] = {
    {"ldtilecfg", reinterpret_cast<void *>(configure)},
    {"tilerelease", reinterpret_cast<void *>(release)},
    {"tilezero", reinterpret_cast<void *>(zero)},
    {"tileloadd", reinterpret_cast<void *>(load)},
    {"tilestored", reinterpret_cast<void *>(store)},
    {"tdpbf16ps", reinterpret_cast<void *>(multiplyPairs)},
    {"tdpbusd", reinterpret_cast<void *>(multiplyBytes)},
};

} // namespace

void emulateTiles(ModuleOp module) {
  MLIRContext *context = module.getContext();
  module.walk([&](LLVM::InlineAsmOp assembly) {
    auto [name, rest] = assembly.getAsmString().split(' ');
    for (const Instruction &instruction : kInstructions) {
      if (name != instruction.name)
        continue;
      OpBuilder b(assembly);
      auto constant = [&](Type type, int64_t value) -> Value {
        return LLVM::ConstantOp::create(b, assembly.getLoc(), type, b.getIntegerAttr(type, value));
      };
      Value address = constant(b.getI64Type(), reinterpret_cast<intptr_t>(instruction.function));
      SmallVector<Value> operands;
      for (size_t at = 0; (at = rest.find("%tmm", at)) != StringRef::npos; ++at)
        operands.push_back(constant(b.getI8Type(), rest[at + 4] - '0'));
      std::reverse(operands.begin(), operands.end()); // the destination comes last
      llvm::append_range(operands, assembly.getOperands());
      SmallVector<Type> types(ValueRange(operands).getTypes());
      auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), types);
      operands.insert(operands.begin(),
                      LLVM::IntToPtrOp::create(b, assembly.getLoc(),
                                               LLVM::LLVMPointerType::get(context), address));
      LLVM::CallOp::create(b, assembly.getLoc(), type, operands);
      assembly.erase();
      return;
    }
    fault("no such instruction");
  });
}

TileUse takeTileUse() {
  TileUse taken = use;
  use.products = 0;
  return taken;
}

} // namespace heddle::codegen
