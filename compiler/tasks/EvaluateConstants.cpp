// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tasks/EvaluateConstants.h"

#include "compiler/FirstError.h"
#include "compiler/program/ProgramImage.h"
#include "compiler/program/ProgramWriter.h"
#include "compiler/tasks/LowerToTasks.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "runtime/session/session.h"

using namespace mlir;

namespace heddle {

/// A resource that keeps the tensor's memory.
static ElementsAttr toAttribute(RankedTensorType type, const Tensor &tensor, unsigned number) {
  auto plain = RankedTensorType::get(type.getShape(), type.getElementType());
  ArrayRef<char> bytes(static_cast<const char *>(tensor.data()), tensor.bytes());
  AsmResourceBlob blob(
      bytes, alignof(std::max_align_t), [tensor](void *, size_t, size_t) {},
      /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(plain, "computed_" + std::to_string(number),
                                        std::move(blob));
}

/// Makes the large constants that a graph reads inputs of it, which a run borrows: what they are
/// computed from lies in memory already.
static SmallVector<DenseResourceElementsAttr> borrowConstants(task::GraphOp constants) {
  Block &body = constants.getBody().front();
  SmallVector<DenseResourceElementsAttr> borrowed;
  for (auto constant : llvm::make_early_inc_range(body.getOps<task::ConstantOp>())) {
    auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue());
    if (!resource || !resource.getRawHandle().getBlob())
      continue;
    borrowed.push_back(resource);
    constant.replaceAllUsesWith(Value(body.addArgument(constant.getType(), constant.getLoc())));
    constant.erase();
  }
  return borrowed;
}

/// The graph @constants, to run here.
static absl::StatusOr<std::shared_ptr<const Model>> loadConstants(ModuleOp module,
                                                                  task::GraphOp constants,
                                                                  const codegen::NativeCode &code,
                                                                  const codegen::Target &target) {
  FirstError error(*module.getContext());
  WeightLayout weights;
  FailureOr<std::vector<uint8_t>> program =
      writeProgram(module, constants, code, /*cores=*/1, {}, weights);
  if (failed(program))
    return error.status("writing the program that computes constants", absl::StatusCode::kInternal);
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

  SmallVector<DenseResourceElementsAttr> borrowed = borrowConstants(constants);
  unsigned count = constants.getYield()->getNumOperands();
  OpBuilder b(module.getContext());
  auto names = [&](StringRef prefix, size_t count) {
    SmallVector<Attribute> list;
    for (size_t i = 0; i < count; ++i)
      list.push_back(b.getStringAttr(prefix + Twine(i)));
    return b.getArrayAttr(list);
  };
  constants.setInputNamesAttr(names("source", borrowed.size()));
  constants.setOutputNamesAttr(names("constant", count));
  auto model = loadConstants(module, constants, code, target);
  if (!model.ok())
    return model.status();
  auto session = Session::Create(*model, {});
  if (!session.ok())
    return session.status();
  for (auto [i, resource] : llvm::enumerate(borrowed)) {
    const TensorSignature &input = (*model)->inputs()[i];
    ArrayRef<char> bytes = resource.getRawHandle().getBlob()->getData();
    auto tensor = Tensor::Borrow(input.element_type, resource.getType().getShape(),
                                 const_cast<char *>(bytes.data()), bytes.size());
    if (!tensor.ok())
      return tensor.status();
    if (absl::Status status = (*session)->SetInput(i, *tensor); !status.ok())
      return status;
  }
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
  return absl::OkStatus();
}

} // namespace heddle
