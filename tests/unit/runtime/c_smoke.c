/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The header and the example of its first lines, as C. */

#include <heddle/heddle.h>
#include <stdio.h>

int heddle_c_smoke(const char* path) {
  HeddleModel* model = NULL;
  HeddleSession* session = NULL;
  float x_data[] = {1, 2, 3};
  int64_t dims[] = {3};
  HeddleValue x = {
      .kind = HEDDLE_VALUE_TENSOR,
      .as.tensor = {.data = x_data, .element_type = HEDDLE_FLOAT32, .rank = 1, .dims = dims}};
  HeddleValue y;
  int failed = 1;
  HeddleStatus* status = heddle_model_load(path, NULL, &model);
  if (status == NULL) status = heddle_session_create(model, NULL, &session);
  if (status == NULL) status = heddle_session_set_input(session, 0, &x);
  if (status == NULL) status = heddle_session_run(session);
  if (status == NULL) status = heddle_session_output(session, 0, &y);
  if (status == NULL) failed = ((const float*)y.as.tensor.data)[2] != 7;
  if (status != NULL) puts(heddle_status_message(status));
  heddle_status_free(status);
  heddle_session_free(session);
  heddle_model_free(model);
  return failed;
}
