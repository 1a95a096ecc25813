# The service in a container: no root, nothing written outside /data and /tmp, the model inside. See docs/deployment.md.
FROM python:3.12-slim AS build
WORKDIR /build
RUN python -m venv /opt/mt
ENV PATH=/opt/mt/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY constraints.txt ./
# Torch first, in a layer of its own. Its ordinary build brings CUDA along; an index with builds for processors makes the image far smaller.
ARG TORCH_INDEX=
RUN pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$(grep -i '^torch==' constraints.txt)"
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY configs configs
COPY seeds seeds
COPY mt mt
RUN pip install -c constraints.txt '.[files,service]'
# What is derived from the weights is made now: the root file system is read-only later.
ENV MT_CACHE=/opt/mt/cache HF_HUB_OFFLINE=1
RUN mt translate --text 'وصل الوفد.' --backend ctranslate2

FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 tini && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data mt && install -d -o mt -m 700 /data
COPY --from=build /opt/mt /opt/mt
ENV PATH=/opt/mt/bin:$PATH MT_CACHE=/opt/mt/cache HF_HUB_OFFLINE=1 HOME=/data GRADIO_TEMP_DIR=/tmp/gradio \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER mt
VOLUME /data
EXPOSE 5000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5000/ready', timeout=4)"]
# The address is not loopback, so everybody needs a key. The backend is named, as the choice could not be remembered.
ENTRYPOINT ["tini", "--", "mt", "serve", "--host", "0.0.0.0", "--data", "/data", "--set", "engine.backend=ctranslate2"]
