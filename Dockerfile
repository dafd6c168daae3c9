# Two images: `serving` for web and workers, `training` for the background worker that fine-tunes.
# Chart.js and onnxruntime-web come from the lock file, in a stage that is thrown away.
FROM node:22-bookworm-slim AS vendor
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

# Of the weights, what serves: manifests, graphs of eight bits, and the check of faces.
FROM python:3.11-slim-bookworm AS weights
WORKDIR /weights
COPY ml/weights ./
RUN find . -type f ! -name '*.json' ! -name '*.int8.onnx' ! -name 'face_check.onnx' -delete

FROM python:3.11-slim-bookworm AS serving
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements-serving.txt requirements-detector.txt ./
RUN pip install --require-hashes -r requirements-serving.txt \
    && pip install --require-hashes --no-deps -r requirements-detector.txt
COPY LICENSE manage.py ./
COPY emotionsite ./emotionsite
COPY detector ./detector
COPY static ./static
COPY templates ./templates
COPY ml/*.py ./ml/
COPY ml/detection ./ml/detection
COPY ml/videos ./ml/videos
COPY --from=weights /weights ./ml/weights
RUN python -m ml.centerface_graph
COPY --from=vendor /build/node_modules/chart.js/dist/chart.umd.min.js \
    /build/node_modules/chart.js/dist/chart.umd.min.js.map \
    /build/node_modules/tus-js-client/dist/tus.min.js \
    /build/node_modules/tus-js-client/dist/tus.min.js.map \
    /build/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs \
    /build/node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.mjs \
    /build/node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm var/vendor/
RUN useradd --system --uid 10001 --home-dir /app emotionsite \
    && mkdir /data /scratch && chown emotionsite /data /scratch \
    && VAR_DIR=/tmp/build python manage.py collectstatic --noinput \
    && rm -r /tmp/build
USER emotionsite
EXPOSE 8000
VOLUME /data
CMD ["python", "-m", "emotionsite.web"]

# With TensorFlow, the code that trains, and the networks that a fine-tune goes on from.
FROM serving AS training
USER root
COPY requirements.txt ./
RUN pip install --require-hashes -r requirements.txt
COPY ml/training ./ml/training
COPY ml/weights ./ml/weights
USER emotionsite
CMD ["python", "-m", "emotionsite.supervisor", "background"]

# What is built unless a target is named.
FROM serving
