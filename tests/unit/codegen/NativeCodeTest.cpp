// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From MLIR text to calls of machine code, for every target this machine can run.

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <map>

#include "tests/unit/codegen/KernelLoader.h"

#include "mlir/Parser/Parser.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

struct Compiled {
  NativeCode code;
  LoadedKernels kernels;
};

class NativeCodeTest : public ::testing::TestWithParam<const char *> {
protected:
  NativeCodeTest() {
    DialectRegistry registry;
    registerCodegenDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }
  Target target() {
    auto result = Target::resolve({GetParam(), 3},
                                  [](const std::string &message) { ADD_FAILURE() << message; });
    return *result;
  }
  Compiled compile(const char *text, const std::vector<std::string> &names, int threads = 2) {
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    FailureOr<NativeCode> code = compileNative(*module, names, target(), threads);
    EXPECT_TRUE(succeeded(code));
    return {*code, LoadedKernels::load(*code)};
  }
  MLIRContext context;
};

const char *const kAxpy = R"(
memref.global "private" constant @offsets : memref<4xf32> = dense<[1.0, 2.0, 3.0, 4.0]>
func.func private @scale(%x: f32) -> f32 {
  %two = arith.constant 2.0 : f32
  %y = arith.mulf %x, %two : f32
  return %y : f32
}
func.func @axpy(%x: memref<?xf32>, %y: memref<?xf32>, %n: index, %begin: index, %end: index,
                %scratch: memref<?xi8>) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %ok = arith.constant 0 : i32
  %table = memref.get_global @offsets : memref<4xf32>
  scf.for %i = %begin to %end step %c1 {
    %k = arith.andi %i, %c3 : index
    %o = memref.load %table[%k] : memref<4xf32>
    %a = memref.load %x[%i] : memref<?xf32>
    %s = func.call @scale(%a) : (f32) -> f32
    %t = arith.addf %s, %o : f32
    memref.store %t, %y[%i] : memref<?xf32>
  }
  return %ok : i32
}
func.func @masked(%x: memref<?xf32>, %y: memref<?xf64>, %n: index, %m: index, %begin: index, %end: index,
                  %scratch: memref<?xi8>) -> i32 {
  %c0 = arith.constant 0 : index
  %status = arith.constant 3 : i32
  %zero = arith.constant dense<0.0> : vector<16xf32>
  %mask = vector.create_mask %m : vector<16xi1>
  %v = vector.maskedload %x[%c0], %mask, %zero : memref<?xf32>, vector<16xi1>, vector<16xf32> into vector<16xf32>
  %e = math.exp %v : vector<16xf32>
  %d = arith.extf %e : vector<16xf32> to vector<16xf64>
  %l = math.log %d : vector<16xf64>
  vector.maskedstore %y[%n], %mask, %l : memref<?xf64>, vector<16xi1>, vector<16xf64>
  return %status : i32
}
)";

TEST_P(NativeCodeTest, CallsGlobalsAndGridRange) {
  Compiled compiled = compile(kAxpy, {"masked", "axpy"});
  std::vector<float> x(10, 5.0f), y(10, -1.0f);
  EXPECT_EQ(compiled.kernels.call(1, {x.data(), y.data()}, {10}, 2, 9), 0);
  EXPECT_EQ(y[1], -1.0f);
  EXPECT_EQ(y[2], 13.0f);
  EXPECT_EQ(y[8], 11.0f);
  EXPECT_EQ(y[9], -1.0f);
}

TEST_P(NativeCodeTest, MasksImportsAndStatus) {
  Compiled compiled = compile(kAxpy, {"masked", "axpy"});
  EXPECT_EQ(compiled.code.imports, std::vector<std::string>{"log"});
  std::vector<float> x{0.0f, 1.0f, -2.0f};
  std::vector<double> y(6, -7.0);
  EXPECT_EQ(compiled.kernels.call(0, {x.data(), y.data()}, {1, 3}, 0, 1), 3);
  EXPECT_EQ(y[0], -7.0);
  EXPECT_NEAR(y[2], 1.0, 1e-6);
  EXPECT_NEAR(y[3], -2.0, 1e-6);
  EXPECT_EQ(y[4], -7.0);
}

TEST_P(NativeCodeTest, BytesDoNotDependOnThreads) {
  NativeCode one = compile(kAxpy, {"masked", "axpy"}, 1).code;
  NativeCode four = compile(kAxpy, {"masked", "axpy"}, 4).code;
  EXPECT_EQ(one.elf, four.elf);
}

class ObjectsInMemory final : public ObjectCache {
public:
  std::optional<std::string> find(std::string_view key) override {
    auto found = objects.find(std::string(key));
    return found == objects.end() ? std::nullopt : std::optional(found->second);
  }
  void keep(std::string_view key, std::string_view object) override {
    objects.emplace(std::string(key), std::string(object));
  }
  std::map<std::string, std::string> objects;
};

TEST_P(NativeCodeTest, ObjectsAreFoundUnderOtherNames) {
  ObjectsInMemory cache;
  auto compileWith = [&](std::string text, const std::vector<std::string> &names,
                         ObjectCache *objects) {
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    return *compileNative(*module, names, target(), 1, objects);
  };
  NativeCode without = compileWith(kAxpy, {"masked", "axpy"}, nullptr);
  NativeCode first = compileWith(kAxpy, {"masked", "axpy"}, &cache);
  NativeCode second = compileWith(kAxpy, {"masked", "axpy"}, &cache);
  EXPECT_EQ(first.cached, 0u);
  EXPECT_EQ(second.cached, 2u);
  EXPECT_EQ(without.elf, first.elf);
  EXPECT_EQ(without.elf, second.elf);

  std::string renamed = kAxpy;
  for (size_t at; (at = renamed.find("@axpy")) != std::string::npos;)
    renamed.replace(at, 5, "@a_longer_name");
  NativeCode other = compileWith(renamed, {"a_longer_name"}, &cache);
  EXPECT_EQ(other.cached, 1u);
  EXPECT_EQ(other.elf, compileWith(renamed, {"a_longer_name"}, nullptr).elf);
  std::string name = "a_longer_name.body";
  EXPECT_NE(std::search(other.elf.begin(), other.elf.end(), name.begin(), name.end()),
            other.elf.end())
      << "debuggers and profilers see the kernel's own name";

  // Another kernel, and the same one for another target.
  std::string changed = kAxpy;
  changed.replace(changed.find("constant 2.0"), 12, "constant 3.0");
  EXPECT_EQ(compileWith(changed, {"axpy"}, &cache).cached, 0u);
  Target less = *Target::resolve({GetParam(), 1}, [](const std::string &) {});
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(kAxpy, &context);
  EXPECT_EQ(compileNative(*module, {"axpy"}, less, 1, &cache)->cached, 0u);
}

TEST_P(NativeCodeTest, ASetThatIsAwaitedComesFirst) {
  ObjectsInMemory cache;
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(kAxpy, &context);
  Target cpu = target();
  std::vector<std::string> early;
  size_t compiled = 0; // when the awaited set was there
  std::vector<KernelSet> sets{{*module, {"masked", "axpy"}, &cpu, {}},
                              {*module, {"axpy"}, &cpu, [&](const NativeCode &code) {
                                 early = code.kernels;
                                 compiled = cache.objects.size();
                               }}};
  FailureOr<std::vector<NativeCode>> codes = compileNative(sets, 1, &cache);
  ASSERT_TRUE(succeeded(codes));
  EXPECT_EQ(early, std::vector<std::string>{"axpy"});
  EXPECT_EQ(compiled, 1u);
  EXPECT_EQ(cache.objects.size(), 2u) << "a kernel of two sets is compiled once";
  EXPECT_EQ((*codes)[0].elf, compileNative(*module, {"masked", "axpy"}, cpu, 1)->elf);
  EXPECT_EQ((*codes)[1].elf, compileNative(*module, {"axpy"}, cpu, 1)->elf);
}

TEST_P(NativeCodeTest, HalfWidthFloats) {
  Compiled compiled = compile(R"(
func.func @half(%x: memref<?xbf16>, %y: memref<?xf16>, %z: memref<?xbf16>, %begin: index, %end: index,
                %scratch: memref<?xi8>) -> i32 {
  %c0 = arith.constant 0 : index
  %ok = arith.constant 0 : i32
  %a = vector.load %x[%c0] : memref<?xbf16>, vector<8xbf16>
  %b = vector.load %y[%c0] : memref<?xf16>, vector<8xf16>
  %e = arith.extf %b : vector<8xf16> to vector<8xf32>
  %t = arith.truncf %e : vector<8xf32> to vector<8xbf16>
  %s = arith.addf %a, %t : vector<8xbf16>
  vector.store %s, %z[%c0] : memref<?xbf16>, vector<8xbf16>
  return %ok : i32
}
)",
                              {"half"});
  std::vector<uint16_t> x(8, 0x3f80), y(8, 0x4000), z(8); // 1.0 and 2.0
  EXPECT_EQ(compiled.kernels.call(0, {x.data(), y.data(), z.data()}, {}, 0, 1), 0);
  EXPECT_EQ(z[7], 0x4040); // 3.0
}

TEST_P(NativeCodeTest, EveryF16) {
  Compiled compiled = compile(R"(
func.func @extend(%x: memref<?xf16>, %y: memref<?xf32>, %begin: index, %end: index,
                  %scratch: memref<?xi8>) -> i32 {
  %c1 = arith.constant 1 : index
  %ok = arith.constant 0 : i32
  scf.for %i = %begin to %end step %c1 {
    %a = memref.load %x[%i] : memref<?xf16>
    %b = arith.extf %a : f16 to f32
    memref.store %b, %y[%i] : memref<?xf32>
  }
  return %ok : i32
}
func.func @truncate(%x: memref<?xf32>, %y: memref<?xf16>, %begin: index, %end: index,
                    %scratch: memref<?xi8>) -> i32 {
  %c8 = arith.constant 8 : index
  %ok = arith.constant 0 : i32
  scf.for %i = %begin to %end step %c8 {
    %a = vector.load %x[%i] : memref<?xf32>, vector<8xf32>
    %b = arith.truncf %a : vector<8xf32> to vector<8xf16>
    vector.store %b, %y[%i] : memref<?xf16>, vector<8xf16>
  }
  return %ok : i32
}
)",
                              {"extend", "truncate"});
  EXPECT_TRUE(compiled.code.imports.empty());
  std::vector<uint16_t> x(65536), back(65536);
  std::vector<float> y(65536);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = i;
  compiled.kernels.call(0, {x.data(), y.data()}, {}, 0, x.size());
  auto decode = [](unsigned half) {
    int exponent = half >> 10 & 31, mantissa = half & 0x3ff;
    double size = exponent == 31 ? (mantissa ? NAN : INFINITY)
                  : exponent     ? std::ldexp(1024 + mantissa, exponent - 25)
                                 : std::ldexp(mantissa, -24);
    return half & 0x8000 ? -size : size;
  };
  for (unsigned i = 0; i < 65536; ++i)
    if (std::isnan(decode(i)))
      ASSERT_TRUE(std::isnan(y[i])) << i;
    else
      ASSERT_EQ(y[i], decode(i)) << i;
  compiled.kernels.call(1, {y.data(), back.data()}, {}, 0, x.size());
  for (unsigned i = 0; i < 65536; ++i)
    if (!std::isnan(y[i]))
      ASSERT_EQ(back[i], i);
  // Between two neighbours: the even one; a little more: the upper one.
  for (bool above : {false, true}) {
    std::vector<float> middle(31 * 1024);
    for (unsigned i = 0; i < middle.size(); ++i) {
      double low = decode(i), high = i + 1 == 31 * 1024 ? 65536.0 : decode(i + 1);
      middle[i] = std::nextafter(float((low + high) / 2), above ? INFINITY : 0.0f);
      if (!above)
        middle[i] = (low + high) / 2;
    }
    compiled.kernels.call(1, {middle.data(), back.data()}, {}, 0, middle.size());
    for (unsigned i = 0; i < middle.size(); ++i)
      ASSERT_EQ(back[i], above ? i + 1 : i + i % 2) << i;
  }
}

TEST_P(NativeCodeTest, RefusesOtherSignatures) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(
      "func.func @f(%x: memref<?xf32>, %n: index) { return }", &context);
  std::string message;
  ScopedDiagnosticHandler handler(&context,
                                  [&](Diagnostic &diagnostic) { message = diagnostic.str(); });
  EXPECT_TRUE(failed(compileNative(*module, {"f"}, target())));
  EXPECT_NE(message.find("a kernel takes 1-D memrefs"), std::string::npos);
  EXPECT_TRUE(failed(compileNative(*module, {"g"}, target())));
  EXPECT_NE(message.find("no kernel 'g'"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Targets, NativeCodeTest,
                         ::testing::Values("native", "x86-64-v3", "x86-64-v2"));

} // namespace
