"""Videos: checked and sampled in a process of their own, since the files are untrusted.

`process` is what others use: `inspect` checks a file, a `Decoder` yields frames. Each is a process
of `child`, which limits itself and reads the file with FFmpeg (`reading`, `sampling`,
`skipping`). `tracking` follows faces in time.
"""
