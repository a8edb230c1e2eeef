# syntax=docker/dockerfile:1

FROM python:3.13.7-slim-bookworm AS build

# The package index's own torch is the GPU build, several gigabytes of it. To install a CPU build, name an index
# that has one: docker build --build-arg PIP_EXTRA_INDEX_URL=<index of CPU builds> .
# pip reads the argument from the environment, and prefers the build of the pinned release that is marked "+cpu".
ARG PIP_EXTRA_INDEX_URL=""

WORKDIR /src
RUN python -m venv /opt/memnet
ENV PATH=/opt/memnet/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY migrations migrations
COPY memnet memnet
COPY service service
COPY web web
RUN pip install -c constraints.txt ".[observability]"


FROM python:3.13.7-slim-bookworm

RUN useradd --system --uid 10001 --home-dir /var/lib/memnet --create-home memnet
COPY --from=build /opt/memnet /opt/memnet
# Inside a container every interface is meant; who may reach them is what the container's ports decide. The
# service does not start this way until there is a key, or MEMNET_ALLOW_UNAUTHENTICATED=1 says that somebody has
# thought of it.
ENV PATH=/opt/memnet/bin:$PATH PYTHONUNBUFFERED=1 MEMNET_HOST=0.0.0.0 MEMNET_PORT=8000
USER memnet
WORKDIR /var/lib/memnet
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["memnet", "serve"]
