// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiles a model in memory and runs what comes out, without a file in between.
//
//   compile_and_run model.onnx

#include <heddle/compiler.h>
#include <heddle/heddle.hpp>

#include <cstdio>
#include <memory>

using namespace heddle::api;

int main(int argc, char **argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s MODEL.onnx\n", argv[0]);
    return 2;
  }
  HeddleCompileOptions options = {};
  options.struct_size = sizeof options;
  options.progress = [](void *, const char *phase) { std::printf("%s\n", phase); };
  std::unique_ptr<HeddleCompilation, decltype(&heddle_compilation_free)> compiled(
      heddle_compile_file(argv[1], nullptr, &options), heddle_compilation_free);
  if (heddle_compilation_code(compiled.get()) != 0) {
    std::fprintf(stderr, "%s\n", heddle_compilation_message(compiled.get()));
    return 1;
  }
  size_t size = 0;
  auto *bytes = static_cast<const uint8_t *>(heddle_compilation_data(compiled.get(), &size));
  Result<Model> model = Model::LoadMemory({bytes, size});
  if (!model) {
    std::fprintf(stderr, "%s\n", model.error().message().c_str());
    return 1;
  }
  HeddleCompileStatistics statistics = {};
  statistics.struct_size = sizeof statistics;
  heddle_compilation_statistics(compiled.get(), &statistics);
  std::printf("compiler %s: %zu bytes, %.2f s\n", heddle_compiler_version(), size,
              statistics.seconds);
  for (const Signature &input : model->Inputs())
    std::printf("input %s\n", input.name.c_str());
  for (const Signature &output : model->Outputs())
    std::printf("output %s\n", output.name.c_str());
  return 0;
}
