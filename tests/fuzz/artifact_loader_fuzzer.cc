// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Feeds bytes to everything that looks at an artifact before its code runs: the footer, the ELF
// headers, the graph program, signatures, sessions, the planning of shapes.
//
// A changed byte would end at a digest, so they are computed anew: what is fuzzed is an artifact of
// somebody who can compute it, too. The code is not loaded (that would be running it): a program
// that verifies is wrapped with kernels of our own, of which none is called.

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "runtime/artifact/artifact_file.h"
#include "runtime/artifact/artifact_writer.h"
#include "runtime/artifact/elf_check.h"
#include "runtime/artifact/program_verifier.h"
#include "runtime/graph/shape_plan.h"
#include "runtime/session/session.h"
#include "tests/unit/runtime/program_builder.h"

namespace heddle {
namespace {

// Sizes for the inputs as a caller may give them: 0 to 3 for what has a name.
void PlanShapes(const Model& model, int64_t first) {
  std::vector<Tensor> inputs;
  int64_t number = first;
  for (const TensorSignature& input : model.inputs()) {
    Tensor::Dims dims;
    for (const TensorSignature::Dim& dim : input.dims) {
      dims.push_back(dim.size >= 0 ? dim.size : number++ % 4);
    }
    // Planning reads shapes only.
    inputs.push_back(Tensor::Share(input.element_type, dims, nullptr, 0, nullptr));
  }
  MakeShapePlan(*model.executable().graphs[0], inputs).status().IgnoreError();
}

void OpenSession(absl::Span<const uint8_t> program, absl::Span<const uint8_t> weights) {
  static const std::vector<uint8_t>& code = *new std::vector<uint8_t>(testing::KernelCode());
  ArtifactWriter writer;
  writer.AddTarget({.cpu = "any", .features = {}, .code = code, .program = program});
  if (!weights.empty()) writer.AddWeight(weights);
  std::vector<uint8_t> artifact = writer.ToBytes();
  absl::StatusOr<std::shared_ptr<const Model>> model = Model::LoadFromMemory(artifact, {});
  if (!model.ok()) return;
  for (const auto& signatures : {(*model)->inputs(), (*model)->outputs()}) {
    for (const TensorSignature& signature : signatures) {
      (void)signature.ShapeText();
      if ((*model)->FindInput(signature.name) < 0 && (*model)->FindOutput(signature.name) < 0) {
        std::abort();
      }
    }
  }
  Session::Create(*model, {}).status().IgnoreError();
  for (int64_t first = 0; first < 4; ++first) PlanShapes(**model, first);
}

void Load(std::vector<uint8_t> bytes) {
  testing::SignImages(bytes);
  testing::SignTargets(bytes);
  absl::StatusOr<std::unique_ptr<ArtifactFile>> file = ArtifactFile::FromMemory(bytes, "fuzz");
  if (!file.ok()) return;
  CheckElf((*file)->elf()).IgnoreError();
  (*file)->VerifyWeights().IgnoreError();
  absl::StatusOr<DecodedProgram> program = DecodeProgram((*file)->program());
  if (!program.ok() || !VerifyProgram(*program, (*file)->weights().size()).ok()) return;
  OpenSession((*file)->program(), (*file)->weights());
}

}  // namespace
}  // namespace heddle

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  heddle::Load(std::vector<uint8_t>(data, data + size));
  return 0;
}
