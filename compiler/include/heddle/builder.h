/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Programs written by hand, for what no exporter can say: tasks beside each other, bodies over many
 * elements, recurrences with a combiner. A part of libheddle_compiler; heddle/builder.hpp has the
 * same for C++, with lambdas for regions.
 *
 *   HeddleBuilder* b = heddle_builder_new("sums");
 *   const char* dims[] = {"n", "8"};
 *   HeddleNode x = heddle_builder_input(b, "x", HEDDLE_FLOAT32, dims, 2), y;
 *   heddle_builder_op(b, "Relu", &x, 1, NULL, &y, 1);
 *   heddle_builder_output(b, "y", y);
 *   HeddleCompilation* result = heddle_builder_compile(b, "sums.heddle", NULL);
 *   heddle_builder_free(b);
 *
 * Errors: the first one stays with the builder, later calls do nothing, and compiling reports it; so
 * a program is built without checks in between. Nothing throws. Threads: one at a time for a
 * builder. Ownership: a builder belongs to the caller; data of constants is copied. */

#ifndef HEDDLE_BUILDER_H_
#define HEDDLE_BUILDER_H_

#include <heddle/compiler.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct HeddleBuilder HeddleBuilder;
/* A value of the program; -1 where an error kept it from being made. */
typedef int32_t HeddleNode;

/* NULL where there is no memory. The others take NULL as a builder with an error. */
HEDDLE_COMPILER_API HeddleBuilder* heddle_builder_new(const char* name);
HEDDLE_COMPILER_API void heddle_builder_free(HeddleBuilder* builder);
/* "" as long as all is well; belongs to the builder. */
HEDDLE_COMPILER_API const char* heddle_builder_error(const HeddleBuilder* builder);

/* Element types are those of HeddleElementType in heddle/heddle.h. A dimension is a number, a name,
 * or an expression over names: "8", "seq", "2*seq + 1". */
HEDDLE_COMPILER_API HeddleNode heddle_builder_input(HeddleBuilder* builder, const char* name,
                                                    int32_t element_type, const char* const* dims,
                                                    size_t rank);
HEDDLE_COMPILER_API HeddleNode heddle_builder_constant(HeddleBuilder* builder, int32_t element_type,
                                                       const int64_t* dims, size_t rank,
                                                       const void* data, size_t size);
HEDDLE_COMPILER_API void heddle_builder_output(HeddleBuilder* builder, const char* name,
                                               HeddleNode value);

/* An operator of ONNX at its newest version, such as "MatMul". `attributes` as MLIR writes them,
 * "axis = 1 : i64", or NULL. -1 stands for an optional input that is left out. */
HEDDLE_COMPILER_API void heddle_builder_op(HeddleBuilder* builder, const char* op,
                                           const HeddleNode* inputs, size_t input_count,
                                           const char* attributes, HeddleNode* results,
                                           size_t result_count);

/* The value of a future, once its region has made it. */
HEDDLE_COMPILER_API HeddleNode heddle_builder_await(HeddleBuilder* builder, HeddleNode future);

/* Caches, of docs/caches.md: values that grow along axis 0 and keep their contents.
 *   "open"      a cache that begins as a tensor
 *   "append"    a cache and entries: the cache with them behind
 *   "view"      a cache or snapshot: its entries as a tensor
 *   "snapshot"  a cache: the version as it is, to be viewed or forked
 *   "fork"      a cache or snapshot: a cache of its own with the same entries
 *   "truncate"  a cache and a length, an int64 tensor of one element: its first entries */
HEDDLE_COMPILER_API HeddleNode heddle_builder_cache(HeddleBuilder* builder, const char* what,
                                                    const HeddleNode* inputs, size_t input_count);

/* Operations with regions, of docs/generated/heddle.md:
 *   "spawn"    a region of no arguments that runs beside what follows; results are futures
 *   "map"      a region over the elements of the inputs along axis 0
 *   "streams"  a region for each of `count` groups of inputs; attribute "count = 4 : i64"
 *   "scan"     `states` initial states, then elements; regions apply (states, element -> states) and
 *              combine (element, element -> element); results are last states, then all states.
 *              With apply alone it is declared associative and is the combiner too: then an element
 *              has the types of the states
 *   "dag_scan" `states` tables, as many writes, reads, then elements; attribute "read_tables =
 *              array<i64: ...>" with the table of each read; a region of the rows read and the
 *              elements yields a row for each table, then marks; results are last tables, then marks
 * begin, then for each region: region, what stands in it, yield; then end. */
HEDDLE_COMPILER_API void heddle_builder_begin(HeddleBuilder* builder, const char* op,
                                              const HeddleNode* inputs, size_t input_count,
                                              const char* attributes, size_t states);
/* Returns how many arguments the region has; the first `capacity` are written. */
HEDDLE_COMPILER_API size_t heddle_builder_region(HeddleBuilder* builder, HeddleNode* arguments,
                                                 size_t capacity);
HEDDLE_COMPILER_API void heddle_builder_yield(HeddleBuilder* builder, const HeddleNode* values,
                                              size_t count);
HEDDLE_COMPILER_API size_t heddle_builder_end(HeddleBuilder* builder, HeddleNode* results,
                                              size_t capacity);

/* Compiles as heddle_compile_file does; the builder can only be freed afterwards. */
HEDDLE_COMPILER_API HeddleCompilation* heddle_builder_compile(HeddleBuilder* builder,
                                                              const char* output,
                                                              const HeddleCompileOptions* options);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* HEDDLE_BUILDER_H_ */
