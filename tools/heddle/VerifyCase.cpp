// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/VerifyCase.h"

#include "frontends/onnx/TensorFile.h"
#include "runtime/session/session.h"
#include "tools/heddle/Console.h"
#include "tools/heddle/LoadedModel.h"
#include "tools/heddle/TensorExchange.h"

#include <filesystem>
#include <list>

namespace heddle::cli {

namespace {

VerifyResult passed() { return {Verdict::Passed, ""}; }
VerifyResult failed(std::string reason) { return {Verdict::Failed, std::move(reason)}; }

/// What Heddle does not support is skipped; everything else that goes wrong is a failure.
VerifyResult resultOf(const absl::Status &status, const std::string &doing) {
  VerifyResult result;
  result.verdict = absl::IsUnimplemented(status) ? Verdict::Skipped : Verdict::Failed;
  result.reason = (absl::IsUnimplemented(status) ? "" : doing + ": ") + messageOf(status);
  return result;
}

std::string fileName(const std::string &path) {
  return std::filesystem::path(path).filename().string();
}

/// Test data from before numpy's users agreed on a bfloat16 holds its bits as uint16.
void readAsBFloat16(HostTensor &tensor, const TensorSignature &expected) {
  if (tensor.type == ElementType::kUint16 && expected.element_type == ElementType::kBFloat16)
    tensor.type = ElementType::kBFloat16;
}

/// Sets the inputs from the files: by the name inside the file where the model has it, else by
/// position. The tensors are kept in `kept` for as long as the session reads them.
absl::Status setInputs(Session &session, const DataSet &set, std::list<HostTensor> &kept) {
  const Model &model = session.model();
  for (size_t position = 0; position < set.inputs.size(); ++position) {
    absl::StatusOr<HostTensor> read = readTensorFile(set.inputs[position]);
    if (!read.ok())
      return read.status();
    kept.push_back(*std::move(read));
    int index = model.FindInput(kept.back().name);
    if (index < 0)
      index = static_cast<int>(position);
    if (index >= static_cast<int>(model.inputs().size()))
      return absl::InvalidArgumentError(set.inputs[position] + ": the model has " +
                                        std::to_string(model.inputs().size()) +
                                        " inputs, and none is called '" + kept.back().name + "'");
    readAsBFloat16(kept.back(), model.inputs()[index]);
    absl::StatusOr<Tensor> tensor = borrow(kept.back());
    if (!tensor.ok())
      return tensor.status();
    if (absl::Status status = session.SetInput(index, *tensor); !status.ok())
      return status;
  }
  return absl::OkStatus();
}

VerifyResult checkOutputs(const Session &session, const DataSet &set, const Tolerance &tolerance) {
  const Model &model = session.model();
  for (size_t position = 0; position < set.outputs.size(); ++position) {
    absl::StatusOr<HostTensor> want = readTensorFile(set.outputs[position]);
    if (!want.ok())
      return resultOf(want.status(), "reading");
    int index = model.FindOutput(want->name);
    if (index < 0)
      index = static_cast<int>(position);
    if (index >= static_cast<int>(model.outputs().size()))
      return failed(fileName(set.outputs[position]) + ": the model has no output '" + want->name +
                    "'");
    readAsBFloat16(*want, model.outputs()[index]);
    const std::string &name = model.outputs()[index].name;
    if (!session.output(index).defined())
      return failed("output '" + name + "' has no value");
    HostTensor got = copyOf(session.output(index), name);
    if (auto why = difference(got, *want, tolerance))
      return failed("output '" + name + "': " + *why);
  }
  return passed();
}

/// The same where `expected` has run on the same inputs. What passes tells its errors.
VerifyResult checkAgainst(const Session &session, const Session &expected,
                          const Tolerance &tolerance) {
  VerifyResult result = passed();
  const Model &model = session.model();
  for (size_t index = 0; index < model.outputs().size(); ++index) {
    const std::string &name = model.outputs()[index].name;
    if (!session.output(index).defined() || !expected.output(index).defined())
      return failed("output '" + name + "' has no value");
    HostTensor got = copyOf(session.output(index), name);
    HostTensor want = copyOf(expected.output(index), name);
    if (auto why = difference(got, want, tolerance))
      return failed("output '" + name + "': " + *why);
    result.reason += (index ? "; '" : "'") + name + "': " + errorText(got, want);
  }
  return result;
}

VerifyResult verifyDataSet(Session &session, Session *expected, const DataSet &set,
                           const Tolerance &tolerance) {
  std::list<HostTensor> inputs;
  if (absl::Status status = setInputs(session, set, inputs); !status.ok())
    return resultOf(status, "inputs");
  if (absl::Status status = session.Run(); !status.ok())
    return resultOf(status, "running");
  if (!expected)
    return checkOutputs(session, set, tolerance);
  if (absl::Status status = setInputs(*expected, set, inputs); !status.ok())
    return resultOf(status, "inputs");
  if (absl::Status status = expected->Run(); !status.ok())
    return resultOf(status, "running at precision f32");
  return checkAgainst(session, *expected, tolerance);
}

/// A session of a model, compiled or loaded. `why` says what failed.
absl::StatusOr<std::unique_ptr<Session>> sessionOf(const std::string &file,
                                                   const VerifyOptions &options,
                                                   ChildReport &report, std::string &why) {
  TemporaryFile compiled;
  std::string path = file;
  if (!isArtifact(file)) {
    why = "compiling";
    CompileRequest request = options.compile;
    request.model = file;
    request.output = path = compiled.path();
    auto summary = compileHere(request, [&](const char *phase) { report.phase(phase); });
    if (!summary.ok())
      return summary.status();
  }
  why = "loading";
  report.phase(why);
  auto model = Model::Load(path, {});
  if (!model.ok())
    return model.status();
  SessionOptions sessionOptions;
  sessionOptions.threads = options.threads;
  return Session::Create(*model, sessionOptions);
}

} // namespace

const char *verdictName(Verdict verdict) {
  switch (verdict) {
  case Verdict::Passed:
    return "passed";
  case Verdict::Skipped:
    return "skipped";
  case Verdict::Failed:
    break;
  }
  return "failed";
}

VerifyResult verifyCase(const Case &theCase, const VerifyOptions &options, ChildReport &report) {
  if (theCase.model.empty())
    return {Verdict::Skipped, "no model.onnx in the folder, and no --model"};
  std::string why;
  auto session = sessionOf(theCase.model, options, report, why);
  if (!session.ok())
    return resultOf(session.status(), why);
  if (theCase.dataSets.empty())
    return failed("no test_data_set_* in the folder");
  std::unique_ptr<Session> expected;
  if (options.againstF32) {
    if (isArtifact(theCase.model))
      return failed("an artifact has one precision: give the model");
    VerifyOptions f32 = options;
    f32.compile.precision = "f32";
    auto other = sessionOf(theCase.model, f32, report, why);
    if (!other.ok())
      return resultOf(other.status(), why);
    expected = *std::move(other);
  }
  std::string errors;
  for (const DataSet &set : theCase.dataSets) {
    report.phase("running " + fileName(set.folder));
    VerifyResult result = verifyDataSet(**session, expected.get(), set, options.tolerance);
    if (result.verdict == Verdict::Passed) {
      errors += (errors.empty() ? "" : "; ") + result.reason;
      continue;
    }
    if (theCase.dataSets.size() > 1)
      result.reason = fileName(set.folder) + ": " + result.reason;
    return result;
  }
  return {Verdict::Passed, errors};
}

} // namespace heddle::cli
