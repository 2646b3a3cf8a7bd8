# docker build -t tag2vec .
# docker run --read-only --cap-drop ALL -p 8000:8000 -v ./keys.txt:/keys.txt:ro -e TAG2VEC_KEYS_FILE=/keys.txt tag2vec
ARG BASE=python:3.13-slim

# Kernels are compiled for a named processor while the image is built: for the oldest one that the image is to run on,
# not for the one that builds it. x86-64-v3 has AVX2 (Intel from 2013, AMD from 2015).
FROM ${BASE} AS base-amd64
ENV NUMBA_CPU_NAME=x86-64-v3 NUMBA_CPU_FEATURES=""
FROM ${BASE} AS base-arm64
ENV NUMBA_CPU_NAME=generic NUMBA_CPU_FEATURES=""

FROM base-${TARGETARCH} AS build
WORKDIR /build
RUN python3 -m venv /opt/tag2vec
ENV PATH=/opt/tag2vec/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# Dependencies first: their layer is reused until they change.
COPY constraints.txt pyproject.toml ./
RUN python -c "import tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
        print(*project['dependencies'], *project['optional-dependencies']['service'], sep='\n')" > requirements.txt \
    && pip install -c constraints.txt -r requirements.txt
COPY . .
# Layers keep whole seconds, and both bytecode and kernels are valid only for a source file of the same time.
RUN pip install --no-deps . \
    && pip uninstall --yes pip \
    && find /opt/tag2vec -name '*.py' -exec touch --date=@1767225600 {} + \
    && python -m compileall -q /opt/tag2vec/lib
WORKDIR /
RUN NUMBA_CACHE_DIR=/opt/kernels python -c "from models.encoder import warm_up; \
        from models.trajectories.settings import TrajectorySettings; warm_up(TrajectorySettings())"

FROM base-${TARGETARCH}
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin tag2vec
COPY --from=build /opt/tag2vec /opt/tag2vec
# Numba wants a folder that it may write to. All that is ever written (uploads, the model's copy) goes to /tmp, so the
# root may be read-only; a new volume starts with these kernels. Where /tmp comes up empty, they are compiled again.
COPY --from=build --chown=10001 /opt/kernels /tmp/numba
ENV PATH=/opt/tag2vec/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 NUMBA_CACHE_DIR=/tmp/numba
VOLUME /tmp
USER 10001
EXPOSE 8000
HEALTHCHECK --start-period=120s --interval=15s --timeout=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["tag2vec"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
