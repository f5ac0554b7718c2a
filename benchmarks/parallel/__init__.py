"""Gradients on one core and on several, against JAX and PyTorch on the same cores."""
