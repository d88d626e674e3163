// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The specification wants a graph's nodes sorted, so that each comes after what it reads. Tools that
// edit models append nodes instead, and other runtimes sort them again.

#ifndef HEDDLE_FRONTENDS_ONNX_NODEORDER_H
#define HEDDLE_FRONTENDS_ONNX_NODEORDER_H

#include "frontends/onnx/onnx_model.pb.h"

#include <vector>

namespace heddle {

/// Indices of the nodes, each after those whose results it or its sub-graphs read, and otherwise as
/// they are listed: sorted nodes stay where they are. What a cycle keeps from ever being computed
/// comes last, as listed.
std::vector<int>
computableOrder(const google::protobuf::RepeatedPtrField<onnx_model::NodeProto> &nodes);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_NODEORDER_H
