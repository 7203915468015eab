"""Whether the coordinator at the URL given has a front: exit code 0 or 1."""

import json
import sys
import urllib.error
import urllib.request

try:
    with urllib.request.urlopen(sys.argv[1].rstrip("/") + "/api/v1/front", timeout=5) as answer:
        sys.exit(0 if json.load(answer)["members"] else 1)
except (urllib.error.URLError, OSError):
    sys.exit(1)
