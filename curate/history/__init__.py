"""What happened in repositories, as data sets that `codemill run` curates: commits, issues and pull requests."""
