"""The ledger's schema, step by step. One numbered file each; `HEAD` names the newest, so that two that were written
at the same time collide when they are joined. Each step works with the code before it: add first, remove later."""
