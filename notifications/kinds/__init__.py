"""One folder per kind of letter, with the same names in each; a new kind begins as a copy of the nearest one."""
