"""One file a kind of job; each holds a `KIND`. `api/worker_jobs/service.py` finds it."""
