/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Heddle's runtime as a C library: load a compiled model, run it, from as many threads as you like.
 *
 *   HeddleModel* model = NULL;
 *   HeddleSession* session = NULL;
 *   float pixels[3 * 640 * 640];
 *   int64_t dims[] = {1, 3, 640, 640};
 *   HeddleValue x = {.kind = HEDDLE_VALUE_TENSOR,
 *                    .as.tensor = {.data = pixels, .element_type = HEDDLE_FLOAT32,
 *                                  .rank = 4, .dims = dims}};
 *   HeddleValue y;
 *   HeddleStatus* status = heddle_model_load("model.heddle", NULL, &model);
 *   if (status == NULL) status = heddle_session_create(model, NULL, &session);
 *   if (status == NULL) status = heddle_session_set_input(session, 0, &x);
 *   if (status == NULL) status = heddle_session_run(session);
 *   if (status == NULL) status = heddle_session_output(session, 0, &y);
 *   if (status != NULL) puts(heddle_status_message(status));
 *   heddle_status_free(status);
 *   heddle_session_free(session);
 *   heddle_model_free(model);
 *
 * Errors: functions that can fail return a HeddleStatus*, NULL for success, else to be freed with
 * heddle_status_free. Nothing throws, nothing ends the process because of bad input.
 *
 * Threads: a model is immutable and serves any number of sessions and threads at once. A session
 * serves one thread at a time; heddle_session_cancel may be called from any. All sessions of a
 * process share one set of worker threads.
 *
 * Ownership: handles are freed by the functions named ..._free; a session keeps its model alive.
 * Memory given as input or output belongs to the caller, and stays valid until it is replaced or
 * the session is freed; an input's also as long as a fork or a version has it. Functions and `user`
 * pointers given in options are called until what is made with them is freed, as is said there.
 * Pointers that a function returns belong to the handle it was asked of.
 *
 * Growth: structures begin with their size where the library reads or fills them by pointer; set
 * `struct_size` to sizeof the structure. 0 stands for its first version: fields that are marked
 * "later" are then neither read nor written. Fields are only ever added at the end, and zero always
 * means the default.
 *
 * Trust: an artifact is a program. Load only those whose origin you trust. */

#ifndef HEDDLE_HEDDLE_H_
#define HEDDLE_HEDDLE_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEDDLE_API __attribute__((visibility("default")))

#define HEDDLE_VERSION_MAJOR 0
#define HEDDLE_VERSION_MINOR 1
#define HEDDLE_VERSION_PATCH 0

/* The library's version: "0.1.0", and major * 10000 + minor * 100 + patch. */
HEDDLE_API const char* heddle_version(void);
HEDDLE_API uint32_t heddle_version_number(void);
/* The version of artifacts that this library reads. */
HEDDLE_API uint32_t heddle_artifact_version(void);

/* ---- Status ---------------------------------------------------------------------------------- */

typedef struct HeddleStatus HeddleStatus;

typedef enum HeddleStatusCode {
  HEDDLE_OK = 0,
  HEDDLE_CANCELLED = 1,
  HEDDLE_UNKNOWN = 2,
  HEDDLE_INVALID_ARGUMENT = 3,    /* wrong name, type, shape, pointer */
  HEDDLE_NOT_FOUND = 5,           /* no such file */
  HEDDLE_RESOURCE_EXHAUSTED = 8,  /* no memory */
  HEDDLE_FAILED_PRECONDITION = 9, /* wrong CPU or version; inputs not set; session is running */
  HEDDLE_OUT_OF_RANGE = 11,       /* an index of the model's data is outside its axis */
  HEDDLE_UNIMPLEMENTED = 12,      /* valid, and not supported by this library */
  HEDDLE_INTERNAL = 13,           /* a defect of Heddle */
  HEDDLE_UNAVAILABLE = 14,        /* the operating system refused */
  HEDDLE_DATA_LOSS = 15           /* damaged artifact */
} HeddleStatusCode;

/* NULL is HEDDLE_OK with an empty message. */
HEDDLE_API HeddleStatusCode heddle_status_code(const HeddleStatus* status);
HEDDLE_API const char* heddle_status_message(const HeddleStatus* status);
HEDDLE_API void heddle_status_free(HeddleStatus* status);

/* ---- Values ---------------------------------------------------------------------------------- */

typedef enum HeddleElementType {
  HEDDLE_UNDEFINED = 0,
  HEDDLE_BOOL = 1,
  HEDDLE_INT8 = 2,
  HEDDLE_UINT8 = 3,
  HEDDLE_INT16 = 4,
  HEDDLE_UINT16 = 5,
  HEDDLE_INT32 = 6,
  HEDDLE_UINT32 = 7,
  HEDDLE_INT64 = 8,
  HEDDLE_UINT64 = 9,
  HEDDLE_FLOAT16 = 10,
  HEDDLE_BFLOAT16 = 11,
  HEDDLE_FLOAT32 = 12,
  HEDDLE_FLOAT64 = 13,
  HEDDLE_INT4 = 14, /* two in a byte, the first in the low half */
  HEDDLE_UINT4 = 15,
  HEDDLE_FLOAT8E4M3FN = 16,
  HEDDLE_FLOAT8E4M3FNUZ = 17,
  HEDDLE_FLOAT8E5M2 = 18,
  HEDDLE_FLOAT8E5M2FNUZ = 19,
  HEDDLE_FLOAT4E2M1 = 20,
  HEDDLE_COMPLEX64 = 21,
  HEDDLE_COMPLEX128 = 22,
  HEDDLE_STRING = 23
} HeddleElementType;

/* "float32", ... */
HEDDLE_API const char* heddle_element_type_name(HeddleElementType type);
/* Bits of one element; 0 for those without a fixed size. */
HEDDLE_API int32_t heddle_element_type_bits(HeddleElementType type);

/* A tensor in somebody's memory, described as DLPack does, with the capacity in addition. */
typedef struct HeddleTensor {
  void* data;
  uint64_t byte_offset; /* the first element is at data + byte_offset */
  uint64_t capacity;    /* bytes from there on; 0: just what the dims need */
  int32_t element_type; /* HeddleElementType */
  int32_t rank;
  const int64_t* dims;    /* rank numbers */
  const int64_t* strides; /* in elements; NULL: dense and row-major. Others than dense, row-major
                             strides are refused: copying is the caller's decision. */
} HeddleTensor;

typedef enum HeddleValueKind {
  HEDDLE_VALUE_NONE = 0,
  HEDDLE_VALUE_TENSOR = 1,
  /* Reserved; this version refuses them by name. */
  HEDDLE_VALUE_STRING_TENSOR = 2,
  HEDDLE_VALUE_SEQUENCE = 3,
  HEDDLE_VALUE_MAP = 4,
  HEDDLE_VALUE_OPTIONAL = 5
} HeddleValueKind;

typedef struct HeddleValue {
  uint32_t kind; /* HeddleValueKind */
  uint32_t reserved;
  union {
    HeddleTensor tensor;
    uint64_t space[16]; /* the size of a value never changes */
  } as;
} HeddleValue;

/* ---- Model ----------------------------------------------------------------------------------- */

typedef struct HeddleModel HeddleModel;

typedef enum HeddleLogLevel { HEDDLE_LOG_INFO = 0, HEDDLE_LOG_WARNING = 1 } HeddleLogLevel;
/* Called on the thread that caused the message; the text is only valid during the call. */
typedef void (*HeddleLogFunction)(void* user, HeddleLogLevel level, const char* message);

/* One call of a custom operator; only valid during the callback it is passed to. Neither it nor any
 * other pointer of these functions may be NULL: they are called often, and check nothing. */
typedef struct HeddleCall HeddleCall;

HEDDLE_API int32_t heddle_call_operand_count(const HeddleCall* call);
HEDDLE_API int32_t heddle_call_result_count(const HeddleCall* call);
/* Fills in an operand. Returns 0 where it is absent. The elements are only to be read. */
HEDDLE_API int32_t heddle_call_operand(const HeddleCall* call, int32_t index, HeddleTensor* out);
/* Fills in a result, in the kernel function only. Returns 0 where nobody wants it. */
HEDDLE_API int32_t heddle_call_result(const HeddleCall* call, int32_t index, HeddleTensor* out);
/* Attributes; they return 0 and leave `out` alone where there is none of the name and kind. */
HEDDLE_API int32_t heddle_call_int(const HeddleCall* call, const char* name, int64_t* out);
HEDDLE_API int32_t heddle_call_float(const HeddleCall* call, const char* name, double* out);
HEDDLE_API int32_t heddle_call_text(const HeddleCall* call, const char* name, const char** text,
                                    size_t* size);
HEDDLE_API int32_t heddle_call_ints(const HeddleCall* call, const char* name,
                                    const int64_t** numbers, size_t* count);
HEDDLE_API int32_t heddle_call_floats(const HeddleCall* call, const char* name,
                                      const double** numbers, size_t* count);
/* Private memory until the kernel function returns, 64-byte aligned; NULL where there is none. */
HEDDLE_API void* heddle_call_scratch(HeddleCall* call, size_t bytes);
/* Says why the callback is about to return an error. */
HEDDLE_API void heddle_call_explain(HeddleCall* call, const char* message);

#define HEDDLE_MAX_RANK 32

/* An operator of your own. Both functions may be called on several threads at once, for as long as
 * the model or a session of it lives. They return a HeddleStatusCode and must not throw. */
typedef struct HeddleCustomOperator {
  size_t struct_size;
  const char* domain;
  const char* name;
  void* user;
  /* The shape of one result, from the operands' shapes (and elements, if need be). */
  int32_t (*shape)(void* user, HeddleCall* call, int32_t result, int32_t* rank,
                   int64_t dims[HEDDLE_MAX_RANK]);
  /* Computes all wanted results. */
  int32_t (*kernel)(void* user, HeddleCall* call);
} HeddleCustomOperator;

typedef struct HeddleModelOptions {
  size_t struct_size;
  HeddleLogFunction log; /* called while the model is loaded, not later */
  void* log_user;
  const HeddleCustomOperator* custom_operators; /* copied, but for what `user` points at */
  size_t custom_operator_count;
  /* later: which of the artifact's targets; NULL or "": the best this CPU runs */
  const char* target_cpu;
} HeddleModelOptions;

/* Options may be NULL. */
HEDDLE_API HeddleStatus* heddle_model_load(const char* path, const HeddleModelOptions* options,
                                           HeddleModel** out);
/* The bytes are copied. */
HEDDLE_API HeddleStatus* heddle_model_load_memory(const void* data, size_t size,
                                                  const HeddleModelOptions* options,
                                                  HeddleModel** out);
/* Sessions of the model go on working. */
HEDDLE_API void heddle_model_free(HeddleModel* model);

typedef struct HeddleSignature {
  size_t struct_size;
  const char* name;
  int32_t element_type; /* HeddleElementType */
  int32_t rank;
  const int64_t* dims;        /* -1 where the dimension is symbolic */
  const char* const* symbols; /* "" where it is a number, else a name or an expression of names */
} HeddleSignature;

HEDDLE_API int32_t heddle_model_input_count(const HeddleModel* model);
HEDDLE_API int32_t heddle_model_output_count(const HeddleModel* model);
HEDDLE_API HeddleStatus* heddle_model_input(const HeddleModel* model, int32_t index,
                                            HeddleSignature* out);
HEDDLE_API HeddleStatus* heddle_model_output(const HeddleModel* model, int32_t index,
                                             HeddleSignature* out);
/* The index of the name, or -1. */
HEDDLE_API int32_t heddle_model_find_input(const HeddleModel* model, const char* name);
HEDDLE_API int32_t heddle_model_find_output(const HeddleModel* model, const char* name);

typedef struct HeddleModelInfo {
  size_t struct_size;
  const char* producer;    /* version of Heddle that compiled it */
  const char* source;      /* name of the model file */
  const char* target_cpu;  /* the one whose code was loaded */
  const char* code_digest; /* SHA-256, hexadecimal; checked when the model was loaded */
  const char* weights_digest;
  uint64_t code_bytes;
  uint64_t program_bytes;
  uint64_t weight_bytes;
  uint64_t parameters;
  uint64_t tasks;
  uint64_t kernels;
  /* later: all that the artifact has code for, best first: "x86-64-v4,x86-64-v3". */
  const char* target_cpus;
} HeddleModelInfo;
HEDDLE_API HeddleStatus* heddle_model_info(const HeddleModel* model, HeddleModelInfo* out);

/* Reads what loading does not, all weights and the code of other targets, and compares digests. */
HEDDLE_API HeddleStatus* heddle_model_verify_weights(const HeddleModel* model);

/* ---- Session --------------------------------------------------------------------------------- */

typedef struct HeddleSession HeddleSession;

/* Where tensors' memory comes from; called on any thread. `allocate` returns a multiple of
 * `alignment`, or NULL, which ends the run with HEDDLE_RESOURCE_EXHAUSTED. Both or neither. They
 * and `user` are in use until the session, its forks, and all that has a share or a version of their
 * memory are freed. */
typedef struct HeddleAllocator {
  void* user;
  void* (*allocate)(void* user, size_t bytes, size_t alignment);
  void (*deallocate)(void* user, void* data, size_t bytes);
} HeddleAllocator;

typedef struct HeddleSessionOptions {
  size_t struct_size;
  int32_t threads; /* most threads that work on a run; 0: all; 1: the calling thread only */
  int32_t trace;   /* 1: record every run for heddle_session_write_trace */
  HeddleAllocator allocator;
} HeddleSessionOptions;

HEDDLE_API HeddleStatus* heddle_session_create(const HeddleModel* model,
                                               const HeddleSessionOptions* options,
                                               HeddleSession** out);
/* No run may be going on. */
HEDDLE_API void heddle_session_free(HeddleSession* session);

/* The input is read from the caller's memory in every run until another takes its place, by forks of
 * the session too, and by whoever restores a version that is still this memory. Element
 * type, rank and fixed dimensions are checked here, symbolic ones when a run starts. */
HEDDLE_API HeddleStatus* heddle_session_set_input(HeddleSession* session, int32_t index,
                                                  const HeddleValue* value);
/* The output is written to the caller's memory in every run from now on; a run fails where the
 * capacity is too small. Rank and dims are ignored where a capacity is given. NULL or
 * HEDDLE_VALUE_NONE ends it. The memory must not overlap an input. */
HEDDLE_API HeddleStatus* heddle_session_bind_output(HeddleSession* session, int32_t index,
                                                    const HeddleValue* value);
/* Makes an output of each run the input of the next, without a copy: key/value caches and other
 * state. The input is set once, before the first run; setting it again starts anew. The session
 * keeps the memory, with room to grow. */
HEDDLE_API HeddleStatus* heddle_session_bind_state(HeddleSession* session, int32_t input,
                                                   int32_t output);

HEDDLE_API HeddleStatus* heddle_session_run(HeddleSession* session);
/* Called once, on a worker thread, which it must not block. The status belongs to the callee. */
typedef void (*HeddleRunCallback)(void* user, HeddleStatus* status);
/* Returns at once. Until the callback, the session may only be cancelled; in the callback it may
 * be used and run again, but not freed. Where this returns an error, the callback is not called. */
HEDDLE_API HeddleStatus* heddle_session_run_async(HeddleSession* session,
                                                  HeddleRunCallback callback, void* user);
/* Ends the run that is going on, if there is one, before its next task. From any thread. */
HEDDLE_API void heddle_session_cancel(HeddleSession* session);

/* The output of the last run. It is the session's until the next run, or the caller's own memory
 * where that was bound. */
HEDDLE_API HeddleStatus* heddle_session_output(const HeddleSession* session, int32_t index,
                                               HeddleValue* out);
/* A share of the output's memory: heddle_session_output's pointer stays valid and unchanged until
 * the share is freed, beyond the next run and the session. */
typedef struct HeddleShare HeddleShare;
HEDDLE_API HeddleStatus* heddle_session_share_output(const HeddleSession* session, int32_t index,
                                                     HeddleValue* out, HeddleShare** share);
HEDDLE_API void heddle_share_free(HeddleShare* share);

/* Versions of a bound state: beam search, speculative decoding, going back. A state that the model
 * only appends to (docs/caches.md) is one block of memory that its versions share, from whichever
 * session; a version keeps its contents whatever is done with others.
 *
 *   heddle_session_snapshot(session, past, &before);      keep this version
 *   ... run on: a draft of some tokens ...
 *   heddle_session_truncate(session, past, accepted);     go on from fewer entries
 *   heddle_session_restore(session, past, before);        or from the version that was kept
 *   heddle_session_fork(session, &beam);                  or in two ways at once
 *
 * Threads: each function is a use of its session; forks are sessions of their own and may run at the
 * same time. Ownership: a version is freed with heddle_share_free, at any time. */

/* The version that the next run starts from. Before the first run that is the caller's own memory. */
HEDDLE_API HeddleStatus* heddle_session_snapshot(const HeddleSession* session, int32_t input,
                                                 HeddleShare** version);
/* The next run of this session, which may be another one, starts from the version. */
HEDDLE_API HeddleStatus* heddle_session_restore(HeddleSession* session, int32_t input,
                                                const HeddleShare* version);
/* The next run starts from the first `length` entries. Their memory is used again where nobody else
 * has a longer version; else the next run copies what is left. The state's output becomes the
 * shorter version. */
HEDDLE_API HeddleStatus* heddle_session_truncate(HeddleSession* session, int32_t input,
                                                 int64_t length);
/* A session with the same options, inputs and states. Of two that append to one version the first
 * goes on in place and the other copies it, once. Bound outputs stay with `session`. */
HEDDLE_API HeddleStatus* heddle_session_fork(const HeddleSession* session, HeddleSession** out);

/* The last run as JSON for Chrome's and Perfetto's viewers; needs the option `trace`. */
HEDDLE_API HeddleStatus* heddle_session_write_trace(const HeddleSession* session, const char* path);

typedef struct HeddleStatistics {
  size_t struct_size;
  uint64_t runs;        /* that ended well */
  uint64_t tasks;       /* in the program */
  uint64_t kernels;     /* distinct compiled functions */
  uint64_t arena_bytes; /* largest arena of the runs so far */
  /* Memory that the session holds now, and at most. Without an allocator of its own that includes the
   * large blocks which all sessions of the process share: they count in each, so do not add them up. */
  uint64_t held_bytes;
  uint64_t peak_bytes;
  int32_t threads; /* after limiting to the machine */
  int32_t reserved;
} HeddleStatistics;
HEDDLE_API HeddleStatus* heddle_session_statistics(const HeddleSession* session,
                                                   HeddleStatistics* out);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* HEDDLE_HEDDLE_H_ */
