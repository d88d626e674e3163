# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Changes of attributes: other numbers, lists and words, others than there were, none."""

from hostile_models.extremes import INTEGERS, REALS, WORDS, one
from hostile_models.messages import ATTRIBUTE, NODE, Message


def integer_attribute(chance, model):
    attribute = one(chance, (attribute for attribute in model.messages(ATTRIBUTE) if attribute.first(20) == 2))
    if not attribute:
        return None
    attribute.set(3, chance.choice((*INTEGERS, *range(17))))
    return f"{attribute.text(1)} is {attribute.first(3)}"


def integers_attribute(chance, model):
    attribute = one(chance, (attribute for attribute in model.messages(ATTRIBUTE) if attribute.first(20) == 7))
    if not attribute:
        return None
    numbers = list(attribute.all(8))
    attribute.set(8, *changed_list(chance, numbers))
    return f"{attribute.text(1)} is {attribute.all(8)[:20]}"


def changed_list(chance, numbers):
    how = chance.randrange(8)
    if how == 0 or not numbers:
        return chance.choice(([], [chance.choice(INTEGERS)], [1] * 5000, [0] * 70, [chance.choice(INTEGERS)] * len(numbers)))
    at = chance.randrange(len(numbers))
    if how == 1:
        return numbers[:at] + numbers[at + 1:]
    if how == 2:
        return numbers[:at] + [chance.choice(INTEGERS)] + numbers[at:]
    return numbers[:at] + [chance.choice(INTEGERS)] + numbers[at + 1:]


def real_attribute(chance, model):
    attribute = one(chance, (attribute for attribute in model.messages(ATTRIBUTE) if attribute.first(20) == 1))
    if not attribute:
        return None
    attribute.set(2, chance.choice(REALS))
    return f"{attribute.text(1)} is {attribute.first(2)}"


def word_attribute(chance, model):
    attribute = one(chance, (attribute for attribute in model.messages(ATTRIBUTE) if attribute.first(20) == 3))
    if not attribute:
        return None
    attribute.set(4, chance.choice(WORDS))
    return f"{attribute.text(1)} is {attribute.text(4)}"


def attribute_dropped(chance, model):
    node = one(chance, (node for node in model.messages(NODE) if node.all(5)))
    if not node:
        return None
    gone = chance.choice(node.all(5))
    node.set(5, *(attribute for attribute in node.all(5) if attribute is not gone))
    return f"{node.text(4)} without {gone.text(1)}"


def attribute_added(chance, model):
    """Of names that many operators have."""
    node = one(chance, model.messages(NODE))
    name = chance.choice(("axis", "axes", "keepdims", "perm", "group", "strides", "pads", "dilations", "kernel_shape",
                          "ceil_mode", "to", "alpha", "transA", "transB", "exclusive", "reverse", "largest", "sorted", "k",
                          "mode", "split", "num_outputs", "block_size", "batch_dims", "epsilon", "noop_with_empty_axes",
                          "storage_order", "count_include_pad", "output_shape", "output_padding", "auto_pad",
                          "select_last_index", "allowzero"))
    attribute = Message(ATTRIBUTE, [[1, name.encode()]])
    if name in ("perm", "strides", "pads", "dilations", "kernel_shape", "axes", "split", "output_shape", "output_padding"):
        attribute.fields += [*([8, chance.choice(INTEGERS)] for _ in range(chance.randint(0, 4))), [20, 7]]
    elif name in ("alpha", "epsilon"):
        attribute.fields += [[2, chance.choice(REALS)], [20, 1]]
    elif name in ("mode", "auto_pad"):
        attribute.fields += [[4, chance.choice(WORDS)], [20, 3]]
    else:
        attribute.fields += [[3, chance.choice(INTEGERS)], [20, 2]]
    node.set(5, *(other for other in node.all(5) if other.text(1) != name), attribute)
    return f"{node.text(4)} with {name} {attribute.fields[1:-1]}"


ALL = (integer_attribute, integer_attribute, integers_attribute, integers_attribute, real_attribute, word_attribute,
       attribute_dropped, attribute_added)
