// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels as the compiler would emit them, for the runtime's tests. Built without the C library
// into the kind of shared object an artifact holds.

#include "runtime/artifact/kernel_abi.h"

typedef float (*Float1)(float);
typedef void* (*Copy)(void*, const void*, unsigned long);

// Order: KernelId and kImports in program_builder.h.
void* heddle_imports[2];

// result[i] = left[i] + right[i]
static int32_t Add(void* const* b, const int64_t* dims, int64_t begin, int64_t end, void* s) {
  for (int64_t i = begin; i < end; ++i) {
    ((float*)b[2])[i] = ((const float*)b[0])[i] + ((const float*)b[1])[i];
  }
  return HEDDLE_KERNEL_OK;
}

// result[i] = 2 * operand[i] + 1
static int32_t Scale(void* const* b, const int64_t* dims, int64_t begin, int64_t end, void* s) {
  for (int64_t i = begin; i < end; ++i) ((float*)b[1])[i] = 2 * ((const float*)b[0])[i] + 1;
  return HEDDLE_KERNEL_OK;
}

// result[i] = exp(operand[i]), through an import
static int32_t Exp(void* const* b, const int64_t* dims, int64_t begin, int64_t end, void* s) {
  for (int64_t i = begin; i < end; ++i) {
    ((float*)b[1])[i] = ((Float1)heddle_imports[0])(((const float*)b[0])[i]);
  }
  return HEDDLE_KERNEL_OK;
}

// Fails for every point from dims[0] on.
static int32_t Fail(void* const* b, const int64_t* dims, int64_t begin, int64_t end, void* s) {
  for (int64_t i = begin; i < end; ++i) {
    if (i >= dims[0]) return HEDDLE_KERNEL_INDEX_OUT_OF_RANGE;
    ((float*)b[1])[i] = ((const float*)b[0])[i];
  }
  return HEDDLE_KERNEL_OK;
}

// result = operand followed by one row: [n, w] and [1, w] to [n + 1, w]; dims: n, w. One point.
static int32_t Append(void* const* b, const int64_t* dims, int64_t begin, int64_t end, void* s) {
  Copy copy = (Copy)heddle_imports[1];
  if (begin == end) return HEDDLE_KERNEL_OK;
  copy(b[2], b[0], dims[0] * dims[1] * sizeof(float));
  copy((float*)b[2] + dims[0] * dims[1], b[1], dims[1] * sizeof(float));
  return HEDDLE_KERNEL_OK;
}

// result[0] = operand[0] < dims[0], as a bool. One point.
static int32_t Less(void* const* b, const int64_t* dims, int64_t begin, int64_t end, void* s) {
  *(unsigned char*)b[1] = *(const float*)b[0] < (float)dims[0];
  return HEDDLE_KERNEL_OK;
}

// Reverses through the scratch memory of dims[0] floats; fails where that is misaligned.
static int32_t Reverse(void* const* b, const int64_t* dims, int64_t begin, int64_t end, void* s) {
  float* scratch = (float*)s;
  if (((uint64_t)s & 63) != 0) return HEDDLE_KERNEL_SHAPE_MISMATCH;
  for (int64_t i = 0; i < dims[0]; ++i) scratch[i] = ((const float*)b[0])[dims[0] - 1 - i];
  for (int64_t i = 0; i < dims[0]; ++i) ((float*)b[1])[i] = scratch[i];
  return HEDDLE_KERNEL_OK;
}

// For the stress test: result = mix of all operands; dims[0] operands of one uint32 per point.
// Slow enough that chunks overlap.
static int32_t Mix(void* const* b, const int64_t* dims, int64_t begin, int64_t end, void* s) {
  for (int64_t i = begin; i < end; ++i) {
    uint32_t h = (uint32_t)dims[1] * 2654435761u + (uint32_t)i;
    for (int64_t k = 0; k < dims[0]; ++k) h = (h ^ ((const uint32_t*)b[k])[i]) * 16777619u;
    ((uint32_t*)b[dims[0]])[i] = h;
  }
  return HEDDLE_KERNEL_OK;
}

// result[i] = operand[i] + operand[0], which is read once for all points that find it in scratch memory.
static int32_t Shift(void* const* b, const int64_t* dims, int64_t begin, int64_t end, void* s) {
  int64_t* held = (int64_t*)s;
  float* first = (float*)(held + 1);
  if (*held == 0) *first = ((const float*)b[0])[0];
  *held = 1;
  for (int64_t i = begin; i < end; ++i) ((float*)b[1])[i] = ((const float*)b[0])[i] + *first;
  return HEDDLE_KERNEL_OK;
}

static int32_t Nothing(void* const* b, const int64_t* dims, int64_t begin, int64_t end, void* s) {
  return HEDDLE_KERNEL_OK;
}

const HeddleKernel heddle_kernels[] = {Add,  Scale,   Exp, Fail,  Append,
                                       Less, Reverse, Mix, Shift, Nothing};
