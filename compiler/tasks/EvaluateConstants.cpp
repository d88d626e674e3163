// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tasks/EvaluateConstants.h"

#include "compiler/tasks/LowerToTasks.h"
#include "compiler/program/ProgramImage.h"
#include "compiler/program/ProgramWriter.h"
#include "mlir/IR/DialectResourceBlobManager.h"
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

/// The graph @constants, to run here.
static absl::StatusOr<std::shared_ptr<const Model>> loadConstants(ModuleOp module,
                                                                  task::GraphOp constants,
                                                                  const codegen::NativeCode &code,
                                                                  const codegen::Target &target) {
  WeightLayout weights;
  FailureOr<std::vector<uint8_t>> program =
      writeProgram(module, constants, code, /*cores=*/1, {}, weights);
  if (failed(program))
    return absl::InternalError("the program that computes constants cannot be written");
  ArtifactWriter writer;
  addTarget(writer, target, code, *program);
  addWeights(writer, weights);
  return Model::LoadFromMemory(writer.ToBytes(), {}, "constants for " + target.cpu());
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
  auto model = loadConstants(module, constants, code, target);
  if (!model.ok())
    return model.status();
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
