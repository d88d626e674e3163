// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/target_table.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "flatbuffers/flatbuffers.h"
#include "runtime/artifact/cpu_features.h"
#include "runtime/artifact/format.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"
#include "targets_generated.h"

namespace heddle {
namespace {

// Sums cannot overflow because each term is first bounded.
absl::Status CheckPlaces(const ArtifactTarget& t, uint64_t images_end) {
  if (t.image_offset > images_end || t.image_size > images_end - t.image_offset ||
      t.image_offset % kPageAlignment != 0) {
    return absl::DataLossError("damaged artifact: the place of a target's code");
  }
  if (t.program_offset > t.image_size || t.program_size > t.image_size - t.program_offset ||
      t.program_offset % kWeightAlignment != 0) {
    return absl::DataLossError("damaged artifact: program section");
  }
  if (t.code_size > t.program_offset) {
    return absl::DataLossError("damaged artifact: code section");
  }
  return absl::OkStatus();
}

std::string Names(const std::vector<ArtifactTarget>& targets) {
  return absl::StrJoin(targets, ", ", [](std::string* text, const ArtifactTarget& target) {
    absl::StrAppend(text, Quoted(target.cpu));
  });
}

absl::Status CheckCpu(const ArtifactTarget& target) {
  return CheckCpuFeatures({target.features.begin(), target.features.end()});
}

}  // namespace

std::vector<uint8_t> WriteTargets(const std::vector<ArtifactTarget>& targets) {
  flatbuffers::FlatBufferBuilder buffer;
  std::vector<flatbuffers::Offset<program::Target>> list;
  for (const ArtifactTarget& t : targets) {
    program::Digest digest(flatbuffers::make_span(t.digest));
    auto cpu = buffer.CreateString(t.cpu);
    auto features = buffer.CreateVectorOfStrings(t.features);
    list.push_back(program::CreateTarget(buffer, cpu, features, t.image_offset, t.image_size,
                                         t.code_size, t.program_offset, t.program_size, &digest));
  }
  program::FinishTargetsBuffer(buffer, program::CreateTargetsDirect(buffer, &list));
  return {buffer.GetBufferPointer(), buffer.GetBufferPointer() + buffer.GetSize()};
}

absl::StatusOr<std::vector<ArtifactTarget>> ReadTargets(absl::Span<const uint8_t> bytes,
                                                        uint64_t images_end) {
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  if (bytes.size() < 8 || reinterpret_cast<uintptr_t>(bytes.data()) % 8 != 0 ||
      !program::VerifyTargetsBuffer(verifier)) {
    return absl::DataLossError("damaged artifact: the table of its targets");
  }
  std::vector<ArtifactTarget> targets;
  const auto* list = program::GetTargets(bytes.data())->list();
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const program::Target& from = *list->Get(i);
    ArtifactTarget& to = targets.emplace_back();
    if (from.cpu() != nullptr) to.cpu = from.cpu()->str();
    if (from.features() != nullptr) {
      for (const flatbuffers::String* name : *from.features()) to.features.push_back(name->str());
    }
    to.image_offset = from.image_offset();
    to.image_size = from.image_size();
    to.code_size = from.code_size();
    to.program_offset = from.program_offset();
    to.program_size = from.program_size();
    if (from.digest() == nullptr) return absl::DataLossError("damaged artifact: no digest of code");
    std::copy_n(from.digest()->bytes()->begin(), to.digest.size(), to.digest.begin());
    HEDDLE_RETURN_IF_ERROR(CheckPlaces(to, images_end));
  }
  if (targets.empty()) return absl::DataLossError("damaged artifact: it has no code");
  return targets;
}

absl::StatusOr<size_t> PickTarget(const std::vector<ArtifactTarget>& targets,
                                  std::string_view cpu) {
  if (!cpu.empty()) {
    for (size_t i = 0; i < targets.size(); ++i) {
      if (targets[i].cpu != cpu) continue;
      HEDDLE_RETURN_IF_ERROR(CheckCpu(targets[i]));
      return i;
    }
    return absl::NotFoundError(
        absl::StrCat("artifact has no code for ", Quoted(cpu), "; it has for ", Names(targets)));
  }
  std::vector<size_t> order(targets.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return targets[a].features.size() > targets[b].features.size();
  });
  absl::Status last;  // of the target that asks for the least
  for (size_t i : order) {
    last = CheckCpu(targets[i]);
    if (last.ok()) return i;
  }
  if (targets.size() == 1) return last;
  return absl::FailedPreconditionError(absl::StrCat(
      "this CPU runs none of the artifact's targets, ", Names(targets), ": ", last.message()));
}

}  // namespace heddle
