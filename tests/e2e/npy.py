# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Floats in .npy files, without a library."""

import struct


def write_npy(path, numbers, dims):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(dims)}}}\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
                   + struct.pack(f"<{len(numbers)}f", *numbers))


def read_npy(path):
    with open(path, "rb") as file:
        data = file.read()
    begin = 10 + struct.unpack("<H", data[8:10])[0]
    return struct.unpack(f"<{(len(data) - begin) // 4}f", data[begin:])
