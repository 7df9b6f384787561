#!/bin/sh
# Run by the service minio-setup. Safe to run again.
set -eu
mc alias set store http://minio:9000 root "$MINIO_ROOT_PASSWORD"
mc mb --ignore-existing --with-lock store/evidence
mc version enable store/evidence
mc retention set --default COMPLIANCE 30d store/evidence
for user in worker office keeper; do
    mc admin policy create store "$user" "/setup/$user.json"
done
mc admin user add store worker "$WORKER_S3_SECRET_KEY"
mc admin user add store office "$OFFICE_S3_SECRET_KEY"
mc admin user add store keeper "$KEEPER_S3_SECRET_KEY"
for user in worker office keeper; do
    mc admin policy attach store "$user" --user "$user" || mc admin policy entities store --user "$user"
done
