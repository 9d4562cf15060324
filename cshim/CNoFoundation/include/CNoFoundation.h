/* What swift-argument-parser wants of Foundation: see nofoundation.c. */
