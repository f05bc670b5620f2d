"""The letter 日历变更: wording in the templates, its context and a sample in sample.py."""
