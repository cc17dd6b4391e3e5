"""Make a picture and save it. Needs a running stack (`darkroom up`), or DARKROOM_URL and DARKROOM_TOKEN."""

import sys

from darkroom_client import Client

prompt = " ".join(sys.argv[1:]) or "a lighthouse at dawn"

with Client() as client:
    picture = client.run("image_fast", prompt)
    for file in picture.save("darkroom-output"):
        print(file)
