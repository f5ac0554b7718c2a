"""What is refused at the call, and in which words."""

import enum
from collections import Counter, OrderedDict

import numpy as np
import pytest

from srcgrad.backend.arguments import check, check_differentiable, conversion, key_of
from srcgrad.backend.parameters import Parameters, python_function
from srcgrad.errors import ArgumentError
from srcgrad.infer.signature import describe


class Number(enum.IntEnum):
    ONE = 1


class Quantity(np.ndarray):
    """An array with a unit, say."""


@pytest.mark.parametrize(
    "value",
    [
        1, 1.5, True, None, "text", len, np.float32(1), np.int8(1), np.bool_(True), np.zeros(3),
        np.zeros(2, np.float32),
        np.zeros((2, 3), order="F"), np.array(1.0), np.zeros(2, np.uint16), {"a": [1.0, (2.0, np.zeros(2))]},
        Number.ONE,
    ],
)  # fmt: skip
def test_these_pass(value):
    check(value, "x")
    hash(key_of(value))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros(2, ">f8"), r"argument x has dtype >f8[\s\S]*newbyteorder"),
        (np.zeros(2, np.float16), r"argument x has dtype float16[\s\S]*astype\(np.float64\)"),
        (np.zeros(2, np.longdouble), r"argument x has dtype"),
        (np.float16(1), r"argument x has dtype float16"),
        (np.zeros(2, np.clongdouble), r"argument x has dtype[\s\S]*astype\(np.complex128\)"),
        (np.array([None]), r"argument x is of Python objects"),
        (np.array(["a"]), r"argument x is of strings"),
        (np.zeros(2, "f8,i4"), r"argument x is structured"),
        (np.zeros(2, "M8[s]"), r"argument x is of dtype datetime64"),
        (np.zeros(2).view(Quantity), r"argument x is a .*Quantity[\s\S]*np.asarray\(x\)"),
        (np.ma.array([1.0]), r"argument x is a masked array[\s\S]*filled"),
        (2**63, r"argument x does not fit 64 bits"),
        ([1.0] * 1001, r"argument x is a container of 1001 items[\s\S]*np.array\(x\)"),
        ({"w": [np.zeros(2, np.float16)]}, r"argument x\['w'\]\[0\] has dtype float16"),
        (OrderedDict(a=1.0), r"argument x is a OrderedDict[\s\S]*plain dict"),
        (Counter("a"), r"argument x is a Counter"),
    ],
)  # fmt: skip
def test_these_are_refused(value, message):
    with pytest.raises(ArgumentError, match=message):
        check(value, "x")


class Tensor:
    """As other libraries have them."""

    def __array__(self, dtype=None, copy=None):
        return np.zeros(3)


def test_arrays_of_other_libraries_are_refused():
    with pytest.raises(ArgumentError, match=r"argument x is a .*Tensor[\s\S]*np.asarray\(x\)"):
        check(Tensor(), "x")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1, r"argument n is to be differentiated, but is an integer[\s\S]*float\(n\), or leave it out of argnums"),
        (True, r"but is a boolean"),
        (np.zeros(2, int), r"but is an array of integers[\s\S]*n.astype\(float\)"),
        ("a", r"but is 'a'[\s\S]*compile-time constant"),
        (None, r"but is None"),
        (len, r"but is the builtin_function_or_method 'len'"),
        ([1, 2], r"but contains no floating-point number"),
    ],
)
def test_what_cannot_be_differentiated(value, message):
    with pytest.raises(ArgumentError, match=message):
        check_differentiable(describe(value), "n")


def test_keys_tell_apart_what_compiles_differently():
    base = np.zeros((3, 3))
    frozen = base.copy()
    frozen.flags.writeable = False
    values = [
        1, 1.0, True, 2**70, np.float32(1), np.float64(1), "a", "b", None, base, base[:, ::2], np.asfortranarray(base),
        base[0], base.astype(np.float32), frozen, (1.0,), [1.0], {"a": 1.0}, {"b": 1.0}, (1,), (1.0, 1.0), len, abs,
        float,
    ]  # fmt: skip
    assert len({key_of(value) for value in values}) == len(values)
    assert key_of([1, 2.0, base]) == key_of([3, 4.0, base + 1])


def test_subclasses_of_numbers_become_numbers():
    assert conversion(Number.ONE) is int and conversion(1) is None and conversion(np.float64(1)) is None
    memory = np.zeros(3)
    memory.flags.writeable = False
    alias = conversion(memory)(memory)
    assert alias.flags.writeable and np.shares_memory(alias, memory) and not memory.flags.writeable


# -- argnums --------------------------------------------------------------------------------------------------------


def three(a, b, *, c=1.0):
    return a


@pytest.mark.parametrize(
    ("argnums", "argnames", "expected"),
    [
        (None, None, ((0,), True)), (1, None, ((1,), True)), (-1, None, ((2,), True)), ((0, -2), None, ((0, 1), False)),
        (np.int64(1), None, ((1,), True)), ([0, 1], None, ((0, 1), False)), (None, "c", ((2,), True)),
        (None, ("c", "a"), ((2, 0), False)), (1, "a", ((1, 0), False)),
    ],
)  # fmt: skip
def test_argnums(argnums, argnames, expected):
    assert Parameters(three).resolve(argnums, argnames) == expected


@pytest.mark.parametrize(
    ("argnums", "argnames", "message"),
    [
        (3, None, r"argnums=3, but three has 3 parameter"), (-4, None, r"argnums=-4"), ((0, 0), None, "twice"),
        ((0, -3), None, "twice"), ((), None, "argnums is empty"), (1.0, None, "int or a tuple of ints, not 1.0"),
        (True, None, "not True"), ("a", None, "not 'a'"), (None, "d", r"names 'd'[\s\S]*a, b, c"),
    ],
)  # fmt: skip
def test_wrong_argnums(argnums, argnames, message):
    with pytest.raises(ArgumentError, match=message):
        Parameters(three).resolve(argnums, argnames)


@pytest.mark.parametrize("fun", [len, int, 3, np.sin, "name"])
def test_only_python_functions(fun):
    with pytest.raises(ArgumentError, match="is not a Python function"):
        python_function(fun)
