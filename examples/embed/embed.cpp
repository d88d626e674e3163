// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loads a compiled model and runs it from several threads at once, each with a session of its own.
// Inputs are zeros; symbolic dimensions are 1.
//
//   heddle compile model.onnx -o model.heddle
//   embed model.heddle [THREADS]

#include <heddle/heddle.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

using namespace heddle::api;

// Memory for an input, which lives as long as the session reads it.
struct Input {
  std::vector<int64_t> dims;
  std::vector<char> bytes;
};

static Input zerosFor(const Signature &signature) {
  Input input;
  int64_t count = 1;
  for (const Dim &dim : signature.dims) {
    input.dims.push_back(dim.size < 0 ? 1 : dim.size);
    count *= input.dims.back();
  }
  int32_t bits = heddle_element_type_bits(signature.element_type);
  input.bytes.resize((count * bits + 7) / 8);
  return input;
}

static Error runOnce(const Model &model, std::string &report) {
  Result<Session> session = model.MakeSession({.threads = 1});
  if (!session)
    return session.error();
  std::vector<Input> inputs;
  for (const Signature &signature : model.Inputs())
    inputs.push_back(zerosFor(signature));
  for (size_t i = 0; i < inputs.size(); ++i) {
    HeddleValue value = {};
    value.kind = HEDDLE_VALUE_TENSOR;
    value.as.tensor.data = inputs[i].bytes.data();
    value.as.tensor.capacity = inputs[i].bytes.size();
    value.as.tensor.element_type = model.Inputs()[i].element_type;
    value.as.tensor.rank = static_cast<int32_t>(inputs[i].dims.size());
    value.as.tensor.dims = inputs[i].dims.data();
    if (Error e = session->SetInput(static_cast<int>(i), value))
      return e;
  }
  if (Error e = session->Run())
    return e;
  for (size_t i = 0; i < model.Outputs().size(); ++i) {
    Result<TensorView> output = session->Output(static_cast<int>(i));
    if (!output)
      return output.error();
    report += model.Outputs()[i].name + ":";
    for (int64_t dim : output->dims())
      report += " " + std::to_string(dim);
    if (auto numbers = output->elements<float>(); !numbers.empty())
      report += ", first " + std::to_string(numbers[0]);
    report += "\n";
  }
  return Error();
}

int main(int argc, char **argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s MODEL.heddle [THREADS]\n", argv[0]);
    return 2;
  }
  Result<Model> model = Model::Load(argv[1]);
  if (!model) {
    std::fprintf(stderr, "%s\n", model.error().message().c_str());
    return 1;
  }
  int threads = argc > 2 ? std::max(1, std::atoi(argv[2])) : 2;
  std::vector<std::string> reports(threads), errors(threads);
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t)
    workers.emplace_back([&, t] {
      if (Error e = runOnce(*model, reports[t]))
        errors[t] = e.message();
    });
  for (std::thread &worker : workers)
    worker.join();
  for (int t = 0; t < threads; ++t) {
    if (!errors[t].empty()) {
      std::fprintf(stderr, "%s\n", errors[t].c_str());
      return 1;
    }
    if (reports[t] != reports[0]) {
      std::fprintf(stderr, "two threads got different results\n");
      return 1;
    }
  }
  std::printf("heddle %s, %d threads\n%s", heddle_version(), threads, reports[0].c_str());
  return 0;
}
