"""Tell the errors of the SDK apart, and submit safely more than once."""

from darkroom_client import Client, DarkroomError, InvalidRequest, NotEnoughCredits, ServiceError

with Client() as client:
    try:
        client.submit("no_such_type", "a lighthouse")
    except NotEnoughCredits as error:
        print(f"{error.missing_credits:g} credits are missing.")
    except InvalidRequest as error:
        print(error.code, error.fields)
    except ServiceError as error:
        print(f"Try again in {error.retry_after or 10} seconds.")
    except DarkroomError as error:
        print(f"{error} (trace {error.trace_id})")

    # The same key twice is one job, however often the program is started again.
    first = client.submit("image_fast", "a lighthouse", idempotency_key="order-4711")
    again = client.submit("image_fast", "a lighthouse", idempotency_key="order-4711")
    print("one job" if first.id == again.id else "two jobs")
