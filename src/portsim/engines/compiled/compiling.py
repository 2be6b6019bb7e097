"""How the kernel's functions are compiled, and how they find the arrays of a run.

A function that is handed fifty numpy arrays takes minutes to compile and long to call. So the kernel is handed the
address of one table, and `s.units[unit]` is what it looks like: a look into the table, and a place counted from there.
There is no check of bounds, as there is none in numba's own arrays.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba import njit, types
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_getattr, infer_global, signature
from numba.extending import intrinsic, lower_builtin, lower_getattr_generic, models, register_model

from portsim.engines.compiled.state import FIELDS

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile a function that only other functions of the kernel call."""
    compiled = njit(nogil=True, cache=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
    return cast(F, compiled(function))


def entry(function: F) -> F:
    """Compile a function that Python calls; meanwhile other threads run."""
    return cast(F, njit(nogil=True, cache=True, error_model="numpy")(function))


WORD = ir.IntType(64)
_NUMBERS = {name: number for number, name in enumerate(FIELDS)}


class StateType(types.Type):
    """The arrays of a run as the kernel knows them: the address of their table."""

    def __init__(self) -> None:
        super().__init__(name="portsim.State")


class ViewType(types.Type):
    """One array of a run: the address of its entry in the table."""

    def __init__(self, element: types.Type) -> None:
        self.element = element
        super().__init__(name=f"portsim.View({element})")


@register_model(StateType)
@register_model(ViewType)
class WordModel(models.PrimitiveModel):
    """One machine word."""

    def __init__(self, manager: Any, kind: types.Type) -> None:
        super().__init__(manager, kind, WORD)


@intrinsic
def state_at(typing_context: Any, address: Any) -> Any:
    """The run whose table stands at this address."""
    return StateType()(types.int64), lambda context, builder, signature, arguments: arguments[0]


@infer_getattr
class _Arrays(AttributeTemplate):
    key = StateType

    def generic_resolve(self, state: StateType, name: str) -> ViewType | None:
        return ViewType(numba.from_dtype(FIELDS[name])) if name in FIELDS else None


@lower_getattr_generic(StateType)
def _find(context: Any, builder: Any, kind: Any, state: Any, name: str) -> Any:
    return builder.add(state, WORD(16 * _NUMBERS[name]))


@infer_getattr
class _Size(AttributeTemplate):
    key = ViewType

    def resolve_size(self, view: ViewType) -> types.Type:
        return types.int64


@lower_getattr_generic(ViewType)
def _size_of(context: Any, builder: Any, kind: Any, view: Any, name: str) -> Any:
    return builder.load(builder.inttoptr(builder.add(view, WORD(8)), WORD.as_pointer()))


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


def _place(context: Any, builder: Any, view: Any, index: Any, element: types.Type) -> Any:
    """Pointer to one element."""
    data = context.get_data_type(element)
    size = element.size if isinstance(element, types.Record) else context.get_abi_sizeof(data)
    base = builder.load(builder.inttoptr(view, WORD.as_pointer()))
    return builder.inttoptr(builder.add(base, builder.mul(index, WORD(size))), data.as_pointer())


@lower_builtin(operator.getitem, ViewType, types.Integer)
def _get(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
    element = sig.args[0].element
    place = _place(context, builder, *arguments, element)
    return place if isinstance(element, types.Record) else context.unpack_value(builder, element, place)


@lower_builtin(operator.setitem, ViewType, types.Integer, types.Any)
def _set(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
    view, index, value = arguments
    element = sig.args[0].element
    context.pack_value(builder, element, value, _place(context, builder, view, index, element))
    return context.get_dummy_value()
