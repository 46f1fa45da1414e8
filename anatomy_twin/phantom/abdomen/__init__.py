"""The synthetic abdomen: its build, organs, vessels, lesions and conditions."""
