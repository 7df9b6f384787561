# The worker: one container watches one camera. The same image serves a looped clip as a camera, for trying things out.
FROM python:3.11.13-slim-bookworm AS build
WORKDIR /build
COPY requirements/bootstrap.lock requirements/base.lock requirements/
RUN python -m venv /opt/phatnguoi \
    && /opt/phatnguoi/bin/pip install --no-cache-dir --require-hashes -r requirements/bootstrap.lock \
    && /opt/phatnguoi/bin/uv pip install --no-cache --python /opt/phatnguoi/bin/python --require-hashes -r requirements/base.lock
COPY pyproject.toml README.md LICENSE ./
COPY models models
COPY streams streams
COPY detector detector
COPY api api
COPY phatnguoi phatnguoi
RUN /opt/phatnguoi/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11.13-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin phatnguoi \
    && install --directory --owner 10001 /var/lib/phatnguoi /clips
COPY --from=build /opt/phatnguoi /opt/phatnguoi
ENV PATH=/opt/phatnguoi/bin:$PATH PYTHONUNBUFFERED=1 YOLO_AUTOINSTALL=false YOLO_OFFLINE=true
USER 10001:10001
ENTRYPOINT ["phatnguoi"]
CMD ["worker", "--help"]
