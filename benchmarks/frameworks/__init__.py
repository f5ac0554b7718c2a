"""First lessons of TensorFlow and PyTorch, by srcgrad and by the frameworks, with the same numbers."""
