# The review office: the web process, and the same image with `office jobs` for its jobs. No cv2, no network runtime.
FROM python:3.11.13-slim-bookworm AS build
WORKDIR /build
COPY requirements/bootstrap.lock requirements/office.lock requirements/
RUN python -m venv /opt/phatnguoi \
    && /opt/phatnguoi/bin/pip install --no-cache-dir --require-hashes -r requirements/bootstrap.lock \
    && /opt/phatnguoi/bin/uv pip install --no-cache --python /opt/phatnguoi/bin/python --require-hashes -r requirements/office.lock
COPY pyproject.toml README.md LICENSE ./
COPY models models
COPY api api
COPY phatnguoi phatnguoi
RUN /opt/phatnguoi/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11.13-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin phatnguoi \
    && install --directory --owner 10001 /var/lib/phatnguoi
COPY --from=build /opt/phatnguoi /opt/phatnguoi
ENV PATH=/opt/phatnguoi/bin:$PATH PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["phatnguoi"]
CMD ["office", "--host", "0.0.0.0", "--port", "8000"]
