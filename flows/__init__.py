"""When things run: one flow per kind of campaign, the daily rounds and their deployments.

Importing this package settles, before Prefect is imported, what none of our flows may do: run against a private
temporary server, or report home.
"""

import os

os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "false")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")
