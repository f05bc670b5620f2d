"""The letter 催办: wording in the templates, its context and a sample in sample.py."""
