# MinIO, not as root: a fresh named volume takes the owner of the folder that it covers.
FROM minio/minio:RELEASE.2025-04-22T22-12-26Z
USER 0
RUN mkdir -p /data && chown 1000:1000 /data
USER 1000:1000
