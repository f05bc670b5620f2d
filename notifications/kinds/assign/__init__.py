"""The letter 交办: wording in the templates, its context and a sample in sample.py."""
