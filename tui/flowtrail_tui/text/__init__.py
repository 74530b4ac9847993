"""Answers as plain lines for pipes, screen readers and scrollback: documents in, lines out, nothing else."""
