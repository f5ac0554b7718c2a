"""The problems in JAX, one module each, of the same names; `STATIC` are the arguments fixed at compile time."""
