# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Numbers in .npy files, without a library."""

import struct


def write_npy(path, numbers, dims, kind="f"):
    """Of f32, or with kind "q" of i64."""
    descr = {"f": "<f4", "q": "<i8"}[kind]
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {tuple(dims)}}}\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
                   + struct.pack(f"<{len(numbers)}{kind}", *numbers))


def read_npy(path):
    """Of f32."""
    with open(path, "rb") as file:
        data = file.read()
    begin = 10 + struct.unpack("<H", data[8:10])[0]
    return struct.unpack(f"<{(len(data) - begin) // 4}f", data[begin:])
