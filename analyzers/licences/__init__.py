"""Licences: what a file says of itself, what a licence file or manifest says of its folder, and what kind of terms."""
