"""The command line's parts: the demonstration and the commands that look into anyone's function."""
