// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/model_tool.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "frontends/onnx/NpyFile.h"
#include "runtime/session/model.h"
#include "runtime/session/session.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"
#include "runtime/tools/tensor_json.h"
#include "runtime/tools/tool_result.h"

namespace heddle {
namespace {

std::string TypeText(const TensorSignature& input) {
  return absl::StrCat(Absl(ElementTypeName(input.element_type)), input.ShapeText());
}

// The schema of a file that has none for the model.
Json SchemaOf(const Model& model) {
  Json properties = Json::object(), required = Json::array();
  for (const TensorSignature& input : model.inputs()) {
    properties[input.name] = {
        {"description", TypeText(input) + " as nested lists, or the path of an .npy file"}};
    required.push_back(input.name);
  }
  return {{"type", "object"}, {"properties", properties}, {"required", required}};
}

// The path comes from a plan: it may name tensors, not devices or pipes that would block.
absl::StatusOr<Tensor> TensorFromFile(const std::string& path, ElementType type, BufferPool& pool) {
  struct stat about = {};
  if (!path.ends_with(".npy")) {
    return absl::InvalidArgumentError(absl::StrCat(
        Absl(Quoted(path)),
        " is no tensor: that is nested lists of numbers, or the path of a file that ends in .npy"));
  }
  if (stat(path.c_str(), &about) != 0) {
    const std::string reason = std::generic_category().message(errno);
    return absl::InvalidArgumentError(
        absl::StrCat(Absl(Quoted(path)), " cannot be read: ", reason));
  }
  if (!S_ISREG(about.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(Absl(Quoted(path)), " is no regular file"));
  }
  HEDDLE_ASSIGN_OR_RETURN(const HostTensor host, readNpyFile(path));
  if (host.type != type) {
    return absl::InvalidArgumentError(
        absl::StrCat(Absl(Quoted(path)), " holds ", Absl(ElementTypeName(host.type))));
  }
  HEDDLE_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Allocate(type, host.dims, pool));
  std::memcpy(tensor.data(), host.bytes.data(), host.bytes.size());
  return tensor;
}

// The model with the sessions that no call uses at the moment. Shared with calls that were
// cancelled, which may go on a little longer than the tool.
class SessionPool {
 public:
  explicit SessionPool(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

  const Model& model() const { return *model_; }

  absl::StatusOr<std::unique_ptr<Session>> Take() {
    {
      std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<Session> session = std::move(idle_.back());
        idle_.pop_back();
        return session;
      }
    }
    return Session::Create(model_, {});
  }
  void Return(std::unique_ptr<Session> session) {
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(session));
  }

 private:
  const std::shared_ptr<const Model> model_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Session>> idle_;
};

// What a call under way and its work have in common: the session to cancel.
class Cancellation {
 public:
  void Cancel() {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (session_) session_->Cancel();
  }
  absl::Status Run(Session& session) {
    {
      std::lock_guard lock(mutex_);
      if (cancelled_) return absl::CancelledError("cancelled");
      session_ = &session;
    }
    absl::Status status = session.Run();
    std::lock_guard lock(mutex_);
    session_ = nullptr;
    return status;
  }

 private:
  std::mutex mutex_;
  Session* session_ = nullptr;
  bool cancelled_ = false;
};

absl::Status SetInputs(Session& session, const Json& arguments) {
  const std::vector<TensorSignature>& inputs = session.model().inputs();
  const auto pool = std::make_shared<BufferPool>(DefaultAllocator());
  if (!arguments.is_object()) return absl::InvalidArgumentError("the inputs must have names");
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto value = arguments.find(inputs[i].name);
    if (value == arguments.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the input '", inputs[i].name, "' (", TypeText(inputs[i]), ") is missing"));
    }
    absl::StatusOr<Tensor> tensor =
        value->is_string()
            ? TensorFromFile(value->get_ref<const std::string&>(), inputs[i].element_type, *pool)
            : TensorFromJson(*value, inputs[i].element_type, pool);
    absl::Status status =
        tensor.ok() ? session.SetInput(static_cast<int>(i), *std::move(tensor)) : tensor.status();
    if (!status.ok()) {
      return absl::Status(status.code(),
                          absl::StrCat("the input '", inputs[i].name, "' (", TypeText(inputs[i]),
                                       "): ", status.message()));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Json> RunOnce(SessionPool& sessions, Cancellation& cancellation,
                             const Json& arguments) {
  HEDDLE_ASSIGN_OR_RETURN(std::unique_ptr<Session> session, sessions.Take());
  HEDDLE_RETURN_IF_ERROR(SetInputs(*session, arguments));
  HEDDLE_RETURN_IF_ERROR(cancellation.Run(*session));
  Json result = Json::object();
  const std::vector<TensorSignature>& outputs = sessions.model().outputs();
  for (size_t i = 0; i < outputs.size(); ++i) {
    HEDDLE_ASSIGN_OR_RETURN(result[outputs[i].name],
                            TensorToJson(session->output(static_cast<int>(i))));
  }
  sessions.Return(std::move(session));
  return result;
}

ToolOutcome RunCall(SessionPool& sessions, Cancellation& cancellation, const Json& arguments) {
  Json results = Json::array();
  const bool batch = arguments.is_array();
  for (const Json& call : batch ? arguments : Json::array({arguments})) {
    absl::StatusOr<Json> result = RunOnce(sessions, cancellation, call);
    if (!result.ok()) return ErrorFromStatus(result.status());
    results.push_back(*std::move(result));
  }
  return batch ? results : results[0];
}

class ModelCall : public ToolCall {
 public:
  explicit ModelCall(std::shared_ptr<Cancellation> cancellation)
      : cancellation_(std::move(cancellation)) {}
  ~ModelCall() override { cancellation_->Cancel(); }
  std::unique_ptr<ToolCall> work;

 private:
  const std::shared_ptr<Cancellation> cancellation_;
};

class ModelTool : public Tool {
 public:
  ModelTool(ToolDescription description, std::shared_ptr<const Model> model, ToolHost& host)
      : Tool(std::move(description)),
        sessions_(std::make_shared<SessionPool>(std::move(model))),
        host_(host) {}

  std::unique_ptr<ToolCall> StartCall(Json arguments, const ToolCallOptions&, Done done) override {
    auto cancellation = std::make_shared<Cancellation>();
    auto call = std::make_unique<ModelCall>(cancellation);
    call->work = host_.threads.Run(
        [sessions = sessions_, cancellation, arguments = std::move(arguments)] {
          return RunCall(*sessions, *cancellation, arguments);
        },
        std::move(done));
    return call;
  }

 private:
  const std::shared_ptr<SessionPool> sessions_;
  ToolHost& host_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Tool>> MakeModelTool(const ToolSpec& spec, ToolHost& host) {
  HEDDLE_ASSIGN_OR_RETURN(std::shared_ptr<const Model> model,
                          Model::Load(std::get<ModelRun>(spec.run).path, {}));
  ToolDescription description = spec.description;
  if (!spec.has_schema) description.input_schema = SchemaOf(*model);
  return std::make_unique<ModelTool>(std::move(description), std::move(model), host);
}

}  // namespace heddle
