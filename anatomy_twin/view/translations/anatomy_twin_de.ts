<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name></name>
    <message>
        <source> ml</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> mm</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>* surfaces older than their outlines: {count}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 structure to check</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 warning about the scan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>3-D</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>3D Slicer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A copy of the plan shown, to vary it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A generated CT with a tumour by a hepatic vein, to try everything with</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A generated CT without findings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A moment earlier</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A moment later</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A name of your own: it lies over the organs and is no part of one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A new plan from a template</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A new plan: one applicator straight from the skin to the target</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A new plan: one plane between the target and the hilum</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ablation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>About anatomy_twin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Across applicator {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add applicator or plane</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add this case to the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add {part}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All keys on one page, and what the mouse does</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All measurements with their values: rename, copy, remove</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All steps by name; click one to go back or forth to it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All targets</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All your cases, with search</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Along applicator {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Anatomical</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Angle</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Animation of the simulation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Animation of the simulation...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Animation: once round</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Animation: once round...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Another program changed this case since it was opened here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Another program removed this case since it was opened here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Aorta</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Archives (*.zip *.tar *.tar.gz *.tgz)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Area</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As scanned</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As the system</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Axial</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Background</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ball</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ball brush</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Begin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Body</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bones</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bowel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Brain</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Brightest values (MIP)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Brush</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Case as it was opened</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Case library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cases (*.twin *.twin.zip *.zip case.json)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Central bile ducts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Centre here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Centre the views here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Change</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Change measurements</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the plan shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the rules</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check this computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking plan {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the next handle; arrow keys move it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the plane of this view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clear</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clear finished</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clear segment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click a lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click a lesion that is outlined (RECIST 1.1)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click corners or draw freely; double click or Enter closes the outline</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click inside, Shift and click outside; Enter takes the proposed outline, Esc drops it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click inside; Shift and click outside. Enter takes the outline, Esc drops it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click on the piece that is to go</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click on the piece that is to go.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click on the piece that is to stay</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click on the piece that is to stay.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click on tissue: only values like it are painted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click on tissue: only values like it are painted from then on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click one arm, the vertex, the other arm</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click the corners of an outline, or draw it freely; double click or Enter closes it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click to show this plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click to undo what came after</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click two points, or drag a line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click where its tip is to be</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click where the applicator enters the skin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click where the next applicator or plane of the plan is to be</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click where the plane is to run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clicks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close case</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colon</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colour</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colour of the segment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colour of {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colour-blind safe</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colour...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colours of structures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colours of structures: {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colours: {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Combine with another segment...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Combine {name} with</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Command, structure or plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Commands, structures and plans by a few letters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare plans</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy all rows as a table</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy as CSV</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy as text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy picture of the views</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy the chosen lines, or all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy the comparison of plans</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Coronal</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Crossing point here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ctrl and wheel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cut</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cut across the line of sight</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cut along the applicator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cut axially at the crossing point</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cut coronally at the crossing point</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cut sagittally at the crossing point</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>DICOM (*.dcm *.ima)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Damage of tissue</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dark</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Decide later</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete plan {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete segment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Description</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Device of applicator {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Diameters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Diameters by hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Diameters of a lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Diameters of all targets</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Diameters of all targets, by one click</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Diaphragm</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Discard</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Distance</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Do again what was undone last</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Doing {count} steps again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Double click</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag between views</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag from the centre to the edge</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag from the centre to the edge: volume and image values in it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag on a slice. Ctrl erases. [ and ], or Shift and wheel: size.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag on a slice. Ctrl paints. [ and ], or Shift and wheel: size.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag on a slice; Ctrl erases, [ and ] or Shift and wheel: size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag on a slice; Ctrl paints</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag round a region, or click corners and press Enter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag round a region, or click corners and press Enter. Ctrl takes away. Esc drops it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag the ends of a measurement; Delete removes it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag the ends of measurements; nothing new is drawn</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Draw</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Draw outline</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Draw round what is to be cut away in all slices</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Draw round what is to be cut away in all slices. Ctrl fills instead.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Draw the longest diameter of a lesion, then the one across it (RECIST 1.1)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Draw the longest diameter, then the one across it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drawing an animation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drawing off-screen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drop to open {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Duodenum</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Duplicate plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Duplicate plan {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Earlier steps, no longer kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Edit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Edit mode</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Edit mode is off</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Edit mode: drag the handles of the plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Edit plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter in a slice does the same</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Erase</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Everywhere</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>F</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fat</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Field on surfaces and slices</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Field over slices and surfaces</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>File</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>File of a scan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fill between slices</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fill the view with the target</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find a command…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find a structure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find organs: abdomen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find organs: chest</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find organs: head</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Finding organs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Flag</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Flag for review</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder for journals and reports</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder for the report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder of a scan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder to write into</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Follow vessels, divide the liver</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Following vessels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>For</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>For cases that have no colours of their own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>For rehearsal and training only. Not for diagnosis or treatment.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Forget what was told while working; lines of the case stay</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Format</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Found at: {text}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Four</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Four views</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From a patient&apos;s scan to a rehearsed operation. Free software under the Apache 2.0 licence.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From a patient&apos;s scan to a rehearsed plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From the catalog&apos;s terms, or with a name and colour of your own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Gallbladder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Generated patient: the numbers are of a phantom, not of a person.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Geometry</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give back what is held; put the tool away; then leave edit mode</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give the plan shown another name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give the segment all voxels in the range of values, within the limits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give up everything since the case was saved?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go to comparison</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go to history</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go to measurements</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go to messages</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go to numbers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go to plans</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go to segment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go to steps</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go to structures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go to tasks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Graphics of the 3-D view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grow by margin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grow from clicks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>H</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Handles</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Handles of plans act as soon as a case is open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hard rules: what lies in the way, how deep, how near</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Heart</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Heat at other organs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Height in cm</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Help</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hepatic artery</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hepatic veins</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hepatic vessels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hide</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hide all panels, and show them again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hide {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>History</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>History of steps</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hollow</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Import</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Import a scan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Import scan (DICOM folder)…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Import scan (file)…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Importing {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>In cut {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Inferior vena cava</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Intersect: keep what both have</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It takes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It was never saved as a case.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep largest piece</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep piece</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep with the case what the rules say of the plan shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kept in {place}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keys</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keys and mouse</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kidney lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kidney lesion candidate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kind</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kind and aim</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>L</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labels (SEG.NRRD, opens in 3D Slicer)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Language</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Large 3-D and three slices</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Large axial slice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Larger brush</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Larger type</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Last view or panel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Leave a shell</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Left button</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Left button, drag</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Left kidney</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Left lower lobe</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Left lung</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Left upper lobe</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lesions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Let go</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Let handles of the plan be grabbed, or not</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Level tracing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Limit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Limit: {text}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>List of measurements</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Live physics</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Liver</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Liver segment I</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Liver segment II</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Liver segment III</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Liver segment IV</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Liver segment V</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Liver segment VI</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Liver segment VII</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Liver segment VIII</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Liver segments</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Liver surgery (HPB)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Load</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Longest diameter and the longest across it of every outlined lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look from</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look from behind (posterior)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look from the feet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look from the front (anterior)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look from the head</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look from the patient&apos;s left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look from the patient&apos;s right</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking through {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lung</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lung nodule</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lung nodule candidate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>MP4 (by your own ffmpeg)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make surfaces and vessels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make the surfaces anew that are older than their outlines</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Making surfaces</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mandible</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Margin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Margin, grow or shrink by</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Margins</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mark as checked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Maximum (MIP)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mean</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Measure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Measure diameters of {count} lesions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Measure {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Measurement</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Measurements</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Messages</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Middle button</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Middle button, drag</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Millimetres, LPS: x to the patient&apos;s left, y to the back, z to the head.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Minimum (MinIP)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Modality</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>More</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> and {count} more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 case</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A folder with cases…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Abdomen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Across the applicator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Added</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All modalities</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All slice views at their own planes, seen whole</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Along the applicator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Any date</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As opened</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Axial plane</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bright parts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Changed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a case to see what is in it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click where the lesion is to be</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Coronal plane</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Crosshair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag a handle; Shift: along its axis, Alt: no snapping, Esc: give back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Draw the lines of the field&apos;s levels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fill {percent} %</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fills</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder with cases</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From the front, everything in view, nothing cut (R in the view)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go to the target</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Grey window</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>HU</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Heart lesions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hide outlines and tints of structures, or show them again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How strongly structures are tinted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Image alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>In the cut</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is not where it was.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep grey window</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep tags and note</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep with the case</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Last 30 days</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Last year</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lay a simulated field over slices and surfaces; again: take it away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Least margin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Least remnant</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Let all slices cross in the target of the plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lines of equal value</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Liver, narrow</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Liver, portal venous</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Liver, unenhanced</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look along the applicator, slices across it; again: the next applicator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>MIP</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Magnify</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Magnify the slice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>MinIP</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mouse in 3-D</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mouse in slices</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move panels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move {handle}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name in the case</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name of the plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Names and dates of the scan are not kept: choose a name that tells nobody who it is.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Narrow range</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New ablation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New plan {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New resection</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New segment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New segment...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next flagged segment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next handle</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next segment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next slice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next view or panel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No case fits.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No cut</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No field</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No file manager could be started; the folder is {place}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No other organ or vessel gives voxels up; fat, muscle and what nobody claims do</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No plan is shown: numbers of the anatomy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No series is chosen.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>None</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>None, temperature, damage or thermal dose over slices and surfaces</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not drawn</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not saved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Note</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Note: {text}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing is measured yet.

Distance: M, D   Angle: M, A   Area: M, O
Ball: M, B   Diameters of a lesion: M, L</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing runs. Long work shows here how far it is.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Number</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Numbers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Numbers read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Oesophagus</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Of the case ({count})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One case…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One file, for transport</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One slice away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One slice towards the viewer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One view alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only a box round the target</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only flagged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only this</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only vessel trees and liver segments; surfaces stay</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only voxels with values in this range are painted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opacity of {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opacity of {name}: {percent} %</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a saved case: its folder or its zip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open as saved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open case</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open case…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the case with this grey window from now on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the folder of error reports</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opening {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Or drop a DICOM folder, a volume file or a case anywhere on this window.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Organ</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Organs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Organs found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Other numbers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Other segment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Others stay</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Outlines</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Overwrite</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Overwriting it loses what the other program saved.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>P</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>PNG (animated)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Paint</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Paint in all slices that the ball reaches, not on the one under the mouse alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Paint only a range of values</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Paint with a ball, not with a disc on the slice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pancreas</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Panels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Panels below</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Panels on the right</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Part</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Parts of the plan shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pause</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pelvic bones</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Perspective</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Picture of the 3-D view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Picture of the 3-D view...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Piece</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Place</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan for {target}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan moved: not simulated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan {name} (being moved)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan {name} checked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan {name} simulated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan {name}: {kind}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan {plan} is not simulated yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plan {plan}: simulated and assessed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plane as scanned</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plane of the view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Planes together</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Planning an ablation of {target}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plans</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plans (JSON): {names}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plans of the case</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Plans side by side</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Play</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Play or pause</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Play or pause (Space)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Play the simulated time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pleural recess</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Point at an edge and click: what it encloses is taken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Point at an edge; a click takes what it encloses, Ctrl and click takes it away.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Portal and splenic vein</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Portal vein branches</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Power of applicator {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Preferences</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Preferences…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Preview</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Previous plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Previous segment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Previous slice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Problem</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Propose an ablation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Propose an applicator&apos;s way</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pulmonary vessels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Put all views and panels back to where they were at first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Put the table of all plans on the clipboard</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Put the table on the clipboard</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Put the tool down</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Put what the views show on the clipboard, with the intended-use line below</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>R</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rank</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Read a scan from a NIfTI, NRRD or MetaImage file, one DICOM file, or an archive</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Read a scan from a folder of DICOM files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Read cases that changed, and mark those that are gone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Read numbers off the plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Read-only: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading cases</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading numbers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recent case {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recent cases</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recover</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recover work</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Redo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Redo: {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reduce</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reduce the slice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Refreshing the library</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remnant</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove applicator or plane</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove measurement</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove piece</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove small pieces</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove the chosen measurements</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove the measurement that is marked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove the part whose handle is chosen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove the plan shown and what was computed of it; it can be undone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove {part}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rename</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rename plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rename plan {name} to {new}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rename plan...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rename segment...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rename {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rename, clear, delete, go on, surfaces</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Repair and import</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Replace</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Replacing it loses what is in it now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Resection</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Resection by planes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reset layout</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reset the 3-D view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reset the view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Revert</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Revert to saved…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ribs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Right button, drag</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Right kidney</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Right lower lobe</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Right lung</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Right middle lobe</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Right upper lobe</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rules</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rules of the plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sacrum</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sagittal</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sagittal plane</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sample</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sample values</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sample: healthy abdomen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sample: liver tumour</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save a copy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save a copy as one file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save a copy as zip…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save as</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save as CSV</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save as…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save case as</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save it again here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the comparison</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save what was done to {name}?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saved again here, it is there as you see it now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saved {file}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saving a picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saving {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Scan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Scissors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search all ways from the skin to the target for the best</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search: name, organ, lesion, plan, tag, note…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>See all of the slice again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Segment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Segment the scan anew as a CT of the chest</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Segment the scan anew as a CT of the head</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Segment the scan anew; what stands on the old outlines is dropped (can be undone)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shell</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shell when hollow</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show a slab of this thickness</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show a thicker slab</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show a thinner slab</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show all again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show all structures again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show only {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show or hide the outlines of structures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show or hide the tint of structures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show or hide where the other slices lie</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show place: bring the crosshair there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show slices without thickness</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show tasks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the brightest value through the slab: vessels, bone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the darkest value through the slab: airways, bile ducts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the grey window that the case was opened with</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the mean through the slab: less noise</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the next field</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the other side of the cut</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the plane of a cut; again: the next cut</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the plane that contains the applicator; again: the next applicator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the slices in this grey window</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the view with the keyboard alone, and back (double click)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show this plane in the slice view that was used last</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show title bars by which panels can be moved, let loose or closed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shrink by margin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Simulate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Simulate all plans</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Simulate the plan shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Simulate when the hand rests</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Simulated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Simulated field</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Simulated time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Simulated, at {time} min</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Simulating plan {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Size in pixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Size of type</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Skin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Skull</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Slab</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Slice of the scan on the cut</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Slices</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Slices between those that were drawn get the shape between</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Slices in the 3-D view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Slices only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Small</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Small is under</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Smaller brush</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Smaller type</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Smooth</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Smooth by</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Smooth the outline; the volume stays</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Soft tissue</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Something unexpected happened ({error}). The case is still open; save it, best under another name. What happened is written in {file}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Source: {text}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Speed of playing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Spleen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Split into pieces</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stand the slices in the view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>State</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Steps</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Steps on the left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sternum</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stomach</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop all tasks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop {title}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Strength of fills</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Structure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Structures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Subcutaneous fat</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Surfaces as</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Surfaces made</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Surfaces of all outlines, vessel trees and liver segments</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>System</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tab, Shift+Tab</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tags</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take all its voxels away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take away the other one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take the proposed outline</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take {name} off the library?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Target</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Target and zone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Targets</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The best path to the lesion at the crosshair, or to the target of the plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The case is here now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The case itself stays where it is.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The case stays as it is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The case that is open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The comparison of plans is on the clipboard</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The comparison of plans was saved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The comparison was not saved: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The folder cannot be made: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The full simulation follows by itself after a plan was moved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The full simulation, and the numbers read off it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The last step was: {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The library is empty. Add a folder: all cases in it can then be searched.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The mouse moves the views again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The picture is on the clipboard</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The report is in {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The scan itself</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The surface is older than the outline</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The table of all plans side by side</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Theme</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Theme, size of type, language, palette, handles, live physics</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Thermal ablation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Thicker slab</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Thin slices</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Thinner slab</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This case is read-only here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This could not be done again as it was:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Those that have no result yet, one after the other</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Threshold, fill between slices, smooth, margin, hollow, pieces, combine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Time of applicator {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tissue damage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>To check</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Today</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tool bar</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tools</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Trace</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Trachea and bronchi</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Trunk wall muscle</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tumour</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tumour candidate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tumour, Liver, or a name of your own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Turn about the applicator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Turn about the crossing point</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Turn back about the applicator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Turn the plane back by 15 degrees</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Turn the plane by 15 degrees</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Type: {percent} %</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undo the last step</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undo: {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undone: click to do it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unite with, take away, or intersect with another segment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unite: add the other one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unknown tissue</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unsaved work</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Update surfaces</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Usual look</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Usual look of {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Usual size of type</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Value</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Values</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vascular territory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Versions, licence, intended use</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra C1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra C2</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra C3</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra C4</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra C5</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra C6</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra C7</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra L1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra L2</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra L3</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra L4</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra L5</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra T1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra T10</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra T11</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra T12</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra T2</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra T3</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra T4</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra T5</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra T6</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra T7</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra T8</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebra T9</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vertebrae</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vessel trees (VTP)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vessels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vessels followed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>View</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Views only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Visceral fat</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Volumes (*.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Volumes, margins and verdicts, without simulating again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Voxels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Warning</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>WebP (small)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Weight in kg</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What was on the disk before is as it was, and nothing of your work is lost: it is still open here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Wheel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where unexpected errors are written down</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whether drawing, windows and simulations work here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>While working ({count})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>White</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whole range</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whole slice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Whole slices in all views</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>With a plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>With or without plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>With perspective</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Without a plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Words on the tool bar</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Work in the background</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write report…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write surfaces, labels and plans for other programs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write the report of the case as a page and as PDF, and show it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write the table into a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Writing files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Writing the report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Writing {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>You looked at the outline and stand for it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zone and numbers follow the hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zone: preview</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a copy is at {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a second plan can be compared with this one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a second plan makes a comparison</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ablation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>all kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{sign} best of its row, among plans of one kind and aim</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{sign} preview, to be simulated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>all steps were done again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>all structures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>applicator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>applicator {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>areas are drawn on a slice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>assessed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>being moved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>better than the saved plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>borderline</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>brightness and contrast</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>broken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>by program</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cannot be written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>checked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>checking the rules</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>click to go there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>coagulated {volume} ml</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>comes later</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>confirmed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>corrected</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>counted from voxels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>crossing point goes there; with a tool, the tool</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>damage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>depth of applicator {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>direction of plane {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>distance of plane {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>entry of applicator {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>everywhere</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>failed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>flagged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>flagged by: {rules}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>generated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>generated patient</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give back what is held; put the tool away; leave edit mode</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>give one more room</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>higher is better</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in progress</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>inside {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is not there any more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>least distance of the cut from a target</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lesion {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lesions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>library: {line}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>line {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>live numbers are being prepared</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>loads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>loads with a warning</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>looking at all cases…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>lower is better</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>margin {value}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>met</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ml</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>move the picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>moved: a preview follows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>needs repair</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>next</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>next slice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>next, last field</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>next, last view or panel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no case is open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no description</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no file: the folder cannot be written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no lesion is outlined</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no measurement is marked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no plan is shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no plan yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no preview</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no preview: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no program shows the report here; it is in {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no surface</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no surface: make surfaces to see it in 3-D</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no surfaces yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no target is outlined yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no warning about the scan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none broken, {count} open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none was opened yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not assessed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not checked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not known</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not met</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not opened; the steps are kept for the next time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not possible now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not saved: stopped; the case on the disk is as it was</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not simulated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not simulated yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not started</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not there any more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not visible</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing is unsaved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing to simulate in these plans</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing was undone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ok</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>only the first of what was dropped is opened</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open a case first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open a case or a scan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open a case to see</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>organs are not outlined yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>out of date</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>outlined; surfaces are not made yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>passed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plan {plans}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plan {plans} is not simulated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plan {plans} simulated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plan {plans}: 1 rule broken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plan {plans}: numbers are not read off yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plan {plans}: rules are not checked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plan {plans}: {count} rules broken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plane</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>plane {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>point {index} of line {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>point {index} of surface {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>preview</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>previews are off for this case: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>previews start anew: {why}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>quicker and coarser</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>read-only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>reading cases…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ready to be written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>refused</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>remove what lies beyond all planes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>remove what lies beyond any plane</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>resection</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>rules are checked when the hand rests</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>rules not checked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>save the case first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>saved {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>several planes side by side, or a wedge between them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>simulated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>simulated, not assessed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>source of the limit: {source}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>starting</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stopped</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stopping</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>surface {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the outline lies on another slice: go back to it, or press Esc</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the plan has no applicator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the plan has no plane cut</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the plan was not simulated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the scan has no HU</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the scan is not segmented yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no lesion under the mouse: draw its diameters by hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no plan yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is nothing to undo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is nothing under the mouse: click on a slice or on a structure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this case</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>this view alone, and back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>tip of applicator {number}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>tissue round the target to be coagulated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>to be checked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>to be looked at</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>today</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>truth</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>turn; on a handle in edit mode, move it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>turned {degrees} degrees</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>waits its turn</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>where nobody is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>words, with commas between</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>works</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>works, answer after {seconds} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>worse than the saved plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>written</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>written when there is something to report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>yesterday</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>zoom</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{checked} checked, {flagged} flagged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} broken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} cases</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} files were written into {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} new</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} plans to compare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} steps could not be done again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} structures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} structures outlined</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} structures to check</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} warnings about the scan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{depth} mm before the tip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{depth} mm beyond the tip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{depth} mm from the cut</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{distance} mm behind this slice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{distance} mm in front of this slice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{label}: known to the program</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{mm} mm inside {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{modality}, {slices} slices every {step} mm</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{mode} over {thickness} mm</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is open already</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is read again from the disk. This cannot be undone.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is there already.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} was not closed properly: {count} steps were done and not saved. Do them again?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name}: {mm} mm away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{place}: {count} series, {usable} can be imported. The best one stands first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{seconds} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{stage}, {seconds} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{thickness} mm thick</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{time} min</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title}: done in {seconds} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title}: stopped; the case is as it was</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title}: working ...</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{what} changed meanwhile: the answer does not fit any more and was not taken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>↻ MOVED: grey values are of the saved plan {plan}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>↻ UPDATING... grey values are of an earlier position</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>≈ PREVIEW of plan {plan}: {caption}. Simulate it for numbers to rely on.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
</TS>
