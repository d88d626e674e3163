// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/OpaqueNumber.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace heddle::codegen {

Value opaque(Emitter &e, Value index) {
  Type type = e.builder.getI64Type();
  Value number = arith::IndexCastOp::create(e.builder, e.loc, type, index);
  // No instruction: its result is in the register of its operand.
  auto same = LLVM::InlineAsmOp::create(
      e.builder, e.loc, type, number, /*asm_string=*/"", /*constraints=*/"=r,0",
      /*has_side_effects=*/false, /*is_align_stack=*/false, LLVM::TailCallKind::None,
      /*asm_dialect=*/LLVM::AsmDialectAttr(), /*operand_attrs=*/ArrayAttr());
  return arith::IndexCastOp::create(e.builder, e.loc, e.builder.getIndexType(), same.getRes());
}

} // namespace heddle::codegen
