// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The CPU that code is generated for.
//
// A target is a name, a list of instruction set extensions, and nothing else: code uses exactly the
// extensions of that list, so what the runtime has to check before it runs an artifact is the list
// itself. Values are immutable and may be shared between threads.
// For one kernel a target also carries what was found to be best there (Schedule.h).
//
//   FailureOr<Target> target = Target::resolve(TargetOptions{}, emitError);
//   FailureOr<std::vector<Target>> targets = Target::resolveAll({"x86-64-v3,x86-64-v4"}, emitError);
//   int64_t lanes = target->vectorBytes() / sizeof(float);

#ifndef HEDDLE_COMPILER_CODEGEN_TARGET_H
#define HEDDLE_COMPILER_CODEGEN_TARGET_H

#include <string>
#include <vector>

#include "compiler/codegen/Schedule.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"

namespace heddle::codegen {

struct TargetOptions {
  /// Or x86-64-v2, x86-64-v3, x86-64-v4, or LLVM's name of a CPU; several with commas between.
  std::string cpu = "native";
  int optLevel = 3;
  int threads = 2; // that compile kernels; the result does not depend on it
  /// Whether `native` has the tile registers (AMX) that the CPU may have: the operating system has
  /// to grant them to the process, which who resolves has to find out.
  bool nativeTiles = false;
};

class Target {
public:
  /// Fails, after calling `onError`, for a CPU that Heddle has no code for, and for several.
  static llvm::FailureOr<Target> resolve(const TargetOptions &options,
                                         llvm::function_ref<void(const std::string &)> onError);

  /// Each of the CPUs named, the one with the most extensions first. Naming one twice is an error.
  static llvm::FailureOr<std::vector<Target>>
  resolveAll(const TargetOptions &options, llvm::function_ref<void(const std::string &)> onError);

  /// "native" is replaced by the name of this machine's CPU.
  const std::string &cpu() const { return cpuName; }
  const std::string &tuneCpu() const { return tuneName; }
  int optLevel() const { return level; }

  /// What the runtime must find in the CPU, spelled as LLVM and GCC do ("avx512f"); sorted from old
  /// to new.
  const std::vector<std::string> &features() const { return featureNames; }
  bool has(llvm::StringRef feature) const;

  /// Width of the widest vector worth using: 64, 32 or 16.
  int64_t vectorBytes() const;
  bool hasAvx512() const { return has("avx512f") && has("avx512bw") && has("avx512vl"); }
  bool hasAvx2() const { return has("avx2") && has("fma"); }

  /// Whether vectors multiply pairs of bf16 (vdpbf16ps) faster than they multiply and add
  /// f32. Measured: Zen 5 twice as fast, an Intel CPU with tile registers at half the
  /// speed. Of CPUs that are not AMD's the slower is assumed, which costs nothing but the
  /// gain.
  bool hasFastPairs() const {
    return has("avx512bf16") && llvm::StringRef(tuneName).starts_with("znver");
  }
  /// Whether the third cache answers so late that a few rows gain from asking it ahead. Measured: 3
  /// to 5 rows of an Intel server CPU take up to a tenth less time, of Zen 5 up to 5 % more. Of
  /// unnamed CPUs the near one is assumed.
  bool hasFarThirdCache() const {
    llvm::StringRef name = tuneName;
    return has("avx512bf16") && name != "generic" && !name.starts_with("znver");
  }
  bool hasF16c() const { return has("f16c"); }
  /// Number of architectural vector registers.
  int vectorRegisters() const { return hasAvx512() ? 32 : 16; }

  /// "+sse4.2,+avx,..." as LLVM takes it.
  std::string featureString() const;

  /// The same CPU, for a kernel with a schedule, which outlives the result.
  Target with(Schedule &schedule) const;
  /// A number of a kernel's plan; see Schedule.h.
  int64_t choose(llvm::StringRef name, int64_t usual, llvm::ArrayRef<int64_t> others) const {
    return schedule ? schedule->choose(name, usual, others) : usual;
  }

private:
  Schedule *schedule = nullptr;
  std::string cpuName, tuneName;
  int level = 3;
  std::vector<std::string> featureNames;
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_TARGET_H
