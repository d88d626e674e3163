// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A loaded artifact: what an embedding program, the tools and the C ABI start from.
//
//   absl::StatusOr<std::shared_ptr<const Model>> model = Model::Load("model.heddle", {});
//   absl::StatusOr<std::unique_ptr<Session>> session = Session::Create(*model, {.threads = 2});
//
// Thread-safety: immutable; one model serves many sessions on many threads. Ownership: sessions
// share it. An artifact is a program: loading one that somebody hostile made is running their code.

#ifndef HEDDLE_RUNTIME_SESSION_MODEL_H_
#define HEDDLE_RUNTIME_SESSION_MODEL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/artifact/artifact_file.h"
#include "runtime/artifact/loaded_code.h"
#include "runtime/executor/crowd.h"
#include "runtime/executor/executable.h"

namespace heddle {

struct ModelOptions {
  // The target whose code is wanted, as the artifact names it; "": the best that this CPU runs.
  std::string target_cpu;
  // By "DOMAIN:NAME"; used for tasks whose function is "custom:DOMAIN:NAME".
  std::map<std::string, std::shared_ptr<const CustomOperator>> custom_operators = {};
};

// An input or output as the model declares it.
struct TensorSignature {
  struct Dim {
    int64_t size = -1;   // -1: symbolic
    std::string symbol;  // its name, or the expression that gives it
  };
  std::string name;
  ElementType element_type = ElementType::kUndefined;
  std::vector<Dim> dims;

  std::string ShapeText() const;
};

class Model {
 public:
  static absl::StatusOr<std::shared_ptr<const Model>> Load(const std::string& path,
                                                           const ModelOptions& options);
  // The bytes are copied.
  static absl::StatusOr<std::shared_ptr<const Model>> LoadFromMemory(
      absl::Span<const uint8_t> bytes, const ModelOptions& options,
      const std::string& name = "artifact in memory");

  const std::vector<TensorSignature>& inputs() const { return inputs_; }
  const std::vector<TensorSignature>& outputs() const { return outputs_; }
  // Index of the name, or -1.
  int FindInput(std::string_view name) const;
  int FindOutput(std::string_view name) const;

  absl::Status VerifyWeights() const { return file_->VerifyWeights(); }

  // For tools: everything there is to know.
  const ArtifactFile& file() const { return *file_; }
  const ArtifactTarget& target() const { return file_->target(); }
  const DecodedProgram& program() const { return executable_.program; }
  const Executable& executable() const { return executable_; }
  // How its runs go where many want to run at once; all its sessions learn it.
  Crowd& crowd() const { return crowd_; }
  // Tasks of all graphs.
  size_t task_count() const;
  std::string CodeDigest() const;     // hexadecimal
  std::string WeightsDigest() const;  // as recorded

 private:
  Model() = default;
  static absl::StatusOr<std::shared_ptr<const Model>> Make(std::unique_ptr<ArtifactFile> file,
                                                           const ModelOptions& options);
  absl::Status Prepare(const ModelOptions& options);
  absl::Status FindFunctions(const ModelOptions& options);
  TensorSignature Signature(uint32_t value) const;

  // In this order: the code is unloaded before the file it came from is closed.
  std::unique_ptr<ArtifactFile> file_;
  std::unique_ptr<LoadedCode> code_;
  Executable executable_;
  std::vector<TensorSignature> inputs_;
  std::vector<TensorSignature> outputs_;
  mutable Crowd crowd_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_SESSION_MODEL_H_
