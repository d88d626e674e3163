// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Target.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/X86TargetParser.h"

namespace heddle::codegen {
namespace {

struct Extension {
  const char *name;
  int level; // the x86-64 level that includes it; 9 for none
};

// Everything generated code may use beyond x86-64-v1. Order is part of the artifact: keep it.
constexpr Extension kExtensions[] = {
    {"cx16", 2},       {"popcnt", 2},     {"sse3", 2},     {"ssse3", 2},    {"sse4.1", 2},
    {"sse4.2", 2},     {"avx", 3},        {"avx2", 3},     {"bmi", 3},      {"bmi2", 3},
    {"f16c", 3},       {"fma", 3},        {"lzcnt", 3},    {"movbe", 3},    {"avx512f", 4},
    {"avx512bw", 4},   {"avx512cd", 4},   {"avx512dq", 4}, {"avx512vl", 4}, {"avx512vnni", 9},
    {"avx512vbmi", 9}, {"avx512bf16", 9}, {"avxvnni", 9},  {"amx-tile", 9}, {"amx-int8", 9},
    {"amx-bf16", 9},   {"prfchw", 9},
};

int levelOf(llvm::StringRef cpu) {
  return llvm::StringSwitch<int>(cpu)
      .Case("x86-64", 1)
      .Case("x86-64-v2", 2)
      .Case("x86-64-v3", 3)
      .Case("x86-64-v4", 4)
      .Default(0);
}

/// What a CPU has that LLVM knows by this name; empty for others.
llvm::SmallVector<llvm::StringRef> featuresOf(llvm::StringRef cpu) {
  llvm::SmallVector<llvm::StringRef> features;
  if (llvm::X86::parseArchX86(cpu, /*Only64Bit=*/true) != llvm::X86::CK_None)
    llvm::X86::getFeaturesForCPU(cpu, features);
  return features;
}

} // namespace

llvm::FailureOr<Target> Target::resolve(const TargetOptions &options,
                                        llvm::function_ref<void(const std::string &)> onError) {
  Target target;
  target.level = options.optLevel;
  if (options.cpu == "native" || options.cpu.empty()) {
    llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
    target.cpuName = target.tuneName = llvm::sys::getHostCPUName().str();
    for (const Extension &extension : kExtensions)
      if (host.lookup(extension.name) &&
          (options.nativeTiles || !llvm::StringRef(extension.name).starts_with("amx")))
        target.featureNames.push_back(extension.name);
    return target;
  }
  int level = levelOf(options.cpu);
  llvm::SmallVector<llvm::StringRef> features;
  if (level == 0)
    features = featuresOf(options.cpu);
  if (!features.empty()) {
    target.cpuName = target.tuneName = options.cpu;
    for (const Extension &extension : kExtensions)
      if (llvm::is_contained(features, extension.name))
        target.featureNames.push_back(extension.name);
    return target;
  }
  if (level == 0) {
    onError("there is no target CPU '" + options.cpu +
            "'; native, x86-64-v2, x86-64-v3, x86-64-v4 and CPUs by LLVM's name are");
    return llvm::failure();
  }
  target.cpuName = options.cpu;
  target.tuneName = "generic";
  for (const Extension &extension : kExtensions)
    if (extension.level <= level)
      target.featureNames.push_back(extension.name);
  return target;
}

llvm::FailureOr<std::vector<Target>>
Target::resolveAll(const TargetOptions &options,
                   llvm::function_ref<void(const std::string &)> onError) {
  llvm::SmallVector<llvm::StringRef> names;
  llvm::StringRef(options.cpu).split(names, ',');
  llvm::StringSet<> seen;
  std::vector<Target> targets;
  for (llvm::StringRef name : names) {
    TargetOptions one = options;
    // Nothing between commas is a mistake, nothing at all the default.
    one.cpu = name.empty() && names.size() > 1 ? " " : name.str();
    if (!seen.insert(name).second) {
      onError("target CPU '" + one.cpu + "' is given twice");
      return llvm::failure();
    }
    llvm::FailureOr<Target> target = resolve(one, onError);
    if (failed(target))
      return llvm::failure();
    targets.push_back(*std::move(target));
  }
  llvm::stable_sort(targets, [](const Target &a, const Target &b) {
    return a.featureNames.size() > b.featureNames.size();
  });
  return targets;
}

bool Target::has(llvm::StringRef feature) const {
  return llvm::is_contained(featureNames, feature);
}

int64_t Target::vectorBytes() const { return hasAvx512() ? 64 : has("avx") && hasAvx2() ? 32 : 16; }

Target Target::with(Schedule &schedule) const {
  Target copy = *this;
  copy.schedule = &schedule;
  return copy;
}

std::string Target::featureString() const {
  std::string text;
  for (const std::string &feature : featureNames)
    text += (text.empty() ? "+" : ",+") + feature;
  return text;
}

} // namespace heddle::codegen
