"""The letter 每日汇总: wording in the templates, its context and a sample in sample.py."""
