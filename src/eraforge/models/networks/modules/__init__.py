"""The torch modules of the networks; imported only when one is trained or loaded."""
