"""What the screens show, without any toolkit: documents in, lines of styled parts out."""
