"""Read what an account has: job types, credits, all jobs and assets, and a key that is revoked again."""

from itertools import islice

from darkroom_client import Client

with Client() as client:
    for kind in client.job_types.list():
        print(f"{kind.name}: {kind.price:g} credits for {kind.outputs} x {kind.mime_type}")
    print(f"balance: {client.credits.balance().balance:g}")

    # Iterators ask for the next page when it is needed.
    for job in islice(client.jobs.all(status=["completed", "failed"]), 5):
        print(job.id, job.status, job.prompt)
    for asset in islice(client.assets.all(mime_type="image/*"), 5):
        print(asset.id, asset.width, asset.height, asset.seed)

    key = client.keys.create("read only", scopes=["jobs:read", "assets:read"])
    client.keys.revoke(key.id)
    print("the key is revoked again")
