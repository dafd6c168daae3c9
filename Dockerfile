# One image for web and workers. A build stage installs Chart.js from the lock file.
FROM node:22-bookworm-slim AS vendor
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

FROM python:3.11-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements-serving.txt requirements-detector.txt ./
RUN pip install --require-hashes -r requirements-serving.txt \
    && pip install --require-hashes --no-deps -r requirements-detector.txt
COPY . .
COPY --from=vendor /build/node_modules/chart.js/dist/chart.umd.min.js \
    /build/node_modules/chart.js/dist/chart.umd.min.js.map var/vendor/
RUN useradd --system --uid 10001 --home-dir /app emotionsite \
    && mkdir /data && chown emotionsite /data \
    && VAR_DIR=/tmp/build python manage.py collectstatic --noinput \
    && rm -r /tmp/build
USER emotionsite
EXPOSE 8000
VOLUME /data
CMD ["python", "-m", "emotionsite.web"]
