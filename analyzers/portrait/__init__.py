"""What kind of file a file is: tags along dimensions, each of few values."""
