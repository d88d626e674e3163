// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Feeds bytes to everything that reads files of others: the importer, tensor files, .npy files. What
// the importer accepts must verify.

#include <cstdlib>

#include "frontends/onnx/ImportOnnx.h"
#include "frontends/onnx/NpyFile.h"
#include "frontends/onnx/TensorFile.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)heddle::parseTensorMessage(bytes, "fuzz.pb");
  (void)heddle::parseNpy(bytes, "fuzz.npy");
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  heddle::ImportOptions options;
  options.mostConstantBytes = 1 << 20;
  auto module = heddle::importOnnxBytes(context, bytes, "fuzz.onnx", options);
  if (module.ok() && mlir::failed(mlir::verify(**module))) std::abort();
  return 0;
}
