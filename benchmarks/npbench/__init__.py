"""NPBench (github.com/spcl/npbench): its NumPy kernels, unmodified, differentiated with respect to all their floats."""
