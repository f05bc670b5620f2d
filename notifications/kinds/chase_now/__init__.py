"""The letter 即时催办: wording in the templates, its context and a sample in sample.py."""
