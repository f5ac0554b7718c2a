"""From generated Python to machine code, and the objects that users call."""
