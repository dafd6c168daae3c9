"""Face detection and expression classification. Knows nothing of Django or Celery."""

import os

# ONNX Runtime 1.29 and later would keep a device id in the home folder, and send names, checksums
# and sizes of networks to its maker: https://github.com/microsoft/onnxruntime, docs/Privacy.md
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# A platform has a worker for each core. OpenCV would spread each call over all cores, where its
# idle threads take time from the other workers. It reads this when it is imported.
os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")
