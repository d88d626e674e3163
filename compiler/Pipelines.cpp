// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Pipelines.h"

#include "compiler/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace heddle {

void addSourcePasses(OpPassManager &passes) {
  passes.addNestedPass<func::FuncOp>(createTranslateStandardPass());
  passes.addPass(createInferShapesPass());
  passes.addPass(createVerifySourcePass());
  OpPassManager &function = passes.nest<func::FuncOp>();
  function.addPass(createExpandBatchNormalizationPass());
  function.addPass(createExpandGroupNormalizationPass());
  function.addPass(createExpandRecurrentPass());
  function.addPass(createExpandQuantizedPass());
  function.addPass(createFuseBlockQuantizedPass());
  function.addPass(createFuseQuantizedPass());
  function.addPass(createResolvePaddingPass());
  function.addPass(createExpandConvTransposePass());
  function.addPass(createSplitPoolsPass());
  function.addPass(createSplitResizePass());
  function.addPass(createFlattenSamplesPass());
  function.addPass(createScatterRowsPass());
  function.addPass(createLayColumnsPass());
  function.addPass(createSkipZeroRowsPass());
  // Of what the passes before wrote as well.
  function.addPass(createHoistConstantsPass());
}

void addExtractionPasses(OpPassManager &passes, const ExtractionOptions &options) {
  if (options.scans) {
    passes.addNestedPass<func::FuncOp>(createNormalizeLoopsPass());
    passes.addPass(createInferShapesPass());
  }
  OpPassManager &function = passes.nest<func::FuncOp>();
  if (options.scans) {
    ExtractDagScansPassOptions grids;
    // Their counterparts for a grid.
    grids.form = options.scanForm == "tree"    ? "pairing"
                 : options.scanForm == "chunk" ? "blocks"
                                               : options.scanForm;
    grids.cores = options.cores;
    function.addPass(createExtractDagScansPass(grids));
    function.addPass(createRaiseScansPass());
    function.addPass(createExtractMapsPass());
  }
  if (options.verifyAssociativity)
    function.addPass(createVerifyAssociativityPass());
  // Copies of one sub-graph share what they compute of the same values.
  function.addPass(createCSEPass());
  function.addPass(createForwardReadsPass());
  if (options.scans)
    function.addPass(createExtractStreamsPass());
  function.addPass(createLowerStreamsPass({.cores = options.cores}));
  function.addPass(createLowerDagScansPass({.cores = options.cores}));
  function.addPass(createLowerLinearAttentionPass({options.cores, options.scanForm}));
  function.addPass(createLowerMapsPass({.cores = options.cores}));
  function.addPass(createLowerScansPass({.form = options.scanForm, .cores = options.cores}));
  // Of streams and maps computed as one as well.
  function.addPass(createExpandAttentionPass());
  function.addPass(createRaiseAttentionPass());
  function.addPass(createFormCachesPass({.inputs = options.caches}));
  function.addPass(createSplitAttentionPass({options.cores}));
  function.addPass(createExpandEinsumPass());
  function.addPass(createSimplifyMovementPass());
  function.addPass(createComposeMovementPass());
  function.addPass(createTabulateBytesPass());
  function.addPass(createWidenProductsPass());
  function.addPass(
      createNarrowProductsPass({.bf16 = options.bf16, .convolutions = options.bf16Convolutions}));
  if (options.winograd)
    function.addPass(createChooseWinogradPass());
  function.addPass(createSkipPadsPass());
  function.addPass(createReadNarrowInputsPass());
  function.addPass(createFoldShufflesPass());
  function.addPass(createFormClustersPass());
  if (options.cores > 1)
    function.addPass(createExtractSpawnsPass());
}

} // namespace heddle
