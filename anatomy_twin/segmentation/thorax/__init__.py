"""ct-thorax: lungs, lobes, airways, vessels, nodule candidates and the mediastinum."""
