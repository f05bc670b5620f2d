"""Which contact of a unit gets what: the unit's own letters, escalations to it, copies of what it is chased for."""

from __future__ import annotations

from enum import IntFlag


class Part(IntFlag):
    """What of a unit's letters a contact gets."""

    OWN = 1
    SUPERIOR = 2
    COPY = 4


# Every active contact with what it is told: contact_id, unit_id, name, channel, address, rank, and 1 or 0 for own,
# superior, copy. The first rank among those who do the work gets the unit's own letters, the first rank among those
# who lead it what is escalated to the unit; where one of the two groups is empty the other stands in. Deputy leaders
# get copies of chases. Each question is one look into the index over (unit_id, duty, rank).
AUDIENCE = """
    SELECT c.id AS contact_id, c.unit_id, c.name, c.channel, c.address, c.rank,
        CASE WHEN c.duty IN ('handler', 'backup') THEN
            CASE WHEN {better_worker} THEN 0 ELSE 1 END
        ELSE
            CASE WHEN {worker} OR {better_leader} THEN 0 ELSE 1 END
        END AS own,
        CASE WHEN c.duty IN ('handler', 'backup') THEN
            CASE WHEN {better_worker} OR {leader} THEN 0 ELSE 1 END
        ELSE
            CASE WHEN {better_leader} THEN 0 ELSE 1 END
        END AS superior,
        CASE WHEN c.duty = 'deputy_leader' THEN 1 ELSE 0 END AS copy
    FROM contact AS c WHERE c.active
""".format(
    **{
        name: f"EXISTS (SELECT 1 FROM contact AS p WHERE p.unit_id = c.unit_id AND p.active AND {condition})"
        for name, condition in {
            "worker": "p.duty IN ('handler', 'backup')",
            "better_worker": "p.duty IN ('handler', 'backup') AND p.rank < c.rank",
            "leader": "p.duty IN ('leader', 'deputy_leader')",
            "better_leader": "p.duty IN ('leader', 'deputy_leader') AND p.rank < c.rank",
        }.items()
    }
)
