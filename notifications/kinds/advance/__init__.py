"""The letter 提前提醒: wording in the templates, its context and a sample in sample.py."""
