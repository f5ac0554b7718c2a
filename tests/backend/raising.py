"""A function that raises in many ways; apart from the tests, whose assertions pytest rewrites."""


class OutOfDomain(ValueError):
    """An exception with arguments of its own."""

    def __init__(self, value, place, *, why=""):
        super().__init__(f"{value} at {place}: {why}")
        self.value = value


class Stopped(Exception):
    """One without."""


KNOWN = KeyError("known")


def raising(x, n, mode="strict"):
    if n == 0:
        raise OutOfDomain(x, n, why=mode)
    if n == 1:
        raise Stopped
    if n == 2:
        raise Stopped(f"{x:.2f} and {n!r}, {{}} 100%")
    if n == 3:
        raise ValueError("x=%5.1f, n=%d %%" % (x, n))  # noqa: UP031
    if n == 4:
        raise ValueError("x={:8.3e} {k}".format(x, k=n))  # noqa: UP032
    if n == 5:
        raise KNOWN
    if n == 6:
        raise ValueError("several", x, n)
    if n == 7:
        raise ValueError(x)
    if n == 8:
        raise TypeError("sum " + str(x) + mode.upper())
    if n == 9:
        raise NotImplementedError
    if n == 10:
        raise ValueError(f"the tuple {(x, n)}")
    assert n != 11, f"n is {n}"
    assert n != 12
    assert n != 13, "a constant {text}"
    return x * x
