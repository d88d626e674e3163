# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Heddle in Python: one file over the C libraries, with nothing to build.

    import heddle

    heddle.compile("model.onnx", "model.heddle")          # needs libheddle_compiler
    model = heddle.Model("model.heddle")
    outputs = model.run({"x": array})                     # a dictionary by output name
    outputs["y"].numpy()

Inputs are numpy arrays, anything with `__array_interface__` or `__dlpack__`, anything with the buffer
protocol, or `heddle.Tensor(data, dtype, shape)`; dense memory is read in place. Outputs are `Tensor`s
that share the library's memory: `numpy.asarray(tensor)` copies nothing, `memoryview(tensor.buffer())`
works without numpy, `tensor.tolist()` gives plain numbers.

A model may be used from several threads; a session (`model.session(threads=2)`) from one at a time.
The libraries are looked for in $HEDDLE_LIBRARY_PATH, beside this file's installation, in the build
folder of its source tree, and where the system looks.
"""

import ctypes as C
import os
import struct
import threading

_NAMES = ["undefined", "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
          "float16", "bfloat16", "float32", "float64", "int4", "uint4", "float8e4m3fn",
          "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "float4e2m1", "complex64", "complex128",
          "string"]
_NUMBER = {name: number for number, name in enumerate(_NAMES)}
# For the array interface; types that it lacks appear as unsigned integers of their size.
_TYPESTR = {"bool": "|b1", "int8": "|i1", "uint8": "|u1", "int16": "<i2", "uint16": "<u2",
            "int32": "<i4", "uint32": "<u4", "int64": "<i8", "uint64": "<u8", "float16": "<f2",
            "bfloat16": "<u2", "float32": "<f4", "float64": "<f8", "float8e4m3fn": "|u1",
            "float8e4m3fnuz": "|u1", "float8e5m2": "|u1", "float8e5m2fnuz": "|u1",
            "complex64": "<c8", "complex128": "<c16"}
_FROM_TYPESTR = {typestr[1:]: name for name, typestr in reversed(_TYPESTR.items())
                 if name != "bfloat16" and "float8" not in name}
# Formats of the struct module, in native sizes.
_FORMAT = {"bool": "?", "int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i",
           "uint32": "I", "int64": "q", "uint64": "Q", "float16": "e", "float32": "f", "float64": "d"}


class Error(Exception):
    """What the library says went wrong; `code` is a HeddleStatusCode."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class _Tensor(C.Structure):
    _fields_ = [("data", C.c_void_p), ("byte_offset", C.c_uint64), ("capacity", C.c_uint64),
                ("element_type", C.c_int32), ("rank", C.c_int32),
                ("dims", C.POINTER(C.c_int64)), ("strides", C.POINTER(C.c_int64))]


class _Payload(C.Union):
    _fields_ = [("tensor", _Tensor), ("space", C.c_uint64 * 16)]


class _Value(C.Structure):
    _fields_ = [("kind", C.c_uint32), ("reserved", C.c_uint32), ("payload", _Payload)]


class _Signature(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("name", C.c_char_p), ("element_type", C.c_int32),
                ("rank", C.c_int32), ("dims", C.POINTER(C.c_int64)),
                ("symbols", C.POINTER(C.c_char_p))]


class _ModelOptions(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("log", C.c_void_p), ("log_user", C.c_void_p),
                ("custom_operators", C.c_void_p), ("custom_operator_count", C.c_size_t),
                ("target_cpu", C.c_char_p)]


class _ModelInfo(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("producer", C.c_char_p), ("source", C.c_char_p),
                ("target_cpu", C.c_char_p), ("code_digest", C.c_char_p),
                ("weights_digest", C.c_char_p), ("sizes", C.c_uint64 * 6),
                ("target_cpus", C.c_char_p)]


class _SessionOptions(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("threads", C.c_int32), ("trace", C.c_int32),
                ("allocator", C.c_void_p * 3)]


class _Dim(C.Structure):
    _fields_ = [("name", C.c_char_p), ("size", C.c_int64)]


class _CompileOptions(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("dims", C.POINTER(_Dim)), ("dim_count", C.c_size_t),
                ("target_cpu", C.c_char_p), ("emit", C.c_int32), ("opt_level", C.c_int32),
                ("threads", C.c_int32), ("cores", C.c_int32), ("max_constant_bytes", C.c_int64),
                ("custom_domains", C.POINTER(C.c_char_p)), ("custom_domain_count", C.c_size_t),
                ("progress", C.c_void_p), ("progress_user", C.c_void_p), ("no_scans", C.c_int32),
                ("verify_associativity", C.c_int32), ("scan_form", C.c_char_p), ("caches", C.c_int32),
                ("cache_dir", C.c_char_p), ("schedules", C.c_char_p), ("no_tuned", C.c_int32),
                ("precision", C.c_char_p), ("no_winograd", C.c_int32)]


def _open(name):
    here = os.path.dirname(os.path.abspath(__file__))
    folders = os.environ.get("HEDDLE_LIBRARY_PATH", "").split(os.pathsep)
    folders += [os.path.join(here, "..", "..", "..", "lib"), os.path.join(here, "..", "build", "release", "lib")]
    for folder in filter(None, folders):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return C.CDLL(path)
    return C.CDLL(name)


_TAKES = {  # name: (result, arguments); P is a handle or a pointer to one
    "heddle_version": "s", "heddle_status_code": "iP", "heddle_status_message": "sP",
    "heddle_status_free": "vP", "heddle_model_load": "PsPP", "heddle_model_load_memory": "PPzPP",
    "heddle_model_free": "vP", "heddle_model_input_count": "iP", "heddle_model_output_count": "iP",
    "heddle_model_info": "PPP", "heddle_model_input": "PPiP", "heddle_model_output": "PPiP",
    "heddle_session_create": "PPPP", "heddle_session_free": "vP",
    "heddle_session_set_input": "PPiP", "heddle_session_bind_state": "PPii",
    "heddle_session_snapshot": "PPiP", "heddle_session_restore": "PPiP",
    "heddle_session_truncate": "PPil", "heddle_session_fork": "PPP",
    "heddle_session_run": "PP", "heddle_session_cancel": "vP",
    "heddle_session_share_output": "PPiPP", "heddle_share_free": "vP",
    "heddle_session_write_trace": "PPs",
}
_COMPILER_TAKES = {
    "heddle_compile_file": "PssP", "heddle_compilation_code": "iP",
    "heddle_compilation_message": "sP", "heddle_compilation_free": "vP",
}
_KINDS = {"s": C.c_char_p, "i": C.c_int32, "P": C.c_void_p, "l": C.c_int64, "z": C.c_size_t, "v": None}


class _Library:
    """A shared library, opened at its first use."""

    def __init__(self, name, takes):
        self._name, self._takes, self._lock = name, takes, threading.Lock()

    def __getattr__(self, function):
        with self._lock:
            if "_opened" not in self.__dict__:
                opened = _open(self._name)
                for name, kinds in self._takes.items():
                    call = getattr(opened, name)
                    call.restype = _KINDS[kinds[0]]
                    call.argtypes = [_KINDS[kind] for kind in kinds[1:]]
                self._opened = opened
        return getattr(self._opened, function)


_runtime = _Library("libheddle_runtime.so.0", _TAKES)
_compiler = _Library("libheddle_compiler.so.0", _COMPILER_TAKES)


def _check(status):
    if status:
        error = Error(_runtime.heddle_status_code(status),
                      _runtime.heddle_status_message(status).decode("utf-8", "replace"))
        _runtime.heddle_status_free(status)
        raise error


def version():
    return _runtime.heddle_version().decode()


def compile(model, output, dims=None, target_cpu=None, threads=0, cache_dir=None,
            precision=None):
    """Compiles the ONNX model in a file to an artifact in a file.

    `target_cpu` may name several CPUs with commas between them, "x86-64-v3,x86-64-v4": the artifact
    has code for each, and loading picks the best. Kernels that another compilation left in `cache_dir`
    are not compiled again; the artifact is the same. With `precision` "bf16", products and
    convolutions round their operands to it where the CPU gains.
    """
    array = (_Dim * max(1, len(dims or {})))(*((name.encode(), size) for name, size in (dims or {}).items()))
    options = _CompileOptions(struct_size=C.sizeof(_CompileOptions), dims=array, dim_count=len(dims or {}),
                              target_cpu=target_cpu.encode() if target_cpu else None, threads=threads,
                              cache_dir=os.fsencode(cache_dir) if cache_dir else None,
                              precision=precision.encode() if precision else None)
    result = _compiler.heddle_compile_file(os.fsencode(model), os.fsencode(output), C.byref(options))
    try:
        code = _compiler.heddle_compilation_code(result)
        if code:
            raise Error(code, _compiler.heddle_compilation_message(result).decode("utf-8", "replace"))
    finally:
        _compiler.heddle_compilation_free(result)


class Tensor:
    """Dense memory with an element type and a shape."""

    def __init__(self, data, dtype, shape):
        """`data` has the buffer protocol; it is read in place, and kept."""
        if dtype not in _NUMBER or dtype in ("undefined", "string"):
            raise TypeError("no element type is called %r" % (dtype,))
        view = memoryview(data)
        if not view.c_contiguous:
            raise ValueError("the memory is not dense and row-major")
        self.dtype, self.shape = dtype, tuple(int(dim) for dim in shape)
        self.nbytes = view.nbytes
        if view.readonly or view.nbytes == 0:  # ctypes points into writable memory only
            data = bytearray(view.tobytes() or b"\0")
            view = memoryview(data)
        self._keep = (data, (C.c_char * view.nbytes).from_buffer(view.cast("B")))
        self._address = C.addressof(self._keep[1])

    @classmethod
    def _at(cls, address, nbytes, dtype, shape, keep):
        tensor = cls.__new__(cls)
        tensor.dtype, tensor.shape, tensor.nbytes = dtype, tuple(shape), nbytes
        tensor._address, tensor._keep = address, keep
        return tensor

    @property
    def __array_interface__(self):
        if self.dtype not in _TYPESTR:
            raise AttributeError("numpy has no array of " + self.dtype)
        return {"version": 3, "shape": self.shape, "typestr": _TYPESTR[self.dtype],
                "data": (self._address, False), "strides": None}

    def numpy(self):
        import numpy
        return numpy.asarray(self)

    def buffer(self):
        """The bytes, in place."""
        array = (C.c_char * self.nbytes).from_address(self._address)
        array._tensor = self  # keeps the memory
        return array

    def tolist(self):
        """All elements in order; complex and packed types and floats of 8 bits are not supported."""
        data = bytes(self.buffer())
        if self.dtype == "bfloat16":  # the upper half of a float32
            bits = struct.unpack("<%dH" % (len(data) // 2), data)
            data = struct.pack("<%dI" % len(bits), *(half << 16 for half in bits))
            return list(struct.unpack("<%df" % len(bits), data))
        if self.dtype not in _FORMAT:
            raise TypeError("no plain numbers for %s; buffer() has the bytes" % self.dtype)
        form = _FORMAT[self.dtype]
        return list(struct.unpack("<%d%s" % (len(data) // struct.calcsize("<" + form), form), data))

    def __repr__(self):
        return "<heddle.Tensor %s %s>" % (self.dtype, list(self.shape))


def _tensor(value):
    """Whatever is given as an input, as a Tensor."""
    if isinstance(value, Tensor):
        return value
    if not hasattr(value, "__array_interface__") and hasattr(value, "__dlpack__"):
        import numpy
        value = numpy.from_dlpack(value)
    interface = getattr(value, "__array_interface__", None)
    if interface is not None:
        kind = interface["typestr"]
        dtype = _FROM_TYPESTR.get(kind[1:])
        if dtype is None or kind[0] == ">":
            raise TypeError("no element type for arrays of %s" % kind)
        if interface.get("strides") is not None:
            import numpy
            value = numpy.ascontiguousarray(value)
            interface = value.__array_interface__
        shape, nbytes = interface["shape"], int(kind[2:])
        for dim in shape:
            nbytes *= dim
        return Tensor._at(interface["data"][0], nbytes, dtype, shape, value)
    view = memoryview(value)
    kinds = {"?": "bool", "e": "float16", "f": "float32", "d": "float64"}
    kind = view.format.lstrip("@=<")
    if kind in kinds:
        dtype = kinds[kind]
    elif kind in "bhilqn":
        dtype = "int%d" % (8 * view.itemsize)
    elif kind in "BHILQN":
        dtype = "uint%d" % (8 * view.itemsize)
    else:
        raise TypeError("no element type for the format %r" % view.format)
    return Tensor(value, dtype, view.shape)


class Signature:
    """The name, element type and shape of an input or output; symbolic dimensions are strings."""

    def __init__(self, c):
        self.name = c.name.decode("utf-8", "replace")
        self.dtype = _NAMES[c.element_type]
        self.shape = tuple(c.dims[i] if c.dims[i] >= 0 else c.symbols[i].decode("utf-8", "replace")
                           for i in range(c.rank))

    def __repr__(self):
        return "<%s: %s %s>" % (self.name, self.dtype, list(self.shape))


class Model:
    """A compiled model, from a file or from bytes."""

    def __init__(self, source, target_cpu=None):
        """`target_cpu` names which of an artifact's targets to run; without it the best is picked."""
        handle = C.c_void_p()
        options = _ModelOptions(struct_size=C.sizeof(_ModelOptions),
                                target_cpu=target_cpu.encode() if target_cpu else None)
        if isinstance(source, (bytes, bytearray, memoryview)):
            tensor = Tensor(source, "uint8", [len(source)])
            _check(_runtime.heddle_model_load_memory(tensor._address, tensor.nbytes, C.byref(options),
                                                     C.byref(handle)))
        else:
            _check(_runtime.heddle_model_load(os.fsencode(source), C.byref(options), C.byref(handle)))
        self._handle = handle
        self.inputs = self._signatures(_runtime.heddle_model_input_count, _runtime.heddle_model_input)
        self.outputs = self._signatures(_runtime.heddle_model_output_count, _runtime.heddle_model_output)
        info = _ModelInfo(struct_size=C.sizeof(_ModelInfo))
        _check(_runtime.heddle_model_info(handle, C.byref(info)))
        self.target_cpu = info.target_cpu.decode()
        self.target_cpus = info.target_cpus.decode().split(",")  # the best one first

    def _signatures(self, count, query):
        signatures = []
        for index in range(count(self._handle)):
            c = _Signature(struct_size=C.sizeof(_Signature))
            _check(query(self._handle, index, C.byref(c)))
            signatures.append(Signature(c))
        return signatures

    def session(self, threads=0, trace=False):
        return Session(self, threads, trace)

    def run(self, inputs, threads=0):
        """Runs once, in a session of its own."""
        return self.session(threads).run(inputs)

    def __del__(self):
        if getattr(self, "_handle", None):
            _runtime.heddle_model_free(self._handle)


class Session:
    """Runs a model again and again with the same memory; for one thread at a time."""

    def __init__(self, model, threads=0, trace=False):
        options = _SessionOptions(struct_size=C.sizeof(_SessionOptions), threads=threads, trace=bool(trace))
        handle = C.c_void_p()
        _check(_runtime.heddle_session_create(model._handle, C.byref(options), C.byref(handle)))
        self.model, self._handle, self._inputs = model, handle, {}

    def _index(self, signatures, name):
        for index, signature in enumerate(signatures):
            if signature.name == name:
                return index
        raise KeyError("the model has no %r; it has %s" % (name, ", ".join(s.name for s in signatures)))

    def set_input(self, name, value):
        """The memory is read in every run until another takes its place."""
        index, tensor = self._index(self.model.inputs, name), _tensor(value)
        dims = (C.c_int64 * max(1, len(tensor.shape)))(*tensor.shape)
        c = _Value(kind=1)
        # A capacity of 0 means as much as the dims need: memory of no bytes is none.
        c.payload.tensor = _Tensor(data=tensor._address if tensor.nbytes else None, capacity=tensor.nbytes,
                                   element_type=_NUMBER[tensor.dtype], rank=len(tensor.shape), dims=dims)
        _check(_runtime.heddle_session_set_input(self._handle, index, C.byref(c)))
        self._inputs[index] = tensor

    def bind_state(self, input_name, output_name):
        """The output of each run becomes the input of the next, without a copy."""
        _check(_runtime.heddle_session_bind_state(self._handle, self._index(self.model.inputs, input_name),
                                                  self._index(self.model.outputs, output_name)))

    def snapshot(self, input_name):
        """The version of a state that the next run starts from; it keeps its contents."""
        index, share = self._index(self.model.inputs, input_name), C.c_void_p()
        _check(_runtime.heddle_session_snapshot(self._handle, index, C.byref(share)))
        return _Share(share, self._inputs.get(index))

    def restore(self, input_name, version):
        """The next run starts from the version, which may be of another session of the model."""
        index = self._index(self.model.inputs, input_name)
        _check(_runtime.heddle_session_restore(self._handle, index, version._handle))
        self._inputs[index] = version

    def truncate(self, input_name, length):
        """The next run starts from the first entries of the state."""
        _check(_runtime.heddle_session_truncate(self._handle, self._index(self.model.inputs, input_name), length))

    def fork(self):
        """A session that goes on from the same states by itself."""
        other, handle = Session.__new__(Session), C.c_void_p()
        _check(_runtime.heddle_session_fork(self._handle, C.byref(handle)))
        other.model, other._handle, other._inputs = self.model, handle, dict(self._inputs)
        return other

    def run(self, inputs=None):
        """Sets the inputs that are given, runs, and returns the outputs by name."""
        for name, value in (inputs or {}).items():
            self.set_input(name, value)
        _check(_runtime.heddle_session_run(self._handle))
        return {signature.name: self._output(index) for index, signature in enumerate(self.model.outputs)}

    def _output(self, index):
        c, share = _Value(), C.c_void_p()
        _check(_runtime.heddle_session_share_output(self._handle, index, C.byref(c), C.byref(share)))
        tensor = c.payload.tensor
        shape = [tensor.dims[i] for i in range(tensor.rank)]
        count = 1
        for dim in shape:
            count *= dim
        dtype = _NAMES[tensor.element_type]
        bits = 4 if dtype.endswith("int4") or dtype == "float4e2m1" else 8 * int(_TYPESTR[dtype][2:])
        return Tensor._at((tensor.data or 0) + tensor.byte_offset, (count * bits + 7) // 8, dtype, shape,
                          _Share(share))

    def cancel(self):
        """Ends the run that is going on; may be called from any thread."""
        _runtime.heddle_session_cancel(self._handle)

    def write_trace(self, path):
        _check(_runtime.heddle_session_write_trace(self._handle, os.fsencode(path)))

    def __del__(self):
        if getattr(self, "_handle", None):
            _runtime.heddle_session_free(self._handle)


class _Share:
    """A share of an output's memory, or a version of a state."""

    def __init__(self, handle, source=None):
        self._handle, self._source = handle, source

    def __del__(self):
        if self._handle:
            _runtime.heddle_share_free(self._handle)
