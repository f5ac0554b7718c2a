"""srcgrad as a tool of GradBench (github.com/gradbench/gradbench), and a relay that runs it beside others."""
