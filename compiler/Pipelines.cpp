// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Pipelines.h"

#include "compiler/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace heddle {

void addSourcePasses(OpPassManager &passes) {
  passes.addPass(createInferShapesPass());
  passes.addPass(createVerifySourcePass());
  OpPassManager &function = passes.nest<func::FuncOp>();
  function.addPass(createHoistConstantsPass());
  function.addPass(createExpandBatchNormalizationPass());
  function.addPass(createExpandGroupNormalizationPass());
  function.addPass(createExpandQuantizedPass());
  function.addPass(createFuseQuantizedPass());
  function.addPass(createResolvePaddingPass());
  function.addPass(createSplitPoolsPass());
}

void addExtractionPasses(OpPassManager &passes, const ExtractionOptions &options) {
  OpPassManager &function = passes.nest<func::FuncOp>();
  if (options.scans)
    function.addPass(createExtractMapsPass());
  function.addPass(createLowerLinearAttentionPass({options.cores, options.scanForm}));
  function.addPass(createLowerMapsPass());
  function.addPass(createFormClustersPass());
  if (options.cores > 1)
    function.addPass(createExtractSpawnsPass());
}

} // namespace heddle
