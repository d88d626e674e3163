// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/cpu_features.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "runtime/support/text.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace heddle {
namespace {

struct Feature {
  std::string_view name;
  bool present;
};

#if defined(__x86_64__)

struct Registers {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

Registers Cpuid(unsigned leaf, unsigned subleaf) {
  Registers r;
  if (!__get_cpuid_count(leaf, subleaf, &r.a, &r.b, &r.c, &r.d)) r = {};
  return r;
}

bool Bit(unsigned word, int bit) { return (word >> bit & 1) != 0; }

// The register sets that the operating system saves on a context switch.
uint64_t SavedState(bool has_xgetbv) {
  if (!has_xgetbv) return 0;
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}

std::vector<Feature> Detect() {
  const Registers r1 = Cpuid(1, 0), r7 = Cpuid(7, 0), r71 = Cpuid(7, 1), r19 = Cpuid(0x19, 0);
  const Registers rd = Cpuid(0xd, 1), r14 = Cpuid(0x14, 0);
  const Registers e1 = Cpuid(0x80000001, 0), e8 = Cpuid(0x80000008, 0);
  const uint64_t saved = SavedState(Bit(r1.c, 27));
  const bool avx = (saved & 0x6) == 0x6;              // xmm, ymm
  const bool avx512 = avx && (saved & 0xe0) == 0xe0;  // masks, upper halves, zmm16-31
  const bool tiles = (saved & 0x60000) == 0x60000;
  return {
      {"64bit", true},
      {"cx8", Bit(r1.d, 8)},
      {"cmov", Bit(r1.d, 15)},
      {"mmx", Bit(r1.d, 23)},
      {"fxsr", Bit(r1.d, 24)},
      {"x87", Bit(r1.d, 0)},
      {"sse", Bit(r1.d, 25)},
      {"sse2", Bit(r1.d, 26)},
      {"sse3", Bit(r1.c, 0)},
      {"pclmul", Bit(r1.c, 1)},
      {"ssse3", Bit(r1.c, 9)},
      {"fma", avx && Bit(r1.c, 12)},
      {"cx16", Bit(r1.c, 13)},
      {"sse4.1", Bit(r1.c, 19)},
      {"sse4.2", Bit(r1.c, 20)},
      {"crc32", Bit(r1.c, 20)},
      {"movbe", Bit(r1.c, 22)},
      {"popcnt", Bit(r1.c, 23)},
      {"aes", Bit(r1.c, 25)},
      {"xsave", Bit(r1.c, 26)},
      {"avx", avx && Bit(r1.c, 28)},
      {"f16c", avx && Bit(r1.c, 29)},
      {"rdrnd", Bit(r1.c, 30)},
      {"fsgsbase", Bit(r7.b, 0)},
      {"sgx", Bit(r7.b, 2)},
      {"bmi", Bit(r7.b, 3)},
      {"avx2", avx && Bit(r7.b, 5)},
      {"bmi2", Bit(r7.b, 8)},
      {"invpcid", Bit(r7.b, 10)},
      {"rtm", Bit(r7.b, 11)},
      {"avx512f", avx512 && Bit(r7.b, 16)},
      {"evex512", avx512 && Bit(r7.b, 16)},
      {"avx512dq", avx512 && Bit(r7.b, 17)},
      {"rdseed", Bit(r7.b, 18)},
      {"adx", Bit(r7.b, 19)},
      {"avx512ifma", avx512 && Bit(r7.b, 21)},
      {"clflushopt", Bit(r7.b, 23)},
      {"clwb", Bit(r7.b, 24)},
      {"avx512cd", avx512 && Bit(r7.b, 28)},
      {"sha", Bit(r7.b, 29)},
      {"avx512bw", avx512 && Bit(r7.b, 30)},
      {"avx512vl", avx512 && Bit(r7.b, 31)},
      {"prefetchi", Bit(r71.d, 14)},
      {"avx512vbmi", avx512 && Bit(r7.c, 1)},
      {"pku", Bit(r7.c, 4)},
      {"waitpkg", Bit(r7.c, 5)},
      {"avx512vbmi2", avx512 && Bit(r7.c, 6)},
      {"shstk", Bit(r7.c, 7)},
      {"gfni", Bit(r7.c, 8)},
      {"vaes", avx && Bit(r7.c, 9)},
      {"vpclmulqdq", avx && Bit(r7.c, 10)},
      {"avx512vnni", avx512 && Bit(r7.c, 11)},
      {"avx512bitalg", avx512 && Bit(r7.c, 12)},
      {"avx512vpopcntdq", avx512 && Bit(r7.c, 14)},
      {"rdpid", Bit(r7.c, 22)},
      {"kl", Bit(r7.c, 23)},
      {"cldemote", Bit(r7.c, 25)},
      {"movdiri", Bit(r7.c, 27)},
      {"movdir64b", Bit(r7.c, 28)},
      {"enqcmd", Bit(r7.c, 29)},
      {"uintr", Bit(r7.d, 5)},
      {"avx512vp2intersect", avx512 && Bit(r7.d, 8)},
      {"serialize", Bit(r7.d, 14)},
      {"tsxldtrk", Bit(r7.d, 16)},
      {"pconfig", Bit(r7.d, 18)},
      {"amx-bf16", tiles && Bit(r7.d, 22)},
      {"avx512fp16", avx512 && Bit(r7.d, 23)},
      {"amx-tile", tiles && Bit(r7.d, 24)},
      {"amx-int8", tiles && Bit(r7.d, 25)},
      {"sha512", avx && Bit(r71.a, 0)},
      {"sm3", avx && Bit(r71.a, 1)},
      {"sm4", avx && Bit(r71.a, 2)},
      {"raoint", Bit(r71.a, 3)},
      {"avxvnni", avx && Bit(r71.a, 4)},
      {"avx512bf16", avx512 && Bit(r71.a, 5)},
      {"cmpccxadd", Bit(r71.a, 7)},
      {"amx-fp16", tiles && Bit(r71.a, 21)},
      {"hreset", Bit(r71.a, 22)},
      {"avxifma", avx && Bit(r71.a, 23)},
      {"avxvnniint8", avx && Bit(r71.d, 4)},
      {"avxneconvert", avx && Bit(r71.d, 5)},
      {"amx-complex", tiles && Bit(r71.d, 8)},
      {"avxvnniint16", avx && Bit(r71.d, 10)},
      {"ptwrite", Bit(r14.b, 4)},
      {"widekl", Bit(r7.c, 23) && Bit(r19.b, 2)},
      {"xsaveopt", Bit(rd.a, 0)},
      {"xsavec", Bit(rd.a, 1)},
      {"xsaves", Bit(rd.a, 3)},
      {"sahf", Bit(e1.c, 0)},
      {"lzcnt", Bit(e1.c, 5)},
      {"sse4a", Bit(e1.c, 6)},
      {"prfchw", Bit(e1.c, 8)},
      {"xop", Bit(e1.c, 11)},
      {"lwp", Bit(e1.c, 15)},
      {"fma4", Bit(e1.c, 16)},
      {"tbm", Bit(e1.c, 21)},
      {"mwaitx", Bit(e1.c, 29)},
      {"clzero", Bit(e8.b, 0)},
      {"rdpru", Bit(e8.b, 4)},
      {"wbnoinvd", Bit(e8.b, 9)},
  };
}

// Linux hands out the tile registers per process and on demand: 0, or why it does not.
int RequestTiles() {
  constexpr long kRequestPermission = 0x1023;
  constexpr long kTileData = 18;
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0 ? 0 : errno;
}

#else

std::vector<Feature> Detect() {
  return {{"neon", true}, {"fp-armv8", true}, {"outline-atomics", true}};
}
int RequestTiles() { return ENOSYS; }

#endif

const std::vector<Feature>& HostFeatures() {
  static const std::vector<Feature>* features = new std::vector<Feature>(Detect());
  return *features;
}

}  // namespace

absl::Status CheckCpuFeatures(const std::vector<std::string_view>& features) {
  bool wants_tiles = false;
  for (std::string_view name : features) {
    const std::vector<Feature>& host = HostFeatures();
    auto it = std::find_if(host.begin(), host.end(),
                           [&](const Feature& feature) { return feature.name == name; });
    if (it == host.end()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "artifact needs the CPU feature ", Quoted(name), ", which this runtime does not know"));
    }
    if (!it->present) {
      return absl::FailedPreconditionError(
          absl::StrCat("artifact needs ", Absl(name),
                       ", this CPU has not; compile it with "
                       "--target-cpu native here, or for an older CPU"));
    }
    wants_tiles |= name == "amx-tile";
  }
  if (!wants_tiles) return absl::OkStatus();
  static const int refused = RequestTiles();  // once: the answer is the process's
  if (refused == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("artifact needs amx-tile, and the kernel does not grant the tile registers (",
                   std::strerror(refused), "); compile it here, or with --target-cpu x86-64-v4"));
}

std::vector<std::string_view> HostCpuFeatures() {
  std::vector<std::string_view> names;
  for (const Feature& feature : HostFeatures()) {
    if (feature.present) names.push_back(feature.name);
  }
  return names;
}

}  // namespace heddle
