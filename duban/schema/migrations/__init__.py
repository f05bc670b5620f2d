"""The ledger's schema, step by step. One numbered file each; `HEAD` names the newest, so that two that were written
at the same time collide when they are joined. Each step works with the code before it: add first, remove later.
Until 0.1.0 is given to a bureau, 0001 is changed together with the tables; from then on nothing here is changed."""
