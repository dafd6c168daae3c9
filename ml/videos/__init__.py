"""Videos: checked and sampled in a process of their own, since the files are untrusted.

`process` is what others use: `inspect` checks a file, `sample` yields frames. They start `child`,
which limits itself and reads the file with FFmpeg (`reading`). `tracking` follows faces in time.
"""
