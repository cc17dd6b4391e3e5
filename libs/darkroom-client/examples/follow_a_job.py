"""Follow a job live, leave in the middle, and come back later without missing an event."""

from darkroom_client import Client

with Client() as client:
    job = client.submit("image_fast", "waves rolling onto a beach", seed=7)
    last_event_id = None
    for event in job.stream():
        last_event_id = event.last_event_id
        if last_event_id:
            break  # the program might have been restarted here

    # Another process needs these two strings only.
    for event in client.jobs.stream(job.id, last_event_id=last_event_id):
        for line in event.history:
            print(line.message)
        if event.progress is not None:
            print(f"{event.progress:.0f} %")
    print(client.jobs.get(job.id).status)
