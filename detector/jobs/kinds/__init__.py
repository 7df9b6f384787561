"""One file a kind of job, named like it: `run(job, bench)` does it. `detector/jobs/kind.py` finds it."""
