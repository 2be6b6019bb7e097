"""How the kernel's functions are compiled, and how they find the arrays of a run.

A function that is handed fifty numpy arrays takes minutes to compile and long to call. So the kernel is handed the
address of one table, and `s.units[unit].joined` is what it looks like: a look into the table, a place counted from
there, and a number read or written. Every whole number is 64 bits wide once read, however narrow it is kept, so that
each function is compiled once. There is no check of bounds, as there is none in numba's own arrays.

The compiler is told what it cannot see by itself: the table does not change while the kernel runs, and two columns
never share a place. So it need not read again what another column was written to.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core.codegen import CodeLibrary, JITCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_getattr, infer_global, signature
from numba.extending import (
    intrinsic,
    lower_builtin,
    lower_getattr_generic,
    lower_setattr_generic,
    models,
    register_model,
)

from portsim.engines.compiled.state import FIELDS

F = TypeVar("F", bound=Callable[..., Any])

_PARTS: set[str] = set()  # names of the kernel's functions, filled as they are defined


def kernel(function: F) -> F:
    """Compile a function that only other functions of the kernel call."""
    compiled = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    template = compiled.get_call_template

    def once(arguments: Any, keywords: Any) -> Any:
        """Numba would compile a function anew for each constant that it is called with."""
        return template([types.unliteral(argument) for argument in arguments], keywords)

    compiled.get_call_template = once
    _PARTS.add(function.__qualname__)
    return cast(F, compiled)


def entry(function: F) -> F:
    """Compile a function that Python calls, and keep it for later runs; meanwhile other threads run."""
    return cast(F, njit(nogil=True, cache=True, error_model="numpy")(function))


def compile_whole(function: Any, arguments: tuple[types.Type, ...]) -> None:
    """Compile an entry with all it calls as one piece.

    Numba turns each function that is called into machine code of its own, with everything it calls in it, a hundred
    times over, of which only the entry's is ever run: half of the time it takes.
    """
    codegen = cpu_target.target_context.codegen()
    set_environment = codegen.set_env

    def create_library(name: str, **options: Any) -> CodeLibrary:
        return (_Part if name in _PARTS else _Whole)(codegen, name, **options)

    def set_env(name: str, environment: Any) -> None:
        """A part has no place in memory yet to note its environment at; the kernel never looks at one."""
        if codegen._engine.get_global_value_address(name):
            set_environment(name, environment)

    with global_compiler_lock:
        codegen.create_library, codegen.set_env = create_library, set_env
        try:
            function.compile(arguments)
        finally:
            del codegen.create_library, codegen.set_env


class _Part(JITCodeLibrary):
    """What is linked into the whole, and needs no machine code of its own."""

    def finalize(self) -> None:
        self._raise_if_finalized()
        self._finalized = True


class _Whole(JITCodeLibrary):
    """A function with everything it calls."""

    _linking_libraries: list[Any]

    def finalize(self) -> None:
        linked = dict.fromkeys(self._linking_libraries)
        reached = list(linked)
        while reached:
            for library in reached.pop()._linking_libraries:
                if library not in linked:
                    linked[library] = None
                    reached.append(library)
        self._linking_libraries = list(linked)
        super().finalize()


WORD = ir.IntType(64)
_NUMBERS = {name: number for number, name in enumerate(FIELDS)}
_KINDS = {name: next(like for like in FIELDS if FIELDS[like] == FIELDS[name]) for name in FIELDS}


class StateType(types.Type):
    """The arrays of a run as the kernel knows them: the address of their table."""

    def __init__(self) -> None:
        super().__init__(name="portsim.State")


class ViewType(types.Type):
    """One array of a run: the address of its entry in the table. Arrays of the same rows are of one type."""

    def __init__(self, array: str) -> None:
        self.array = _KINDS[array] if FIELDS[array].names else array
        self.dtype = FIELDS[array]
        super().__init__(name=f"portsim.View({self.array})")

    @property
    def element(self) -> types.Type:
        """What an index into it gives."""
        return RowType(self.array) if self.dtype.names else _number(self.dtype)


class RowType(types.Type):
    """One row of an array: its address."""

    def __init__(self, array: str) -> None:
        self.array, self.dtype = array, FIELDS[array]
        super().__init__(name=f"portsim.Row({array})")


@register_model(StateType)
@register_model(ViewType)
@register_model(RowType)
class WordModel(models.PrimitiveModel):
    """One machine word."""

    def __init__(self, manager: Any, kind: types.Type) -> None:
        super().__init__(manager, kind, WORD)


@intrinsic
def state_at(typing_context: Any, address: Any) -> Any:
    """The run whose table stands at this address."""
    return StateType()(types.int64), lambda context, builder, signature, arguments: arguments[0]


# What an expression is ------------------------------------------------------------------------------------------------


def _number(dtype: np.dtype[Any]) -> types.Type:
    return types.boolean if dtype == np.bool_ else types.int64


@infer_getattr
class _Arrays(AttributeTemplate):
    key = StateType

    def generic_resolve(self, state: StateType, name: str) -> ViewType | None:
        return ViewType(name) if name in FIELDS else None


@infer_getattr
class _Size(AttributeTemplate):
    key = ViewType

    def resolve_size(self, view: ViewType) -> types.Type:
        return types.int64


@infer_getattr
class _Columns(AttributeTemplate):
    key = RowType

    def generic_resolve(self, row: RowType, name: str) -> types.Type | None:
        return _number(row.dtype[name]) if name in (row.dtype.names or ()) else None


@infer_global(operator.getitem)
class _Get(AbstractTemplate):
    def generic(self, arguments: Any, keywords: Any) -> Any:
        if len(arguments) == 2 and isinstance(arguments[0], ViewType) and isinstance(arguments[1], types.Integer):
            return signature(arguments[0].element, arguments[0], types.int64)
        return None


@infer_global(operator.setitem)
class _Set(AbstractTemplate):
    def generic(self, arguments: Any, keywords: Any) -> Any:
        if len(arguments) == 3 and isinstance(arguments[0], ViewType) and isinstance(arguments[1], types.Integer):
            return signature(types.none, arguments[0], types.int64, arguments[0].element)
        return None


# What it is compiled to -----------------------------------------------------------------------------------------------


@lower_getattr_generic(StateType)
def _find(context: Any, builder: Any, kind: Any, state: Any, name: str) -> Any:
    return builder.add(state, WORD(16 * _NUMBERS[name]))


@lower_getattr_generic(ViewType)
def _size_of(context: Any, builder: Any, kind: Any, view: Any, name: str) -> Any:
    return _entry(builder, builder.add(view, WORD(8)))


@lower_builtin(operator.getitem, ViewType, types.Integer)
def _get(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
    view = sig.args[0]
    address, index = arguments
    place = _place(builder, address, index, view.dtype.itemsize)
    return place if view.dtype.names else _read(builder, place, view.dtype, view.array)


@lower_builtin(operator.setitem, ViewType, types.Integer, types.Any)
def _set(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
    kind = sig.args[0]
    view, index, value = arguments
    _write(builder, _place(builder, view, index, kind.dtype.itemsize), kind.dtype, kind.array, value)
    return context.get_dummy_value()


@lower_getattr_generic(RowType)
def _get_column(context: Any, builder: Any, kind: Any, row: Any, name: str) -> Any:
    dtype, offset = kind.dtype.fields[name][:2]
    return _read(builder, builder.add(row, WORD(offset)), dtype, f"{kind.array}.{name}")


@lower_setattr_generic(RowType)
def _set_column(context: Any, builder: Any, sig: Any, arguments: Any, name: str) -> None:
    kind = sig.args[0]
    row, value = arguments
    dtype, offset = kind.dtype.fields[name][:2]
    _write(builder, builder.add(row, WORD(offset)), dtype, f"{kind.array}.{name}", value)


def _place(builder: Any, view: Any, index: Any, size: int) -> Any:
    """Address of an element of so many bytes."""
    return builder.add(_entry(builder, view), builder.mul(index, WORD(size)))


def _entry(builder: Any, address: Any) -> Any:
    """A word of the table, which does not change while the kernel runs."""
    word = builder.load(builder.inttoptr(address, WORD.as_pointer()))
    word.set_metadata("invariant.load", builder.module.add_metadata([]))
    return word


def _read(builder: Any, address: Any, dtype: np.dtype[Any], column: str) -> Any:
    kept = ir.IntType(8 * dtype.itemsize)
    value = builder.load(builder.inttoptr(address, kept.as_pointer()))
    value.set_metadata("tbaa", _apart(builder.module, column))
    if dtype == np.bool_:
        return builder.icmp_unsigned("!=", value, kept(0))
    return value if kept.width == WORD.width else builder.sext(value, WORD)


def _write(builder: Any, address: Any, dtype: np.dtype[Any], column: str, value: Any) -> None:
    kept = ir.IntType(8 * dtype.itemsize)
    if dtype == np.bool_:
        value = builder.zext(value, kept)
    elif kept.width < WORD.width:
        value = builder.trunc(value, kept)
    builder.store(value, builder.inttoptr(address, kept.as_pointer())).set_metadata(
        "tbaa", _apart(builder.module, column)
    )


def _apart(module: Any, column: str) -> Any:
    """Metadata by which LLVM knows that a column shares no place with another (type-based alias analysis)."""
    root = module.add_metadata(["portsim"])
    kind = module.add_metadata([column, root, WORD(0)])
    return module.add_metadata([kind, kind, WORD(0)])
