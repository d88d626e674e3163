/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads a compiled model and runs it on zeros; symbolic dimensions are 1.
 *
 *   heddle compile model.onnx -o model.heddle
 *   embed_c model.heddle */

#include <heddle/heddle.h>

#include <stdio.h>
#include <stdlib.h>

/* Prints the error, if there is one, and frees it. */
static int failed(HeddleStatus *status) {
  if (heddle_status_code(status) == HEDDLE_OK)
    return 0;
  fprintf(stderr, "%s\n", heddle_status_message(status));
  heddle_status_free(status);
  return 1;
}

/* Sets an input to zeros. The memory is the caller's to free, after the session. */
static void *set_zeros(const HeddleModel *model, HeddleSession *session, int32_t index) {
  HeddleSignature signature = {.struct_size = sizeof signature};
  int64_t dims[HEDDLE_MAX_RANK];
  int64_t count = 1;
  if (failed(heddle_model_input(model, index, &signature)))
    return NULL;
  for (int32_t axis = 0; axis < signature.rank; ++axis) {
    dims[axis] = signature.dims[axis] < 0 ? 1 : signature.dims[axis];
    count *= dims[axis];
  }
  size_t bytes =
      (size_t)(count * heddle_element_type_bits((HeddleElementType)signature.element_type) + 7) / 8;
  void *data = calloc(bytes ? bytes : 1, 1);
  if (!data)
    return NULL;
  HeddleValue value = {.kind = HEDDLE_VALUE_TENSOR,
                       .as.tensor = {.data = data,
                                     .capacity = bytes,
                                     .element_type = signature.element_type,
                                     .rank = signature.rank,
                                     .dims = dims}};
  if (failed(heddle_session_set_input(session, index, &value))) {
    free(data);
    return NULL;
  }
  return data;
}

static int print_outputs(const HeddleModel *model, const HeddleSession *session) {
  for (int32_t i = 0; i < heddle_model_output_count(model); ++i) {
    HeddleSignature signature = {.struct_size = sizeof signature};
    HeddleValue value;
    if (failed(heddle_model_output(model, i, &signature)) ||
        failed(heddle_session_output(session, i, &value)))
      return 1;
    printf("%s: %s", signature.name,
           heddle_element_type_name((HeddleElementType)value.as.tensor.element_type));
    for (int32_t axis = 0; axis < value.as.tensor.rank; ++axis)
      printf(" %lld", (long long)value.as.tensor.dims[axis]);
    printf("\n");
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: %s MODEL.heddle\n", argv[0]);
    return 2;
  }
  HeddleModel *model = NULL;
  HeddleSession *session = NULL;
  int result = 1;
  int32_t inputs = 0;
  void **memory = NULL;
  if (failed(heddle_model_load(argv[1], NULL, &model)) ||
      failed(heddle_session_create(model, NULL, &session)))
    goto end;
  inputs = heddle_model_input_count(model);
  memory = calloc((size_t)inputs + 1, sizeof *memory);
  if (!memory)
    goto end;
  for (int32_t i = 0; i < inputs; ++i)
    if (!(memory[i] = set_zeros(model, session, i)))
      goto end;
  if (!failed(heddle_session_run(session)))
    result = print_outputs(model, session);
end:
  heddle_session_free(session);
  heddle_model_free(model);
  for (int32_t i = 0; memory && i < inputs; ++i)
    free(memory[i]);
  free(memory);
  return result;
}
