// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LLVM 22 stores too much where a vector is truncated and one lane of it is stored, by a mask that
// is known: on X86 with AVX-512 it stores the lane as wide as it was before.

#include "compiler/codegen/KernelLowering.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace heddle::codegen {

/// The lane that a mask lets pass, where it is known to be the only one.
static std::optional<unsigned> onlyLane(Value *mask) {
  auto *constant = dyn_cast<Constant>(mask);
  if (!constant)
    return std::nullopt;
  std::optional<unsigned> found;
  unsigned lanes = cast<FixedVectorType>(mask->getType())->getNumElements();
  for (unsigned lane = 0; lane < lanes; ++lane) {
    Constant *element = constant->getAggregateElement(lane);
    if (element && element->isNullValue())
      continue;
    if (!element || !element->isOneValue() || found)
      return std::nullopt;
    found = lane;
  }
  return found;
}

void storeSingleLanes(Module &module) {
  IRBuilder<> builder(module.getContext());
  for (Function &function : module)
    for (Instruction &instruction : make_early_inc_range(instructions(function))) {
      auto *store = dyn_cast<IntrinsicInst>(&instruction);
      if (!store || store->getIntrinsicID() != Intrinsic::masked_store)
        continue;
      Value *vector = store->getArgOperand(0), *pointer = store->getArgOperand(1);
      Type *element = vector->getType()->getScalarType();
      std::optional<unsigned> lane = onlyLane(store->getArgOperand(2));
      if (!lane || !element->isIntegerTy() || element->getIntegerBitWidth() % 8 != 0)
        continue;
      builder.SetInsertPoint(store);
      uint64_t offset = *lane * (element->getIntegerBitWidth() / 8);
      builder.CreateAlignedStore(builder.CreateExtractElement(vector, *lane),
                                 builder.CreatePtrAdd(pointer, builder.getInt64(offset)),
                                 commonAlignment(store->getParamAlign(1).valueOrOne(), offset));
      store->eraseFromParent();
    }
}

} // namespace heddle::codegen
