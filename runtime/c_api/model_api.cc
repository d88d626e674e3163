// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C ABI: versions, statuses, models.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/artifact/format.h"
#include "runtime/c_api/handles.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

#define HEDDLE_TEXT(x) #x
#define HEDDLE_NUMBER_TEXT(x) HEDDLE_TEXT(x)

HeddleStatus no_memory{HEDDLE_RESOURCE_EXHAUSTED, ""};

absl::Status NullPointer(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("null pointer for ", Absl(what)));
}

absl::StatusOr<ModelOptions> ReadOptions(const HeddleModelOptions& options) {
  ModelOptions result;
  if (options.target_cpu != nullptr) result.target_cpu = options.target_cpu;
  if (options.custom_operators == nullptr && options.custom_operator_count != 0) {
    return NullPointer("the custom operators");
  }
  // The stride of the caller's array is the size that its elements state.
  const char* at = reinterpret_cast<const char*>(options.custom_operators);
  for (size_t i = 0; i < options.custom_operator_count; ++i) {
    const auto* element = reinterpret_cast<const HeddleCustomOperator*>(at);
    HeddleCustomOperator description;
    HEDDLE_RETURN_IF_ERROR(ReadStruct(element, description));
    HEDDLE_ASSIGN_OR_RETURN(std::shared_ptr<const CustomOperator> op,
                            MakeCustomOperator(description));
    std::string name = absl::StrCat(description.domain, ":", description.name);
    if (!result.custom_operators.emplace(name, std::move(op)).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("custom operator ", Quoted(name), " is given twice"));
    }
    at += CallersSize(*element);
  }
  return result;
}

template <typename Load>
HeddleStatus* LoadModel(const HeddleModelOptions* given, HeddleModel** out, Load load) {
  return Guard([&]() -> absl::Status {
    if (out == nullptr) return NullPointer("the model");
    *out = nullptr;
    HeddleModelOptions options;
    HEDDLE_RETURN_IF_ERROR(ReadStruct(given, options));
    HEDDLE_ASSIGN_OR_RETURN(ModelOptions model_options, ReadOptions(options));
    HEDDLE_ASSIGN_OR_RETURN(std::shared_ptr<const Model> model, load(model_options));
    auto handle = std::make_unique<HeddleModel>(std::move(model));
    if (options.log != nullptr) {
      std::string message =
          absl::StrCat("loaded ", handle->model->file().name(), ": ", handle->model->task_count(),
                       " tasks, ", handle->model->program().kernels.size(), " kernels, ",
                       handle->model->file().weights().size(), " bytes of weights");
      options.log(options.log_user, HEDDLE_LOG_INFO, message.c_str());
    }
    *out = handle.release();
    return absl::OkStatus();
  });
}

HeddleStatus* WriteSignature(const std::vector<std::unique_ptr<HeddleModel::Signature>>& list,
                             int32_t index, HeddleSignature* out) {
  return Guard([&]() -> absl::Status {
    if (index < 0 || static_cast<size_t>(index) >= list.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("index ", index, " of ", list.size(), " inputs or outputs"));
    }
    const HeddleModel::Signature& s = *list[index];
    HeddleSignature signature = {};
    signature.name = s.name.c_str();
    signature.element_type = s.element_type;
    signature.rank = static_cast<int32_t>(s.dims.size());
    signature.dims = s.dims.data();
    signature.symbols = s.symbols.data();
    return WriteStruct(signature, out);
  });
}

}  // namespace

HeddleStatus* MakeStatus(const absl::Status& status) {
  if (status.ok()) return nullptr;
  try {
    return new HeddleStatus{static_cast<HeddleStatusCode>(status.code()),
                            std::string(status.message())};
  } catch (...) {
    return &no_memory;
  }
}

}  // namespace heddle

using heddle::Guard;

HeddleModel::Signature::Signature(const heddle::TensorSignature& signature)
    : name(signature.name), element_type(static_cast<int32_t>(signature.element_type)) {
  for (const heddle::TensorSignature::Dim& dim : signature.dims) {
    dims.push_back(dim.size);
    symbol_texts.push_back(dim.symbol);
  }
  for (const std::string& text : symbol_texts) symbols.push_back(text.c_str());
}

HeddleModel::HeddleModel(std::shared_ptr<const heddle::Model> loaded) : model(std::move(loaded)) {
  for (const auto& s : model->inputs()) inputs.push_back(std::make_unique<Signature>(s));
  for (const auto& s : model->outputs()) outputs.push_back(std::make_unique<Signature>(s));
  producer = std::string(model->program().metadata.producer);
  source = std::string(model->program().metadata.source);
  target_cpu = model->target().cpu;
  for (const heddle::ArtifactTarget& target : model->file().targets()) {
    target_cpus += (target_cpus.empty() ? "" : ",") + target.cpu;
  }
  code_digest = model->CodeDigest();
  weights_digest = model->WeightsDigest();
}

extern "C" {

const char* heddle_version(void) {
  return HEDDLE_NUMBER_TEXT(HEDDLE_VERSION_MAJOR) "." HEDDLE_NUMBER_TEXT(
      HEDDLE_VERSION_MINOR) "." HEDDLE_NUMBER_TEXT(HEDDLE_VERSION_PATCH);
}
uint32_t heddle_version_number(void) {
  return HEDDLE_VERSION_MAJOR * 10000 + HEDDLE_VERSION_MINOR * 100 + HEDDLE_VERSION_PATCH;
}
uint32_t heddle_artifact_version(void) { return heddle::kArtifactVersion; }

HeddleStatusCode heddle_status_code(const HeddleStatus* status) {
  return status != nullptr ? status->code : HEDDLE_OK;
}
const char* heddle_status_message(const HeddleStatus* status) {
  return status != nullptr ? status->message.c_str() : "";
}
void heddle_status_free(HeddleStatus* status) {
  if (status != &heddle::no_memory) delete status;
}

const char* heddle_element_type_name(HeddleElementType type) {
  return heddle::ElementTypeName(static_cast<heddle::ElementType>(type)).data();
}
int32_t heddle_element_type_bits(HeddleElementType type) {
  return heddle::ElementBits(static_cast<heddle::ElementType>(type));
}

HeddleStatus* heddle_model_load(const char* path, const HeddleModelOptions* options,
                                HeddleModel** out) {
  return heddle::LoadModel(
      options, out,
      [&](const heddle::ModelOptions& o) -> absl::StatusOr<std::shared_ptr<const heddle::Model>> {
        if (path == nullptr) return heddle::NullPointer("the path");
        return heddle::Model::Load(path, o);
      });
}

HeddleStatus* heddle_model_load_memory(const void* data, size_t size,
                                       const HeddleModelOptions* options, HeddleModel** out) {
  return heddle::LoadModel(
      options, out,
      [&](const heddle::ModelOptions& o) -> absl::StatusOr<std::shared_ptr<const heddle::Model>> {
        if (data == nullptr) return heddle::NullPointer("the artifact");
        return heddle::Model::LoadFromMemory({static_cast<const uint8_t*>(data), size}, o);
      });
}

void heddle_model_free(HeddleModel* model) { delete model; }

int32_t heddle_model_input_count(const HeddleModel* model) {
  return model != nullptr ? static_cast<int32_t>(model->inputs.size()) : 0;
}
int32_t heddle_model_output_count(const HeddleModel* model) {
  return model != nullptr ? static_cast<int32_t>(model->outputs.size()) : 0;
}
HeddleStatus* heddle_model_input(const HeddleModel* model, int32_t index, HeddleSignature* out) {
  if (model == nullptr) return Guard([] { return heddle::NullPointer("the model"); });
  return heddle::WriteSignature(model->inputs, index, out);
}
HeddleStatus* heddle_model_output(const HeddleModel* model, int32_t index, HeddleSignature* out) {
  if (model == nullptr) return Guard([] { return heddle::NullPointer("the model"); });
  return heddle::WriteSignature(model->outputs, index, out);
}
int32_t heddle_model_find_input(const HeddleModel* model, const char* name) {
  return model != nullptr && name != nullptr ? model->model->FindInput(name) : -1;
}
int32_t heddle_model_find_output(const HeddleModel* model, const char* name) {
  return model != nullptr && name != nullptr ? model->model->FindOutput(name) : -1;
}

HeddleStatus* heddle_model_info(const HeddleModel* model, HeddleModelInfo* out) {
  return Guard([&]() -> absl::Status {
    if (model == nullptr) return heddle::NullPointer("the model");
    HeddleModelInfo info = {};
    info.producer = model->producer.c_str();
    info.source = model->source.c_str();
    info.target_cpu = model->target_cpu.c_str();
    info.code_digest = model->code_digest.c_str();
    info.weights_digest = model->weights_digest.c_str();
    const heddle::ArtifactFooter& footer = model->model->file().footer();
    info.code_bytes = model->model->target().code_size;
    info.program_bytes = model->model->target().program_size;
    info.weight_bytes = footer.weights_size;
    info.parameters = model->model->program().metadata.parameters;
    info.tasks = model->model->task_count();
    info.kernels = model->model->program().kernels.size();
    info.target_cpus = model->target_cpus.c_str();
    return heddle::WriteStruct(info, out);
  });
}

HeddleStatus* heddle_model_verify_weights(const HeddleModel* model) {
  return Guard([&]() -> absl::Status {
    if (model == nullptr) return heddle::NullPointer("the model");
    return model->model->VerifyWeights();
  });
}

}  // extern "C"
