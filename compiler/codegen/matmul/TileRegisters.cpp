// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/matmul/TileRegisters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace heddle::codegen {

bool hasByteTiles(const Target &target) {
  return target.hasAvx512() && target.has("amx-tile") && target.has("amx-int8");
}
bool hasPairTiles(const Target &target) {
  return target.hasAvx512() && target.has("avx512bf16") && target.has("amx-tile") &&
         target.has("amx-bf16");
}

namespace {

/// An instruction by its text: registers are part of it. As numbers, operands of an intrinsic, they
/// would become variables where the optimiser joins code that differs by them alone.
void instruction(Emitter &e, const Twine &text, ValueRange operands) {
  std::string constraints;
  for (size_t i = 0; i < operands.size(); ++i)
    constraints += "r,";
  LLVM::InlineAsmOp::create(e.builder, e.loc, /*resultTypes=*/TypeRange(), operands, text.str(),
                            constraints + "~{memory}", /*has_side_effects=*/true,
                            /*is_align_stack=*/false, LLVM::TailCallKind::None,
                            /*asm_dialect=*/LLVM::AsmDialectAttr(), /*operand_attrs=*/ArrayAttr());
}

std::string tile(int64_t number) { return "%tmm" + std::to_string(number); }

Value asI64(Emitter &e, Value index) {
  return arith::IndexCastOp::create(e.builder, e.loc, e.builder.getI64Type(), index);
}

Value addressOf(Emitter &e, Value buffer, Value offset) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(e.builder, e.loc, buffer);
  Value address = e.add(base, e.mul(offset, element.getIntOrFloatBitWidth() / 8));
  return LLVM::IntToPtrOp::create(
      e.builder, e.loc, LLVM::LLVMPointerType::get(e.builder.getContext()), asI64(e, address));
}

} // namespace

void configureTiles(Emitter &e, Value bytes, Value offset, Value rows) {
  constexpr int64_t registers = 8, columns = 2, rowsAt = 48;
  SmallVector<int8_t> layout(64, 0);
  layout[0] = 1; // the palette
  for (int64_t i = 0; i < registers; ++i) {
    layout[16 + 2 * i] = kTileRowBytes;
    layout[rowsAt + i] = kTileRows;
  }
  auto type = VectorType::get({64}, e.builder.getI8Type());
  Value value = arith::ConstantOp::create(e.builder, e.loc,
                                          DenseElementsAttr::get(type, ArrayRef<int8_t>(layout)));
  e.store(value, bytes, offset);
  Value held = arith::IndexCastOp::create(e.builder, e.loc, e.builder.getI8Type(),
                                          e.min(rows, e.index(kTileRows)));
  for (int64_t i = 0; i < registers - columns; ++i)
    e.store(held, bytes, e.add(offset, rowsAt + i));
  instruction(e, "ldtilecfg ($0)", addressOf(e, bytes, offset));
}

void releaseTiles(Emitter &e) { instruction(e, "tilerelease", {}); }

void emitTileProduct(Emitter &e, const TileProduct &p) {
  auto sum = [&](int64_t row, int64_t panel) { return tile(row * kTileBlocks + panel); };
  auto rowTile = [&](int64_t row) { return tile(4 + row); };
  auto columnTile = [&](int64_t panel) { return tile(6 + panel); };
  for (int64_t r = 0; r < p.rowBlocks; ++r)
    for (int64_t j = 0; j < p.panels; ++j)
      instruction(e, "tilezero " + sum(r, j), {});
  Value lineBytes = asI64(e, e.index(kTileRowBytes));
  int64_t elementBytes = p.bytes ? 1 : 2;
  std::string multiply = p.bytes ? "tdpbusd " : "tdpbf16ps ";
  e.loop(e.index(0), p.steps, e.index(kTileSteps), [&](Value step) {
    for (int64_t j = 0; j < p.panels; ++j) {
      Value at = e.add(p.bPanels[j], e.mul(step, kTileRowBytes / elementBytes));
      instruction(e, "tileloadd ($0,$1,1), " + columnTile(j), {addressOf(e, p.b, at), lineBytes});
    }
    for (int64_t r = 0; r < p.rowBlocks; ++r) {
      Value block = e.add(p.aStart, e.mul(p.steps, r * kTileRows));
      instruction(e, "tileloadd ($0,$1,1), " + rowTile(r),
                  {addressOf(e, p.a, e.add(block, e.mul(step, kTileRows))), lineBytes});
      for (int64_t j = 0; j < p.panels; ++j)
        instruction(e, multiply + columnTile(j) + ", " + rowTile(r) + ", " + sum(r, j), {});
    }
  });
  Value sumBytes = asI64(e, e.index(4 * p.cRowStep));
  for (int64_t r = 0; r < p.rowBlocks; ++r)
    for (int64_t j = 0; j < p.panels; ++j) {
      Value at = e.add(p.cStart, r * kTileRows * p.cRowStep + j * kTileRows);
      instruction(e, "tilestored " + sum(r, j) + ", ($0,$1,1)", {addressOf(e, p.c, at), sumBytes});
    }
}

} // namespace heddle::codegen
