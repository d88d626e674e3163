/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Heddle's compiler as a C library (libheddle_compiler): an ONNX model in, an artifact out, in a
 * file or in memory. What it makes is run by the library of heddle/heddle.h, which does not need
 * this one.
 *
 *   HeddleDim batch = {"batch", 1};
 *   HeddleCompileOptions options = {.struct_size = sizeof options, .dims = &batch, .dim_count = 1};
 *   HeddleCompilation* result = heddle_compile_file("model.onnx", "model.heddle", &options);
 *   if (heddle_compilation_code(result) != 0) puts(heddle_compilation_message(result));
 *   heddle_compilation_free(result);
 *
 * Errors: values of the result, with the numbers of HeddleStatusCode in heddle/heddle.h: 3 (invalid
 * argument) for bad input, 5 (not found) for a missing file, 12 (unimplemented) for what is not
 * supported, 13 (internal) for a defect of Heddle. Messages are one line.
 *
 * Threads: reentrant; a compilation uses threads of its own and shares nothing with others.
 * Ownership: a result belongs to the caller; texts and bytes asked of it belong to the result.
 * Growth: structures begin with their size; set `struct_size` to sizeof the structure. 0 stands for
 * its first version: fields that are marked "later" are then neither read nor written. Fields are
 * only ever added at the end, and zero always means the default. */

#ifndef HEDDLE_COMPILER_H_
#define HEDDLE_COMPILER_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEDDLE_COMPILER_API __attribute__((visibility("default")))

/* What to make. */
typedef enum HeddleEmit {
  HEDDLE_EMIT_ARTIFACT = 0, /* what heddle_model_load takes */
  HEDDLE_EMIT_PROGRAM = 1,  /* the graph program alone */
  HEDDLE_EMIT_HEDDLE = 2,   /* MLIR of the parallel level; compiles again */
  HEDDLE_EMIT_TASK = 3,     /* MLIR of the task level, with the kernels */
  HEDDLE_EMIT_LLVM = 4,     /* optimised LLVM IR of the kernels */
  HEDDLE_EMIT_OBJECT = 5,   /* the kernels as a shared object */
  HEDDLE_EMIT_HEADER = 6,   /* a C header with the artifact's bytes */
  HEDDLE_EMIT_SCHEDULES = 7 /* JSON: kernels that could be scheduled otherwise, and how */
} HeddleEmit;

/* A dimension made static: a symbolic name, or INPUT:AXIS for one without. */
typedef struct HeddleDim {
  const char* name;
  int64_t size;
} HeddleDim;

/* Called as each phase starts, on the thread that compiles; the text is valid during the call. */
typedef void (*HeddleCompileProgress)(void* user, const char* phase);

typedef struct HeddleCompileOptions {
  size_t struct_size;
  const HeddleDim* dims;
  size_t dim_count;
  /* "native" (also for NULL), "x86-64-v2", "x86-64-v3", "x86-64-v4", or a CPU as LLVM calls it
   * ("sapphirerapids"); with several, commas between them, the artifact has code for each, and
   * loading picks the best one that the CPU runs. The CPU that compiles must run all of them:
   * constants are computed with the code that will use them. */
  const char* target_cpu;
  int32_t emit;      /* HeddleEmit */
  int32_t opt_level; /* 1 to 3; 0: the default, which is 3; -1: do not optimise */
  int32_t threads;   /* that generate code; 0: 2; the result does not depend on it */
  int32_t cores;     /* that the program is made for; 0: 2; 1: nothing is put beside the rest */
  int64_t max_constant_bytes;        /* what constants that the model computes may take; 0: 2 GiB */
  const char* const* custom_domains; /* whose operators are registered when the model is loaded */
  size_t custom_domain_count;
  HeddleCompileProgress progress;
  void* progress_user;
  /* later, like all that follow. Not 0: loops stay as they were written. */
  int32_t no_scans;
  /* Not 0: combiners that a model declares are tried on random values. */
  int32_t verify_associativity;
  /* "recurrent", "chunk" or "tree" for every scan, to compare; NULL: chosen. */
  const char* scan_form;
  /* Not 0: states that only grow are stored with time as axis 0, and grow in place. */
  int32_t caches;
  /* Where kernels are kept and found, whatever model they are of; NULL: nowhere. The result is the
   * same, byte for byte. A folder that others may write to is not used. */
  const char* cache_dir;
  /* JSON: what kernels are to get otherwise than usual; NULL: what was found to be best on this
   * machine and is kept in cache_dir. */
  const char* schedules;
  /* Not 0: nothing that was found is used. */
  int32_t no_tuned;
  /* Of products and convolutions of f32: "f32" (also for NULL), or "bf16": operands are rounded to
   * it where the target multiplies it faster. */
  const char* precision;
  /* Not 0: no convolution by Winograd's minimal filtering, which rounds otherwise. */
  int32_t no_winograd;
} HeddleCompileOptions;

typedef struct HeddleCompilation HeddleCompilation;

/* Compiles an ONNX model, or a file in Heddle's own dialect (*.mlir). With `output` the result is
 * written there, with NULL it is kept in memory. Options may be NULL. Returns NULL only where there
 * is no memory for the result itself. */
HEDDLE_COMPILER_API HeddleCompilation* heddle_compile_file(const char* model, const char* output,
                                                           const HeddleCompileOptions* options);
/* The same for a model in memory, which cannot have external data; `name` stands for the file in
 * errors. */
HEDDLE_COMPILER_API HeddleCompilation* heddle_compile_memory(const void* model, size_t size,
                                                             const char* name, const char* output,
                                                             const HeddleCompileOptions* options);

/* A plan of function calls as MLIR, in memory: of `emit`, HEDDLE_EMIT_HEDDLE and HEDDLE_EMIT_TASK are
 * possible. `tools` is a JSON array of tools as a tools file lists them, without "run". */
HEDDLE_COMPILER_API HeddleCompilation* heddle_compile_plan(const char* plan, const char* name,
                                                           const char* tools,
                                                           const HeddleCompileOptions* options);

/* 0 for success; NULL has a code too (8, no memory). */
HEDDLE_COMPILER_API int32_t heddle_compilation_code(const HeddleCompilation* result);
/* "" for success. */
HEDDLE_COMPILER_API const char* heddle_compilation_message(const HeddleCompilation* result);
/* The result in memory; NULL where it went to a file. */
HEDDLE_COMPILER_API const void* heddle_compilation_data(const HeddleCompilation* result,
                                                        size_t* size);

typedef struct HeddleCompileStatistics {
  size_t struct_size;
  double seconds;
  uint64_t tasks;          /* of the main graph */
  uint64_t kernels;        /* distinct ones */
  uint64_t cached_kernels; /* later: of them, found in cache_dir */
  uint64_t tuned_kernels;  /* later: of them, scheduled otherwise than usual */
} HeddleCompileStatistics;
HEDDLE_COMPILER_API void heddle_compilation_statistics(const HeddleCompilation* result,
                                                       HeddleCompileStatistics* out);
HEDDLE_COMPILER_API void heddle_compilation_free(HeddleCompilation* result);

/* "0.1.0". */
HEDDLE_COMPILER_API const char* heddle_compiler_version(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* HEDDLE_COMPILER_H_ */
