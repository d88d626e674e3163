// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tasks/EvaluateConstants.h"

#include "compiler/tasks/LowerToTasks.h"
#include "compiler/program/ProgramWriter.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "runtime/artifact/artifact_writer.h"
#include "runtime/session/session.h"

using namespace mlir;

namespace heddle {

/// Small results become dense attributes, which are uniqued and printed; large ones resources.
static ElementsAttr toAttribute(RankedTensorType type, const Tensor &tensor, unsigned number) {
  auto plain = RankedTensorType::get(type.getShape(), type.getElementType());
  auto view = tensor.view();
  ArrayRef<char> bytes(static_cast<const char *>(view.data),
                       ElementBytes(view.element_type, view.count()));
  AsmResourceBlob blob = HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, 64);
  return DenseResourceElementsAttr::get(plain, "computed_" + std::to_string(number),
                                        std::move(blob));
}

absl::Status evaluateConstants(ModuleOp module, const codegen::NativeCode &code,
                               const codegen::Target &target) {
  auto constants = module.lookupSymbol<task::GraphOp>(kConstantsGraph);
  if (!constants)
    return absl::OkStatus();
  auto main = module.lookupSymbol<task::GraphOp>(kMainGraph);

  unsigned count = constants.getYield()->getNumOperands();
  OpBuilder b(module.getContext());
  SmallVector<Attribute> names;
  for (unsigned i = 0; i < count; ++i)
    names.push_back(b.getStringAttr("constant" + Twine(i)));
  constants.setOutputNamesAttr(b.getArrayAttr(names));
  FailureOr<WrittenProgram> program = writeProgram(module, constants, code, target, /*cores=*/1, {});
  if (failed(program))
    return absl::InternalError("the program that computes constants cannot be written");
  ArtifactWriter writer;
  writer.SetCode({reinterpret_cast<const uint8_t *>(code.elf.data()), code.elf.size()});
  writer.SetProgram(program->bytes);
  for (ArrayRef<char> weight : program->weights)
    writer.AddWeight({reinterpret_cast<const uint8_t *>(weight.data()), weight.size()});
  std::vector<uint8_t> artifact = writer.ToBytes();
  program->ownedWeights.clear();
  auto model = Model::LoadFromMemory(artifact, {}, "constants");
  if (!model.ok())
    return model.status();
  artifact = {};
  auto session = Session::Create(*model, {});
  if (!session.ok())
    return session.status();
  if (absl::Status status = (*session)->Run(); !status.ok())
    return status;

  Block &body = main.getBody().front();
  unsigned firstConstant = body.getNumArguments() - count;
  b.setInsertionPointToStart(&body);
  for (unsigned i = 0; i < count; ++i) {
    BlockArgument argument = body.getArgument(firstConstant + i);
    ElementsAttr value =
        toAttribute(cast<RankedTensorType>(argument.getType()), (*session)->output(i), i);
    argument.replaceAllUsesWith(
        task::ConstantOp::create(b, argument.getLoc(), argument.getType(), value).getResult());
  }
  body.eraseArguments(firstConstant, count);
  constants.erase();
  // Constants that only @constants used.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isa<task::ConstantOp>(op) && op.use_empty())
      op.erase();
  return absl::OkStatus();
}

} // namespace heddle
