# docker build -t tag2vec .
# docker run --read-only --cap-drop ALL -p 8000:8000 -v ./keys.txt:/keys.txt:ro -e TAG2VEC_KEYS_FILE=/keys.txt tag2vec
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
# The CPU build of torch: a tenth of the size of the default one. Empty: whatever pip is set up to find.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /build
RUN python3 -m venv /opt/tag2vec
ENV PATH=/opt/tag2vec/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# Dependencies first: their layer lasts until they change, whatever happens to the source.
COPY constraints.txt pyproject.toml ./
RUN python -c "import tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
        print(*project['dependencies'], *project['optional-dependencies']['service'], sep='\n')" > requirements.txt \
    && pip install ${TORCH_INDEX:+--index-url ${TORCH_INDEX}} --no-deps "$(grep ^torch== constraints.txt)" \
    && pip install -c constraints.txt -r requirements.txt
COPY . .
RUN pip install --no-deps .

FROM ${BASE}
COPY --from=build /opt/tag2vec /opt/tag2vec
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin tag2vec
# Everything that is ever written (uploads on their way, compiled kernels) goes to /tmp, so the root may be read-only.
ENV PATH=/opt/tag2vec/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 NUMBA_CACHE_DIR=/tmp/numba
VOLUME /tmp
USER 10001
EXPOSE 8000
HEALTHCHECK --start-period=300s --interval=15s --timeout=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["tag2vec"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
