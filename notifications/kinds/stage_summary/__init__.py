"""The letter 阶段小结: wording in the templates, its context and a sample in sample.py."""
