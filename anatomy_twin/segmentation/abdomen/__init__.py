"""ct-abdomen: the organs, vessels and lesion candidates of the trunk."""
