"""cta-heart and lge-left-atrium: the chambers of the heart in contrast CT, the left atrium in late-enhancement MR."""
