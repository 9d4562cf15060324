/* Replaces the parts of Foundation that swift-argument-parser links: see nofoundation.c. */
