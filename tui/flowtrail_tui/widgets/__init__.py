"""What draws: lists and lines on Textual's Line API, fed with parts and nothing else."""
