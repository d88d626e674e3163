// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/session/model.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/artifact/program_verifier.h"
#include "runtime/artifact/sha256.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

constexpr std::string_view kCustomPrefix = "custom:";

int Find(const std::vector<TensorSignature>& list, std::string_view name) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

std::string DigestText(const uint8_t (&bytes)[32]) {
  Sha256Digest digest;
  std::copy(std::begin(bytes), std::end(bytes), digest.begin());
  return HexText(digest);
}

}  // namespace

std::string TensorSignature::ShapeText() const {
  std::string text = "[";
  for (const Dim& dim : dims) {
    absl::StrAppend(&text, text.size() > 1 ? "," : "",
                    dim.size >= 0 ? absl::StrCat(dim.size) : dim.symbol);
  }
  return text + "]";
}

absl::StatusOr<std::shared_ptr<const Model>> Model::Load(const std::string& path,
                                                         const ModelOptions& options) {
  HEDDLE_ASSIGN_OR_RETURN(std::unique_ptr<ArtifactFile> file,
                          ArtifactFile::Open(path, options.target_cpu));
  return Make(std::move(file), options);
}

absl::StatusOr<std::shared_ptr<const Model>> Model::LoadFromMemory(absl::Span<const uint8_t> bytes,
                                                                   const ModelOptions& options,
                                                                   const std::string& name) {
  HEDDLE_ASSIGN_OR_RETURN(std::unique_ptr<ArtifactFile> file,
                          ArtifactFile::FromMemory(bytes, name, options.target_cpu));
  return Make(std::move(file), options);
}

absl::StatusOr<std::shared_ptr<const Model>> Model::Make(std::unique_ptr<ArtifactFile> file,
                                                         const ModelOptions& options) {
  std::shared_ptr<Model> model(new Model);
  model->file_ = std::move(file);
  absl::Status status = model->Prepare(options);
  if (!status.ok()) {
    return absl::Status(status.code(), absl::StrCat(model->file_->name(), ": ", status.message()));
  }
  return model;
}

absl::Status Model::Prepare(const ModelOptions& options) {
  HEDDLE_ASSIGN_OR_RETURN(executable_.program, DecodeProgram(file_->program()));
  const DecodedProgram& program = executable_.program;
  executable_.weights = file_->weights();
  HEDDLE_RETURN_IF_ERROR(VerifyProgram(program, executable_.weights.size()));
  HEDDLE_RETURN_IF_ERROR(FindFunctions(options));
  HEDDLE_ASSIGN_OR_RETURN(code_, LoadedCode::Load(*file_, program.kernels.size(), program.imports));
  executable_.kernels = code_->kernels();
  std::vector<bool> repeats(program.graphs.size());
  for (const ProgramGraph& graph : program.graphs) {
    for (const ProgramTask& task : graph.tasks) {
      // Iterations that run apart are spread as they are.
      if (task.kind == program::TaskKind::kBranch || task.Int("heddle.grain", 0) > 0) continue;
      for (uint32_t body : task.graphs) repeats[body] = true;
    }
  }
  for (size_t g = 0; g < program.graphs.size(); ++g) {
    executable_.graphs.push_back(std::make_unique<GraphInfo>(program.graphs[g], repeats[g]));
  }
  for (uint32_t v : program.graphs[0].inputs) inputs_.push_back(Signature(v));
  for (uint32_t v : program.graphs[0].outputs) outputs_.push_back(Signature(v));
  return absl::OkStatus();
}

absl::Status Model::FindFunctions(const ModelOptions& options) {
  std::set<std::string> missing;
  for (const ProgramGraph& graph : executable_.program.graphs) {
    std::vector<LibraryTarget>& targets = executable_.library.emplace_back(graph.tasks.size());
    for (size_t t = 0; t < graph.tasks.size(); ++t) {
      if (graph.tasks[t].kind != program::TaskKind::kLibrary) continue;
      std::string_view name = graph.tasks[t].function;
      if (name.substr(0, kCustomPrefix.size()) == kCustomPrefix) {
        auto it = options.custom_operators.find(std::string(name.substr(kCustomPrefix.size())));
        if (it != options.custom_operators.end()) targets[t].custom = it->second;
      } else {
        targets[t].function = FindLibraryFunction(name);
      }
      if (targets[t].function == nullptr && targets[t].custom == nullptr) {
        missing.insert(Quoted(name));
      }
    }
  }
  if (missing.empty()) return absl::OkStatus();
  return absl::UnimplementedError(
      absl::StrCat("the model needs functions that are not registered or not in this runtime: ",
                   absl::StrJoin(missing, ", ")));
}

TensorSignature Model::Signature(uint32_t v) const {
  const ProgramGraph& graph = executable_.program.graphs[0];
  const ProgramValue& value = graph.values[v];
  TensorSignature signature;
  signature.name = std::string(value.name);
  signature.element_type = value.element_type;
  for (uint32_t d : value.dims) {
    const program::Expr& e = graph.exprs[d];
    if (e.kind() == program::ExprKind::kConstant) {
      signature.dims.push_back({e.lhs(), ""});
    } else {
      signature.dims.push_back({-1, executable_.graphs[0]->ExprText(d)});
    }
  }
  return signature;
}

int Model::FindInput(std::string_view name) const { return Find(inputs_, name); }
int Model::FindOutput(std::string_view name) const { return Find(outputs_, name); }

size_t Model::task_count() const {
  size_t count = 0;
  for (const ProgramGraph& graph : executable_.program.graphs) count += graph.tasks.size();
  return count;
}

std::string Model::CodeDigest() const { return DigestText(file_->footer().code_digest); }
std::string Model::WeightsDigest() const { return DigestText(file_->footer().weights_digest); }

}  // namespace heddle
