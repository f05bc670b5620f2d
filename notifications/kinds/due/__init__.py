"""The letter 到期: wording in the templates, its context and a sample in sample.py."""
