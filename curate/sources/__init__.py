"""Sources: how each kind of input is found, split and read. Data sets, git repositories, archives, URLs."""
