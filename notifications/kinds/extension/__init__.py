"""The letter 延期批复: wording in the templates, its context and a sample in sample.py."""
