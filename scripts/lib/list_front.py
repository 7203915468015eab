"""Lists the front by the client that was generated from the API's document; its URL is the first argument."""

import sys

from ce_nas import Client
from ce_nas.api.search import front as asked
from ce_nas.models import Front

client = Client(base_url=sys.argv[1].rstrip("/"), raise_on_unexpected_status=True)
front = asked.sync(client=client)
assert isinstance(front, Front) and front.members, front
for member in front.members:
    print(f"trial {member.trial}: validation error {member.validation_error:.4f}, {member.architecture}")
print(f"{len(front.members)} networks on the front, hypervolume {front.hypervolume:.6g}")
