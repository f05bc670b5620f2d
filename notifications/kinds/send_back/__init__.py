"""The letter 退回: wording in the templates, its context and a sample in sample.py."""
