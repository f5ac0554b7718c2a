"""The public transforms: names and argument order as in JAX.

`grad`, `value_and_grad`, `jacobian` and `differentiable` are functions, bare decorators and decorators with options.
What they return compiles at the first call, for the types of the arguments of that call, and again when the types
change.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from srcgrad.backend.buffers import add_to
from srcgrad.backend.callable import CompiledFunction, Derivative
from srcgrad.backend.device.modules import to_device
from srcgrad.backend.differentiable import Differentiable
from srcgrad.backend.jacobian import Jacobian
from srcgrad.backend.markers import stop_gradient
from srcgrad.backend.products import jacobian_vector, vector_jacobian
from srcgrad.config import Options, Target, Transform
from srcgrad.errors import ArgumentError, Diagnostic
from srcgrad.infer.derivation import Argnames, Argnums

__all__ = [
    "add_to", "differentiable", "grad", "hessian", "jacobian", "jvp", "stop_gradient", "to_device", "value_and_grad",
    "vjp",
]  # fmt: skip


def grad(
    fun: Callable[..., Any] | None = None,
    argnums: Argnums = None,
    *,
    argnames: Argnames = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    **options: bool | str,
) -> Any:
    """A function that returns the gradient of `fun`.

    `fun` returns one real number (or, with `has_aux=True`, a pair of it and anything else; the result is then
    `(gradient, aux)`). `argnums` says which arguments to differentiate: an int (0, the first, unless given) makes the
    gradient bare, a tuple makes it a tuple; negative numbers count from the end; `argnames` does the same by name.
    The gradient has the structure of the argument, with None for parts that are not floating-point.

    The gradient for a complex argument z = x + iy of a real function f is df/dx - i df/dy, as in JAX: descend along
    its conjugate. With `holomorphic=True`, `fun` maps complex numbers to one complex number, and the gradient is its
    complex derivative (what comes out for a function that is not holomorphic is that of its real part).

    Called from Python with `out=buffers`, arrays in the structure, shapes and dtypes of the gradient (of shape () for a
    number, None for a part without a gradient), it writes the gradient into them and returns them in its place; with
    `out=add_to(buffers)` it adds the gradient to what they hold. Buffers that do not fit raise `ArgumentError`, those
    that share memory `OverlapError`; then none is written. (A parameter of `fun` that is called `out`, or `**kwargs`,
    goes before.)

    Options: `fastmath`, `cache`, `nogil`, `boundscheck`, `strong_zero`, see `srcgrad.config.Options`.

    Also a decorator, `@grad` or `@grad(argnums=(0, 1))`."""
    return _derivative(Transform.GRAD, fun, argnums, argnames, has_aux, {**options, "holomorphic": holomorphic})


def value_and_grad(
    fun: Callable[..., Any] | None = None,
    argnums: Argnums = None,
    *,
    argnames: Argnames = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    **options: bool | str,
) -> Any:
    """A function that returns `(value, gradient)` of `fun`, or `((value, aux), gradient)`. As `grad` otherwise."""
    given = {**options, "holomorphic": holomorphic}
    return _derivative(Transform.VALUE_AND_GRAD, fun, argnums, argnames, has_aux, given)


def jacobian(
    fun: Callable[..., Any] | None = None,
    argnums: int | None = None,
    *,
    argnames: str | None = None,
    mode: str | None = None,
    **options: bool | str,
) -> Any:
    """A function that returns the Jacobian of `fun`: all derivatives of its result with respect to one argument.

    The argument (the first, unless `argnums` or `argnames` names another) is an array or a number, float64 or float32;
    `fun` returns an array or a number, or a tuple or list of numbers, which counts as an array of one dimension. The
    Jacobian is an array of the shape of the result followed by that of the argument, with the dtype of the result.

    `mode="forward"` computes a column at a time by products with tangents, `mode="reverse"` a row at a time by
    products with cotangents (Griewank and Walther, "Evaluating Derivatives", 2nd edition, chapter 3); unless given,
    forward, or reverse where the result has fewer numbers than the argument. (Inside `@njit` code, where sizes are not
    known: reverse for a function that returns a number.)

    Raises `ArgumentError` for a container, a complex number or an integer to differentiate, for a result of another
    kind, for several argnums, and for `target="cuda"`. Options as for `grad`. Also a decorator."""
    checked = _options(options)

    def make(function: Callable[..., Any]) -> Jacobian:
        return Jacobian(function, argnums=argnums, argnames=argnames, options=checked, mode=mode)

    return make if fun is None else make(fun)


def hessian(
    fun: Callable[..., Any] | None = None,
    argnums: int | None = None,
    *,
    argnames: str | None = None,
    **options: bool | str,
) -> Any:
    """A function that returns the Hessian of `fun`, which returns one real number: `jacobian(grad(fun))`, all second
    derivatives with respect to one array (or number), of the shape of that argument twice over.

    A column at a time, each a product of the Hessian with a unit vector, in forward mode over the gradient; where
    such products are all that is wanted, `jvp(grad(fun), (x,), (v,))` gives one, together with the gradient (Griewank
    and Walther, "Evaluating Derivatives", 2nd edition, chapter 5). Raises what `grad` and `jacobian` raise, and
    `Unsupported` where a matrix that is factorised depends on the argument. Also a decorator."""
    checked = _options(options)

    def make(function: Callable[..., Any]) -> Jacobian:
        gradient: Callable[..., Any] = _derivative(Transform.GRAD, function, argnums, argnames, False, dict(options))
        return Jacobian(gradient, argnums=argnums, argnames=argnames, options=checked, mode="forward")

    return make if fun is None else make(fun)


def vjp(fun: Callable[..., Any], *primals: Any, **options: bool | str) -> tuple[Any, Callable[[Any], tuple]]:
    """`(fun(*primals), pullback)`.

    `pullback(cotangent)` takes a value in the structure of the output and gives a tuple with one entry per primal:
    the cotangent times the Jacobian (without conjugation, as in JAX), or None for an argument that has no gradient
    (an int, a string). It can be called any number of times; what happens to the primals after this call does not
    change it. Options as for
    `grad`."""
    return vector_jacobian(fun, primals, _options(options))


def jvp(fun: Callable[..., Any], primals: tuple, tangents: tuple, **options: bool | str) -> tuple[Any, Any]:
    """`(fun(*primals), tangent_out)`: the Jacobian times the tangents.

    `tangents` has one entry for each primal, in its structure, or None for an argument that is held constant.
    Options as for `grad`."""
    return jacobian_vector(fun, primals, tangents, _options(options))


def differentiable(fun: Callable[..., Any] | None = None, **options: bool | str) -> Any:
    """`fun`, compiled, with its derivatives as attributes: `.grad`, `.value_and_grad`, `.vjp`, `.jvp`, `.source()`,
    `.report()`, `.py_func`. Also a decorator. Options as for `grad`."""
    checked = _options(options)

    def make(function: Callable[..., Any]) -> CompiledFunction:
        return Differentiable(function, options=checked)

    return make if fun is None else make(fun)


_MEANINGS: tuple[tuple[Any, Transform], ...] = (
    (grad, Transform.GRAD), (value_and_grad, Transform.VALUE_AND_GRAD), (jvp, Transform.JVP), (vjp, Transform.VJP),
    (jacobian, Transform.JACOBIAN), (hessian, Transform.JACOBIAN), (differentiable, Transform.PRIMAL),
)  # fmt: skip
for _function, _transform in _MEANINGS:
    _function.__srcgrad_derives__ = _transform  # what it means inside a function


def _derivative(
    transform: Transform,
    fun: Callable[..., Any] | None,
    argnums: Argnums,
    argnames: Argnames,
    has_aux: bool,
    options: dict[str, Any],
) -> Any:
    checked = _options(options, of_gradient=True)

    def make(function: Callable[..., Any]) -> Derivative:
        return Derivative(function, transform, argnums, argnames, has_aux, checked)

    return make if fun is None else make(fun)


def _options(given: dict[str, Any], of_gradient: bool = False) -> Options:
    """The options of a call. Raises `ArgumentError` for a name or a value that is none."""
    valid = [field.name for field in dataclasses.fields(Options) if of_gradient or field.name != "holomorphic"]
    targets = {target.value: target for target in Target}
    for name, value in given.items():
        if name not in valid:
            raise ArgumentError(
                Diagnostic(f"there is no option {name!r}", advice=f"the options are: {', '.join(valid)}")
            )
        if name == "target":
            if value not in targets:
                names = " or ".join(map(repr, targets))
                raise ArgumentError(Diagnostic(f"the option target is {names}, not {value!r}"))
        elif not isinstance(value, bool):
            raise ArgumentError(Diagnostic(f"the option {name} is True or False, not {value!r}"))
    checked: dict[str, Any] = {k: targets[v] if k == "target" else v for k, v in given.items()}
    return Options(**checked)
