// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `heddle inspect`: a model file as it describes itself, without compiling it; an artifact with
// what is in it.

#include "runtime/graph/shape_plan.h"
#include "tools/heddle/CommandLine.h"
#include "tools/heddle/Console.h"
#include "tools/heddle/LoadedModel.h"
#include "tools/heddle/ModelSummary.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace heddle::cli {

using Json = nlohmann::ordered_json;

namespace {

struct InspectCommand {
  std::string model;
  CompileFlags flags;
  bool json = false;

  int run() const;
};

/// Numbers as numbers, names as names.
Json dimJson(const std::string &dim) {
  bool number =
      !dim.empty() && dim.size() < 19 && dim.find_first_not_of("0123456789") == std::string::npos;
  return number ? Json(std::stoll(dim)) : Json(dim);
}

Json valuesJson(const std::vector<ValueSummary> &values) {
  Json list = Json::array();
  for (const ValueSummary &value : values) {
    Json dims = Json::array();
    for (const std::string &dim : value.dims)
      dims.push_back(dimJson(dim));
    list.push_back({{"name", value.name},
                    {"type", value.type},
                    {"shape", value.ranked ? dims : Json(nullptr)}});
  }
  return list;
}

Json modelJson(const std::string &path, const ModelSummary &summary) {
  Json all;
  all["kind"] = "model";
  all["file"] = path;
  all["producer"] = summary.producer;
  all["producer_version"] = summary.producerVersion;
  all["licence"] = summary.licence();
  all["ir_version"] = summary.irVersion;
  all["model_version"] = summary.modelVersion;
  all["domain"] = summary.domain;
  all["description"] = summary.description;
  all["graph"] = summary.graph;
  auto main = summary.opsets.find("ai.onnx");
  all["opset"] = main == summary.opsets.end() ? 0 : main->second;
  all["opsets"] = summary.opsets;
  all["properties"] = summary.properties;
  all["parameters"] = summary.parameters;
  all["parameter_bytes"] = summary.parameterBytes;
  all["external_files"] = summary.externalFiles;
  all["inputs"] = valuesJson(summary.inputs);
  all["outputs"] = valuesJson(summary.outputs);
  all["operators"] = summary.operators;
  return all;
}

std::vector<ValueSummary> valuesOf(const std::vector<TensorSignature> &signatures) {
  std::vector<ValueSummary> values;
  for (const TensorSignature &signature : signatures) {
    ValueSummary value{
        signature.name, std::string(ElementTypeName(signature.element_type)), true, {}};
    for (const TensorSignature::Dim &dim : signature.dims)
      value.dims.push_back(dim.size >= 0 ? std::to_string(dim.size) : dim.symbol);
    values.push_back(value);
  }
  return values;
}

/// The arena's size where all shapes are known ahead; else it depends on the inputs.
Json arenaJson(const Model &model) {
  for (const TensorSignature &input : model.inputs())
    for (const TensorSignature::Dim &dim : input.dims)
      if (dim.size < 0)
        return nullptr;
  std::vector<Tensor> inputs;
  static char nothing[64];
  for (const TensorSignature &input : model.inputs()) {
    std::vector<int64_t> dims;
    for (const TensorSignature::Dim &dim : input.dims)
      dims.push_back(dim.size);
    inputs.push_back(Tensor::Share(input.element_type, dims, nothing, 0, nullptr));
  }
  auto plan = MakeShapePlan(*model.executable().graphs[0], inputs);
  return plan.ok() ? Json((*plan)->arena_bytes) : Json(nullptr);
}

Json artifactJson(const std::string &path, const Model &model) {
  const ArtifactFooter &footer = model.file().footer();
  const ProgramMetadata &metadata = model.program().metadata;
  Json all;
  all["kind"] = "artifact";
  all["file"] = path;
  all["format_version"] = footer.version;
  all["producer"] = std::string(metadata.producer);
  all["source"] = std::string(metadata.source);
  all["source_digest"] = std::string(metadata.source_digest);
  all["model_producer"] = std::string(metadata.model_producer);
  all["licence"] = std::string(metadata.model_licence);
  all["opset"] = metadata.opset;
  all["parameters"] = metadata.parameters;
  all["target_cpu"] = model.target().cpu;
  all["target_features"] = model.target().features;
  if (model.file().targets().size() > 1)
    for (const ArtifactTarget &target : model.file().targets())
      all["targets"].push_back({{"cpu", target.cpu},
                                {"code", target.code_size},
                                {"program", target.program_size},
                                {"features", target.features}});
  all["cores"] = model.program().cores;
  all["sections"] = {{"code", model.target().code_size},
                     {"program", model.target().program_size},
                     {"weights", footer.weights_size}};
  all["digest"] = model.CodeDigest();
  all["weights_digest"] = model.WeightsDigest();
  all["kernels"] = model.program().kernels.size();
  all["tasks"] = model.task_count();
  all["graphs"] = model.program().graphs.size();
  all["arena_bytes"] = arenaJson(model);
  all["inputs"] = valuesJson(valuesOf(model.inputs()));
  all["outputs"] = valuesJson(valuesOf(model.outputs()));
  Json operators = Json::object();
  for (const auto &[name, count] : metadata.operators)
    operators[std::string(name)] = count;
  all["operators"] = operators;
  return all;
}

std::string plain(const Json &value) {
  return oneLine(value.is_string() ? value.get<std::string>()
                                   : value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void printValues(const char *title, const Json &values) {
  std::printf("%s\n", title);
  for (const Json &value : values) {
    std::string shape;
    for (const Json &dim : value["shape"])
      shape += (shape.empty() ? "" : ", ") + plain(dim);
    std::printf("  %s: %s %s\n", plain(value["name"]).c_str(), plain(value["type"]).c_str(),
                value["shape"].is_null() ? "of any shape" : ("[" + shape + "]").c_str());
  }
}

void printOperators(const Json &operators) {
  std::vector<std::pair<int64_t, std::string>> counts;
  for (const auto &[name, count] : operators.items())
    counts.emplace_back(-count.get<int64_t>(), name);
  std::sort(counts.begin(), counts.end());
  std::printf("operators\n");
  for (const auto &[count, name] : counts)
    std::printf("  %6lld %s\n", static_cast<long long>(-count), oneLine(name).c_str());
}

/// The scalar fields as a table, then the lists.
void print(const Json &all) {
  for (const auto &[name, value] : all.items()) {
    if (name == "inputs" || name == "outputs" || name == "operators" || value.is_null() ||
        (value.is_string() && value.get<std::string>().empty()) ||
        (value.is_structured() && value.empty()))
      continue;
    std::string label = name;
    std::replace(label.begin(), label.end(), '_', ' ');
    std::printf("%-18s %s\n", label.c_str(), plain(value).c_str());
  }
  printValues("inputs", all["inputs"]);
  printValues("outputs", all["outputs"]);
  printOperators(all["operators"]);
}

int InspectCommand::run() const {
  auto request = flags.request(model);
  if (!request.ok())
    return fail(request.status());
  Json all;
  // A file in Heddle's own dialect says little before it is compiled.
  if (isArtifact(model) || std::filesystem::path(model).extension() == ".mlir") {
    auto loaded = loadModel(*request, !flags.noCache);
    if (!loaded.ok())
      return fail(loaded.status());
    all = artifactJson(model, *loaded->model);
  } else {
    auto summary = summarizeModel(model);
    if (!summary.ok())
      return fail(summary.status());
    all = modelJson(model, *summary);
  }
  if (json)
    std::printf("%s\n", all.dump(1, ' ', false, Json::error_handler_t::replace).c_str());
  else
    print(all);
  return exitDone;
}

} // namespace

Command addInspect(CLI::App &app) {
  auto command = std::make_shared<InspectCommand>();
  app.add_option("MODEL", command->model, "A model, or an artifact made by heddle compile")
      ->required();
  app.add_flag("--json", command->json, "Print as JSON");
  command->flags.addTo(app);
  return [command] { return command->run(); };
}

} // namespace heddle::cli
