<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name></name>
    <message>
        <source> ml</source>
        <translation> ml</translation>
    </message>
    <message>
        <source> mm</source>
        <translation> mm</translation>
    </message>
    <message>
        <source> s</source>
        <translation> s</translation>
    </message>
    <message>
        <source>(and {count} more)</source>
        <translation>(und {count} weitere)</translation>
    </message>
    <message>
        <source>* surfaces older than their outlines: {count}</source>
        <translation>* Oberflächen älter als ihre Konturen: {count}</translation>
    </message>
    <message>
        <source>0 deg enters the organ at a right angle to its surface</source>
        <translation>0 Grad tritt senkrecht zur Oberfläche in das Organ ein</translation>
    </message>
    <message>
        <source>0 deg lies in an axial slice</source>
        <translation>0 Grad liegt in einer axialen Schicht</translation>
    </message>
    <message>
        <source>1 ml of liver taken as 1 g</source>
        <translation>1 ml Leber als 1 g gerechnet</translation>
    </message>
    <message>
        <source>1 rule broken</source>
        <translation>1 Regel verletzt</translation>
    </message>
    <message>
        <source>1 rule not checked</source>
        <translation>1 Regel nicht geprüft</translation>
    </message>
    <message>
        <source>1 structure to check</source>
        <translation>1 Struktur zu prüfen</translation>
    </message>
    <message>
        <source>1 warning about the scan</source>
        <translation>1 Warnung zur Aufnahme</translation>
    </message>
    <message>
        <source>3-D</source>
        <translation>3D</translation>
    </message>
    <message>
        <source>3D Slicer</source>
        <translation>3D Slicer</translation>
    </message>
    <message>
        <source>A</source>
        <translation>A</translation>
    </message>
    <message>
        <source>A copy of the plan shown, to vary it</source>
        <translation>Eine Kopie des gezeigten Plans zum Abwandeln</translation>
    </message>
    <message>
        <source>A moment earlier</source>
        <translation>Einen Zeitpunkt früher</translation>
    </message>
    <message>
        <source>A moment later</source>
        <translation>Einen Zeitpunkt später</translation>
    </message>
    <message>
        <source>A name of your own: it lies over the organs and is no part of one</source>
        <translation>Ein eigener Name: liegt über den Organen und gehört zu keinem</translation>
    </message>
    <message>
        <source>A new plan from a template</source>
        <translation>Neuer Plan nach einer Vorlage</translation>
    </message>
    <message>
        <source>A new plan: one applicator straight from the skin to the target</source>
        <translation>Neuer Plan: ein Applikator geradewegs von der Haut zum Ziel</translation>
    </message>
    <message>
        <source>A new plan: one plane between the target and the hilum</source>
        <translation>Neuer Plan: eine Ebene zwischen Ziel und Hilus</translation>
    </message>
    <message>
        <source>Ablation</source>
        <translation>Ablation</translation>
    </message>
    <message>
        <source>About anatomy_twin</source>
        <translation>Über anatomy_twin</translation>
    </message>
    <message>
        <source>Across applicator {number}</source>
        <translation>Quer zu Applikator {number}</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>Hinzufügen</translation>
    </message>
    <message>
        <source>Add applicator or plane</source>
        <translation>Applikator oder Ebene hinzufügen</translation>
    </message>
    <message>
        <source>Add this case to the library</source>
        <translation>Diesen Fall in die Bibliothek aufnehmen</translation>
    </message>
    <message>
        <source>Add {part}</source>
        <translation>{part} hinzufügen</translation>
    </message>
    <message>
        <source>All</source>
        <translation>Alle</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Alle Dateien (*)</translation>
    </message>
    <message>
        <source>All keys on one page, and what the mouse does</source>
        <translation>Alle Tasten auf einer Seite, und was die Maus tut</translation>
    </message>
    <message>
        <source>All measurements with their values: rename, copy, remove</source>
        <translation>Alle Messungen mit ihren Werten: umbenennen, kopieren, entfernen</translation>
    </message>
    <message>
        <source>All plans that can be simulated are</source>
        <translation>Alle Pläne, die simuliert werden können, sind es</translation>
    </message>
    <message>
        <source>All steps by name; click one to go back or forth to it</source>
        <translation>Alle Schritte mit Namen; ein Klick geht zu einem zurück oder vor</translation>
    </message>
    <message>
        <source>All targets</source>
        <translation>Alle Ziele</translation>
    </message>
    <message>
        <source>All your cases, with search</source>
        <translation>Alle Fälle, mit Suche</translation>
    </message>
    <message>
        <source>Along applicator {number}</source>
        <translation>Entlang Applikator {number}</translation>
    </message>
    <message>
        <source>Anatomical</source>
        <translation>Anatomisch</translation>
    </message>
    <message>
        <source>Angle</source>
        <translation>Winkel</translation>
    </message>
    <message>
        <source>Animation of the simulation</source>
        <translation>Animation der Simulation</translation>
    </message>
    <message>
        <source>Animation of the simulation...</source>
        <translation>Animation der Simulation...</translation>
    </message>
    <message>
        <source>Animation: once round</source>
        <translation>Animation: einmal herum</translation>
    </message>
    <message>
        <source>Animation: once round...</source>
        <translation>Animation: einmal herum...</translation>
    </message>
    <message>
        <source>Another program changed this case since it was opened here.</source>
        <translation>Ein anderes Programm hat diesen Fall geändert, seit er hier geöffnet wurde.</translation>
    </message>
    <message>
        <source>Another program removed this case since it was opened here.</source>
        <translation>Ein anderes Programm hat diesen Fall entfernt, seit er hier geöffnet wurde.</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>Antwort</translation>
    </message>
    <message>
        <source>Aorta</source>
        <translation>Aorta</translation>
    </message>
    <message>
        <source>Archives (*.zip *.tar *.tar.gz *.tgz)</source>
        <translation>Archive (*.zip *.tar *.tar.gz *.tgz)</translation>
    </message>
    <message>
        <source>Area</source>
        <translation>Fläche</translation>
    </message>
    <message>
        <source>As scanned</source>
        <translation>Wie aufgenommen</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>Wie das System</translation>
    </message>
    <message>
        <source>Axial</source>
        <translation>Axial</translation>
    </message>
    <message>
        <source>Background</source>
        <translation>Hintergrund</translation>
    </message>
    <message>
        <source>Ball</source>
        <translation>Kugel</translation>
    </message>
    <message>
        <source>Ball brush</source>
        <translation>Kugelpinsel</translation>
    </message>
    <message>
        <source>Begin</source>
        <translation>Anfangen</translation>
    </message>
    <message>
        <source>Body</source>
        <translation>Körper</translation>
    </message>
    <message>
        <source>Bone</source>
        <translation>Knochen</translation>
    </message>
    <message>
        <source>Bones</source>
        <translation>Knochen</translation>
    </message>
    <message>
        <source>Bowel</source>
        <translation>Darm</translation>
    </message>
    <message>
        <source>Brain</source>
        <translation>Gehirn</translation>
    </message>
    <message>
        <source>Brightest values (MIP)</source>
        <translation>Hellste Werte (MIP)</translation>
    </message>
    <message>
        <source>Broken</source>
        <translation>Verletzt</translation>
    </message>
    <message>
        <source>Brush</source>
        <translation>Pinsel</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Case as it was opened</source>
        <translation>Fall, wie er geöffnet wurde</translation>
    </message>
    <message>
        <source>Case library</source>
        <translation>Fallbibliothek</translation>
    </message>
    <message>
        <source>Cases (*.twin *.twin.zip *.zip case.json)</source>
        <translation>Fälle (*.twin *.twin.zip *.zip case.json)</translation>
    </message>
    <message>
        <source>Central bile ducts</source>
        <translation>Zentrale Gallenwege</translation>
    </message>
    <message>
        <source>Centre here</source>
        <translation>Hierher zentrieren</translation>
    </message>
    <message>
        <source>Centre the views here</source>
        <translation>Ansichten hierher zentrieren</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>Änderung</translation>
    </message>
    <message>
        <source>Change measurements</source>
        <translation>Messungen ändern</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>Prüfen</translation>
    </message>
    <message>
        <source>Check the plan shown</source>
        <translation>Gezeigten Plan prüfen</translation>
    </message>
    <message>
        <source>Check the rules</source>
        <translation>Regeln prüfen</translation>
    </message>
    <message>
        <source>Check this computer</source>
        <translation>Diesen Rechner prüfen</translation>
    </message>
    <message>
        <source>Checking plan {name}</source>
        <translation>Plan {name} wird geprüft</translation>
    </message>
    <message>
        <source>Choose the next handle; arrow keys move it</source>
        <translation>Nächsten Griff wählen; die Pfeiltasten bewegen ihn</translation>
    </message>
    <message>
        <source>Choose the plane of this view</source>
        <translation>Ebene dieser Ansicht wählen</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>Leeren</translation>
    </message>
    <message>
        <source>Clear finished</source>
        <translation>Fertige entfernen</translation>
    </message>
    <message>
        <source>Clear segment</source>
        <translation>Segment leeren</translation>
    </message>
    <message>
        <source>Click a lesion</source>
        <translation>Auf eine Läsion klicken</translation>
    </message>
    <message>
        <source>Click a lesion that is outlined (RECIST 1.1)</source>
        <translation>Auf eine konturierte Läsion klicken (RECIST 1.1)</translation>
    </message>
    <message>
        <source>Click corners or draw freely; double click or Enter closes the outline</source>
        <translation>Ecken anklicken oder frei zeichnen; Doppelklick oder Eingabe schließt die Kontur</translation>
    </message>
    <message>
        <source>Click inside, Shift and click outside; Enter takes the proposed outline, Esc drops it</source>
        <translation>Innen klicken, mit Umschalt außen; Eingabe übernimmt den Vorschlag, Esc verwirft ihn</translation>
    </message>
    <message>
        <source>Click inside; Shift and click outside. Enter takes the outline, Esc drops it.</source>
        <translation>Innen klicken, mit Umschalt außen. Eingabe übernimmt die Kontur, Esc verwirft sie.</translation>
    </message>
    <message>
        <source>Click on the piece that is to go</source>
        <translation>Auf das Stück klicken, das weg soll</translation>
    </message>
    <message>
        <source>Click on the piece that is to go.</source>
        <translation>Auf das Stück klicken, das weg soll.</translation>
    </message>
    <message>
        <source>Click on the piece that is to stay</source>
        <translation>Auf das Stück klicken, das bleiben soll</translation>
    </message>
    <message>
        <source>Click on the piece that is to stay.</source>
        <translation>Auf das Stück klicken, das bleiben soll.</translation>
    </message>
    <message>
        <source>Click on tissue: only values like it are painted</source>
        <translation>Auf Gewebe klicken: nur ähnliche Werte werden gemalt</translation>
    </message>
    <message>
        <source>Click on tissue: only values like it are painted from then on.</source>
        <translation>Auf Gewebe klicken: von da an werden nur ähnliche Werte gemalt.</translation>
    </message>
    <message>
        <source>Click one arm, the vertex, the other arm</source>
        <translation>Einen Schenkel, den Scheitel, den anderen Schenkel anklicken</translation>
    </message>
    <message>
        <source>Click the corners of an outline, or draw it freely; double click or Enter closes it</source>
        <translation>Ecken der Kontur anklicken oder sie frei zeichnen; Doppelklick oder Eingabe schließt sie</translation>
    </message>
    <message>
        <source>Click to show this plan</source>
        <translation>Klicken, um diesen Plan zu zeigen</translation>
    </message>
    <message>
        <source>Click to undo what came after</source>
        <translation>Klicken, um alles danach rückgängig zu machen</translation>
    </message>
    <message>
        <source>Click two points, or drag a line</source>
        <translation>Zwei Punkte anklicken oder eine Linie ziehen</translation>
    </message>
    <message>
        <source>Click where its tip is to be</source>
        <translation>Dorthin klicken, wo die Spitze liegen soll</translation>
    </message>
    <message>
        <source>Click where the applicator enters the skin</source>
        <translation>Dorthin klicken, wo der Applikator in die Haut eintritt</translation>
    </message>
    <message>
        <source>Click where the next applicator or plane of the plan is to be</source>
        <translation>Dorthin klicken, wo der nächste Applikator oder die nächste Ebene des Plans liegen soll</translation>
    </message>
    <message>
        <source>Click where the plane is to run</source>
        <translation>Dorthin klicken, wo die Ebene verlaufen soll</translation>
    </message>
    <message>
        <source>Clicks</source>
        <translation>Klicks</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Close case</source>
        <translation>Fall schließen</translation>
    </message>
    <message>
        <source>Colon</source>
        <translation>Kolon</translation>
    </message>
    <message>
        <source>Colour</source>
        <translation>Farbe</translation>
    </message>
    <message>
        <source>Colour of the segment</source>
        <translation>Farbe des Segments</translation>
    </message>
    <message>
        <source>Colour of {name}</source>
        <translation>Farbe von {name}</translation>
    </message>
    <message>
        <source>Colour-blind safe</source>
        <translation>Bei Farbfehlsichtigkeit unterscheidbar</translation>
    </message>
    <message>
        <source>Colour...</source>
        <translation>Farbe...</translation>
    </message>
    <message>
        <source>Colours of structures</source>
        <translation>Farben der Strukturen</translation>
    </message>
    <message>
        <source>Colours of structures: {name}</source>
        <translation>Farben der Strukturen: {name}</translation>
    </message>
    <message>
        <source>Colours: {name}</source>
        <translation>Farben: {name}</translation>
    </message>
    <message>
        <source>Combine with another segment...</source>
        <translation>Mit einem anderen Segment verrechnen...</translation>
    </message>
    <message>
        <source>Combine {name} with</source>
        <translation>{name} verrechnen mit</translation>
    </message>
    <message>
        <source>Command, structure or plan</source>
        <translation>Befehl, Struktur oder Plan</translation>
    </message>
    <message>
        <source>Commands, structures and plans by a few letters</source>
        <translation>Befehle, Strukturen und Pläne mit wenigen Buchstaben</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>Vergleichen</translation>
    </message>
    <message>
        <source>Compare plans</source>
        <translation>Pläne vergleichen</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Copy all rows as a table</source>
        <translation>Alle Zeilen als Tabelle kopieren</translation>
    </message>
    <message>
        <source>Copy as CSV</source>
        <translation>Als CSV kopieren</translation>
    </message>
    <message>
        <source>Copy as text</source>
        <translation>Als Text kopieren</translation>
    </message>
    <message>
        <source>Copy picture of the views</source>
        <translation>Bild der Ansichten kopieren</translation>
    </message>
    <message>
        <source>Copy the chosen lines, or all</source>
        <translation>Die gewählten Zeilen kopieren, oder alle</translation>
    </message>
    <message>
        <source>Copy the comparison of plans</source>
        <translation>Vergleich der Pläne kopieren</translation>
    </message>
    <message>
        <source>Coronal</source>
        <translation>Koronar</translation>
    </message>
    <message>
        <source>Crossing point here</source>
        <translation>Kreuzungspunkt hierher</translation>
    </message>
    <message>
        <source>Ctrl and wheel</source>
        <translation>Strg und Rad</translation>
    </message>
    <message>
        <source>Cut</source>
        <translation>Schnitt</translation>
    </message>
    <message>
        <source>Cut across the line of sight</source>
        <translation>Schnitt quer zur Blickrichtung</translation>
    </message>
    <message>
        <source>Cut along the applicator</source>
        <translation>Schnitt entlang des Applikators</translation>
    </message>
    <message>
        <source>Cut axially at the crossing point</source>
        <translation>Axialer Schnitt am Kreuzungspunkt</translation>
    </message>
    <message>
        <source>Cut coronally at the crossing point</source>
        <translation>Koronarer Schnitt am Kreuzungspunkt</translation>
    </message>
    <message>
        <source>Cut sagittally at the crossing point</source>
        <translation>Sagittaler Schnitt am Kreuzungspunkt</translation>
    </message>
    <message>
        <source>DICOM (*.dcm *.ima)</source>
        <translation>DICOM (*.dcm *.ima)</translation>
    </message>
    <message>
        <source>Damage of tissue</source>
        <translation>Gewebeschaden</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>Decide later</source>
        <translation>Später entscheiden</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Delete plan</source>
        <translation>Plan löschen</translation>
    </message>
    <message>
        <source>Delete plan {name}</source>
        <translation>Plan {name} löschen</translation>
    </message>
    <message>
        <source>Delete segment</source>
        <translation>Segment löschen</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>Beschreibung</translation>
    </message>
    <message>
        <source>Device of applicator {number}</source>
        <translation>Gerät von Applikator {number}</translation>
    </message>
    <message>
        <source>Diameters</source>
        <translation>Durchmesser</translation>
    </message>
    <message>
        <source>Diameters by hand</source>
        <translation>Durchmesser von Hand</translation>
    </message>
    <message>
        <source>Diameters of a lesion</source>
        <translation>Durchmesser einer Läsion</translation>
    </message>
    <message>
        <source>Diameters of all targets</source>
        <translation>Durchmesser aller Ziele</translation>
    </message>
    <message>
        <source>Diameters of all targets, by one click</source>
        <translation>Durchmesser aller Ziele mit einem Klick</translation>
    </message>
    <message>
        <source>Diaphragm</source>
        <translation>Zwerchfell</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>Verwerfen</translation>
    </message>
    <message>
        <source>Discard the unsaved work on {name}?</source>
        <translation>Die ungespeicherte Arbeit an {name} verwerfen?</translation>
    </message>
    <message>
        <source>Discard unsaved work</source>
        <translation>Ungespeicherte Arbeit verwerfen</translation>
    </message>
    <message>
        <source>Distance</source>
        <translation>Abstand</translation>
    </message>
    <message>
        <source>Do again what was undone last</source>
        <translation>Das zuletzt Rückgängiggemachte wiederholen</translation>
    </message>
    <message>
        <source>Doing {count} steps again</source>
        <translation>{count} Schritte werden wiederholt</translation>
    </message>
    <message>
        <source>Double click</source>
        <translation>Doppelklick</translation>
    </message>
    <message>
        <source>Double click: large, and back</source>
        <translation>Doppelklick: groß, und zurück</translation>
    </message>
    <message>
        <source>Drag between views</source>
        <translation>Zwischen den Ansichten ziehen</translation>
    </message>
    <message>
        <source>Drag from the centre to the edge</source>
        <translation>Von der Mitte zum Rand ziehen</translation>
    </message>
    <message>
        <source>Drag from the centre to the edge: volume and image values in it</source>
        <translation>Von der Mitte zum Rand ziehen: Volumen und Bildwerte darin</translation>
    </message>
    <message>
        <source>Drag on a slice. Ctrl erases. [ and ], or Shift and wheel: size.</source>
        <translation>Auf einer Schicht ziehen. Strg radiert. [ und ] oder Umschalt und Rad: Größe.</translation>
    </message>
    <message>
        <source>Drag on a slice. Ctrl paints. [ and ], or Shift and wheel: size.</source>
        <translation>Auf einer Schicht ziehen. Strg malt. [ und ] oder Umschalt und Rad: Größe.</translation>
    </message>
    <message>
        <source>Drag on a slice; Ctrl erases, [ and ] or Shift and wheel: size</source>
        <translation>Auf einer Schicht ziehen; Strg radiert, [ und ] oder Umschalt und Rad: Größe</translation>
    </message>
    <message>
        <source>Drag on a slice; Ctrl paints</source>
        <translation>Auf einer Schicht ziehen; Strg malt</translation>
    </message>
    <message>
        <source>Drag round a region, or click corners and press Enter</source>
        <translation>Um einen Bereich ziehen, oder Ecken anklicken und Eingabe drücken</translation>
    </message>
    <message>
        <source>Drag round a region, or click corners and press Enter. Ctrl takes away. Esc drops it.</source>
        <translation>Um einen Bereich ziehen, oder Ecken anklicken und Eingabe drücken. Strg nimmt weg. Esc verwirft.</translation>
    </message>
    <message>
        <source>Drag the ends of a measurement; Delete removes it</source>
        <translation>Die Enden einer Messung ziehen; Entf entfernt sie</translation>
    </message>
    <message>
        <source>Drag the ends of measurements; nothing new is drawn</source>
        <translation>Die Enden von Messungen ziehen; Neues wird nicht gezeichnet</translation>
    </message>
    <message>
        <source>Draw</source>
        <translation>Zeichnen</translation>
    </message>
    <message>
        <source>Draw outline</source>
        <translation>Kontur zeichnen</translation>
    </message>
    <message>
        <source>Draw round what is to be cut away in all slices</source>
        <translation>Umfahren, was in allen Schichten weggeschnitten werden soll</translation>
    </message>
    <message>
        <source>Draw round what is to be cut away in all slices. Ctrl fills instead.</source>
        <translation>Umfahren, was in allen Schichten weggeschnitten werden soll. Strg füllt stattdessen.</translation>
    </message>
    <message>
        <source>Draw the longest diameter of a lesion, then the one across it (RECIST 1.1)</source>
        <translation>Den längsten Durchmesser einer Läsion zeichnen, dann den quer dazu (RECIST 1.1)</translation>
    </message>
    <message>
        <source>Draw the longest diameter, then the one across it</source>
        <translation>Den längsten Durchmesser zeichnen, dann den quer dazu</translation>
    </message>
    <message>
        <source>Drawing an animation</source>
        <translation>Eine Animation wird gezeichnet</translation>
    </message>
    <message>
        <source>Drawing off-screen</source>
        <translation>Zeichnen ohne Bildschirm</translation>
    </message>
    <message>
        <source>Drop to open {name}</source>
        <translation>Loslassen, um {name} zu öffnen</translation>
    </message>
    <message>
        <source>Duodenum</source>
        <translation>Duodenum</translation>
    </message>
    <message>
        <source>Duplicate plan</source>
        <translation>Plan duplizieren</translation>
    </message>
    <message>
        <source>Duplicate plan {name}</source>
        <translation>Plan {name} duplizieren</translation>
    </message>
    <message>
        <source>Earlier steps, no longer kept</source>
        <translation>Frühere Schritte, nicht mehr aufgehoben</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>Bearbeiten</translation>
    </message>
    <message>
        <source>Edit mode</source>
        <translation>Bearbeitungsmodus</translation>
    </message>
    <message>
        <source>Edit mode is off</source>
        <translation>Bearbeitungsmodus ist aus</translation>
    </message>
    <message>
        <source>Edit mode: drag the handles of the plan</source>
        <translation>Bearbeitungsmodus: die Griffe des Plans ziehen</translation>
    </message>
    <message>
        <source>Edit plan</source>
        <translation>Plan bearbeiten</translation>
    </message>
    <message>
        <source>Enter in a slice does the same</source>
        <translation>Eingabe in einer Schicht tut dasselbe</translation>
    </message>
    <message>
        <source>Erase</source>
        <translation>Radieren</translation>
    </message>
    <message>
        <source>Everywhere</source>
        <translation>Überall</translation>
    </message>
    <message>
        <source>Excel, spreadsheet, clipboard</source>
        <translation>Excel, Tabelle, Zwischenablage</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>Exportieren</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>Exportieren…</translation>
    </message>
    <message>
        <source>F</source>
        <translation>F</translation>
    </message>
    <message>
        <source>Fat</source>
        <translation>Fett</translation>
    </message>
    <message>
        <source>Field on surfaces and slices</source>
        <translation>Feld auf Oberflächen und Schichten</translation>
    </message>
    <message>
        <source>Field over slices and surfaces</source>
        <translation>Feld über Schichten und Oberflächen</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>File of a scan</source>
        <translation>Datei einer Aufnahme</translation>
    </message>
    <message>
        <source>Fill between slices</source>
        <translation>Zwischen Schichten füllen</translation>
    </message>
    <message>
        <source>Fill the view with the target</source>
        <translation>Ansicht mit dem Ziel füllen</translation>
    </message>
    <message>
        <source>Find</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <source>Find a command…</source>
        <translation>Befehl suchen…</translation>
    </message>
    <message>
        <source>Find a structure</source>
        <translation>Struktur suchen</translation>
    </message>
    <message>
        <source>Finding organs</source>
        <translation>Organe werden gesucht</translation>
    </message>
    <message>
        <source>Flag</source>
        <translation>Markieren</translation>
    </message>
    <message>
        <source>Flag for review</source>
        <translation>Zur Durchsicht markieren</translation>
    </message>
    <message>
        <source>Folder for journals and reports</source>
        <translation>Ordner für Protokolle und Berichte</translation>
    </message>
    <message>
        <source>Folder for the report</source>
        <translation>Ordner für den Bericht</translation>
    </message>
    <message>
        <source>Folder of a scan</source>
        <translation>Ordner einer Aufnahme</translation>
    </message>
    <message>
        <source>Folder to write into</source>
        <translation>Zielordner</translation>
    </message>
    <message>
        <source>Folder:</source>
        <translation>Ordner:</translation>
    </message>
    <message>
        <source>Follow vessels, divide the liver</source>
        <translation>Gefäße verfolgen, Leber unterteilen</translation>
    </message>
    <message>
        <source>Following vessels</source>
        <translation>Gefäße werden verfolgt</translation>
    </message>
    <message>
        <source>For</source>
        <translation>Für</translation>
    </message>
    <message>
        <source>For cases that have no colours of their own</source>
        <translation>Für Fälle ohne eigene Farben</translation>
    </message>
    <message>
        <source>For rehearsal and training only. Not for diagnosis or treatment.</source>
        <translation>Nur für Probe und Training. Nicht für Diagnose oder Behandlung.</translation>
    </message>
    <message>
        <source>Forget what was told while working; lines of the case stay</source>
        <translation>Vergessen, was bei der Arbeit gemeldet wurde; Zeilen des Falls bleiben</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>Format</translation>
    </message>
    <message>
        <source>Found at: {text}</source>
        <translation>Fundort: {text}</translation>
    </message>
    <message>
        <source>Four</source>
        <translation>Vier</translation>
    </message>
    <message>
        <source>Four views</source>
        <translation>Vier Ansichten</translation>
    </message>
    <message>
        <source>From a patient&apos;s scan to a rehearsed operation. Free software under the Apache 2.0 licence.</source>
        <translation>Von der Aufnahme zur geprobten Operation. Freie Software unter der Apache-2.0-Lizenz.</translation>
    </message>
    <message>
        <source>From a patient&apos;s scan to a rehearsed plan</source>
        <translation>Von der Aufnahme zum geprobten Plan</translation>
    </message>
    <message>
        <source>From the catalog&apos;s terms, or with a name and colour of your own</source>
        <translation>Aus den Begriffen des Katalogs, oder mit eigenem Namen und eigener Farbe</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>Ganzer Bildschirm</translation>
    </message>
    <message>
        <source>Gallbladder</source>
        <translation>Gallenblase</translation>
    </message>
    <message>
        <source>Generated patient: the numbers are of a phantom, not of a person.</source>
        <translation>Erzeugter Patient: die Zahlen gehören zu einem Phantom, nicht zu einem Menschen.</translation>
    </message>
    <message>
        <source>Geometry</source>
        <translation>Geometrie</translation>
    </message>
    <message>
        <source>German, English, translation</source>
        <translation>Deutsch, Englisch, Übersetzung</translation>
    </message>
    <message>
        <source>Give back what is held; put the tool away; then leave edit mode</source>
        <translation>Zurückgeben, was gehalten wird; das Werkzeug weglegen; dann den Bearbeitungsmodus verlassen</translation>
    </message>
    <message>
        <source>Give the panel with the keyboard most of the window, and back (double click on its tab)</source>
        <translation>Der Tafel mit der Tastatur das meiste vom Fenster geben, und zurück (Doppelklick auf ihren Reiter)</translation>
    </message>
    <message>
        <source>Give the segment all voxels in the range of values, within the limits</source>
        <translation>Dem Segment alle Voxel im Wertebereich geben, innerhalb der Grenzen</translation>
    </message>
    <message>
        <source>Give up everything since the case was saved?</source>
        <translation>Alles seit dem Speichern aufgeben?</translation>
    </message>
    <message>
        <source>Go to comparison</source>
        <translation>Zum Vergleich</translation>
    </message>
    <message>
        <source>Go to history</source>
        <translation>Zum Verlauf</translation>
    </message>
    <message>
        <source>Go to measurements</source>
        <translation>Zu den Messungen</translation>
    </message>
    <message>
        <source>Go to messages</source>
        <translation>Zu den Meldungen</translation>
    </message>
    <message>
        <source>Go to numbers</source>
        <translation>Zu den Zahlen</translation>
    </message>
    <message>
        <source>Go to plans</source>
        <translation>Zu den Plänen</translation>
    </message>
    <message>
        <source>Go to segment</source>
        <translation>Zum Segment</translation>
    </message>
    <message>
        <source>Go to steps</source>
        <translation>Zu den Arbeitsschritten</translation>
    </message>
    <message>
        <source>Go to structures</source>
        <translation>Zu den Strukturen</translation>
    </message>
    <message>
        <source>Go to tasks</source>
        <translation>Zu den Aufgaben</translation>
    </message>
    <message>
        <source>Graphics of the 3-D view</source>
        <translation>Grafik der 3D-Ansicht</translation>
    </message>
    <message>
        <source>Grow by margin</source>
        <translation>Um einen Rand vergrößern</translation>
    </message>
    <message>
        <source>Grow from clicks</source>
        <translation>Von Klicks aus wachsen</translation>
    </message>
    <message>
        <source>H</source>
        <translation>H</translation>
    </message>
    <message>
        <source>HU range, window, intensity</source>
        <translation>HE-Bereich, Schwelle, Intensität</translation>
    </message>
    <message>
        <source>Handles</source>
        <translation>Griffe</translation>
    </message>
    <message>
        <source>Handles of plans act as soon as a case is open</source>
        <translation>Griffe von Plänen wirken, sobald ein Fall offen ist</translation>
    </message>
    <message>
        <source>Hard rules: what lies in the way, how deep, how near</source>
        <translation>Feste Regeln: was im Weg liegt, wie tief, wie nah</translation>
    </message>
    <message>
        <source>Heart</source>
        <translation>Herz</translation>
    </message>
    <message>
        <source>Heat at other organs</source>
        <translation>Hitze an anderen Organen</translation>
    </message>
    <message>
        <source>Height in cm</source>
        <translation>Größe in cm</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>Hilfe</translation>
    </message>
    <message>
        <source>Hepatic artery</source>
        <translation>Leberarterie</translation>
    </message>
    <message>
        <source>Hepatic veins</source>
        <translation>Lebervenen</translation>
    </message>
    <message>
        <source>Hepatic vessels</source>
        <translation>Lebergefäße</translation>
    </message>
    <message>
        <source>Hide</source>
        <translation>Verbergen</translation>
    </message>
    <message>
        <source>Hide all panels, and show them again</source>
        <translation>Alle Tafeln verbergen und wieder zeigen</translation>
    </message>
    <message>
        <source>Hide {name}</source>
        <translation>{name} verbergen</translation>
    </message>
    <message>
        <source>History</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>History of steps</source>
        <translation>Verlauf der Schritte</translation>
    </message>
    <message>
        <source>Hollow</source>
        <translation>Aushöhlen</translation>
    </message>
    <message>
        <source>How</source>
        <translation>Wie</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>Importieren</translation>
    </message>
    <message>
        <source>Import a scan</source>
        <translation>Aufnahme importieren</translation>
    </message>
    <message>
        <source>Import scan (DICOM folder)…</source>
        <translation>Aufnahme importieren (DICOM-Ordner)…</translation>
    </message>
    <message>
        <source>Import scan (file)…</source>
        <translation>Aufnahme importieren (Datei)…</translation>
    </message>
    <message>
        <source>Importing {name}</source>
        <translation>{name} wird importiert</translation>
    </message>
    <message>
        <source>In cut {number}</source>
        <translation>Im Schnitt {number}</translation>
    </message>
    <message>
        <source>Inferior vena cava</source>
        <translation>Untere Hohlvene</translation>
    </message>
    <message>
        <source>Intersect: keep what both have</source>
        <translation>Schnittmenge: behalten, was beide haben</translation>
    </message>
    <message>
        <source>It is removed from the disk. This cannot be undone.</source>
        <translation>Sie wird vom Datenträger entfernt. Das lässt sich nicht rückgängig machen.</translation>
    </message>
    <message>
        <source>It takes</source>
        <translation>Nimmt</translation>
    </message>
    <message>
        <source>It was never saved as a case.</source>
        <translation>Er wurde noch nie als Fall gespeichert.</translation>
    </message>
    <message>
        <source>Keep largest piece</source>
        <translation>Größtes Stück behalten</translation>
    </message>
    <message>
        <source>Keep piece</source>
        <translation>Stück behalten</translation>
    </message>
    <message>
        <source>Keep with the case what the rules say of the plan shown</source>
        <translation>Mit dem Fall behalten, was die Regeln zum gezeigten Plan sagen</translation>
    </message>
    <message>
        <source>Kept in {place}</source>
        <translation>Aufgehoben in {place}</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
    <message>
        <source>Keys and mouse</source>
        <translation>Tasten und Maus</translation>
    </message>
    <message>
        <source>Kidney lesion</source>
        <translation>Nierenläsion</translation>
    </message>
    <message>
        <source>Kidney lesion candidate</source>
        <translation>Mögliche Nierenläsion</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Art</translation>
    </message>
    <message>
        <source>Kind and aim</source>
        <translation>Art und Ziel</translation>
    </message>
    <message>
        <source>L</source>
        <translation>L</translation>
    </message>
    <message>
        <source>Labels (SEG.NRRD, opens in 3D Slicer)</source>
        <translation>Labels (SEG.NRRD, in 3D Slicer zu öffnen)</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Large 3-D and three slices</source>
        <translation>Großes 3D und drei Schichten</translation>
    </message>
    <message>
        <source>Large axial slice</source>
        <translation>Große axiale Schicht</translation>
    </message>
    <message>
        <source>Larger brush</source>
        <translation>Größerer Pinsel</translation>
    </message>
    <message>
        <source>Larger type</source>
        <translation>Größere Schrift</translation>
    </message>
    <message>
        <source>Leave a shell</source>
        <translation>Eine Schale lassen</translation>
    </message>
    <message>
        <source>Left button</source>
        <translation>Linke Taste</translation>
    </message>
    <message>
        <source>Left button, drag</source>
        <translation>Linke Taste, ziehen</translation>
    </message>
    <message>
        <source>Left kidney</source>
        <translation>Linke Niere</translation>
    </message>
    <message>
        <source>Left lower lobe</source>
        <translation>Linker Unterlappen</translation>
    </message>
    <message>
        <source>Left lung</source>
        <translation>Linke Lunge</translation>
    </message>
    <message>
        <source>Left upper lobe</source>
        <translation>Linker Oberlappen</translation>
    </message>
    <message>
        <source>Lesion</source>
        <translation>Läsion</translation>
    </message>
    <message>
        <source>Lesions</source>
        <translation>Läsionen</translation>
    </message>
    <message>
        <source>Let go</source>
        <translation>Loslassen</translation>
    </message>
    <message>
        <source>Let handles of the plan be grabbed, or not</source>
        <translation>Griffe des Plans greifbar machen oder nicht</translation>
    </message>
    <message>
        <source>Level tracing</source>
        <translation>Niveaulinie verfolgen</translation>
    </message>
    <message>
        <source>Library</source>
        <translation>Bibliothek</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Limit</source>
        <translation>Grenze</translation>
    </message>
    <message>
        <source>Limit: {text}</source>
        <translation>Grenze: {text}</translation>
    </message>
    <message>
        <source>List of measurements</source>
        <translation>Liste der Messungen</translation>
    </message>
    <message>
        <source>Live physics</source>
        <translation>Mitlaufende Physik</translation>
    </message>
    <message>
        <source>Liver</source>
        <translation>Leber</translation>
    </message>
    <message>
        <source>Liver segment I</source>
        <translation>Lebersegment I</translation>
    </message>
    <message>
        <source>Liver segment II</source>
        <translation>Lebersegment II</translation>
    </message>
    <message>
        <source>Liver segment III</source>
        <translation>Lebersegment III</translation>
    </message>
    <message>
        <source>Liver segment IV</source>
        <translation>Lebersegment IV</translation>
    </message>
    <message>
        <source>Liver segment V</source>
        <translation>Lebersegment V</translation>
    </message>
    <message>
        <source>Liver segment VI</source>
        <translation>Lebersegment VI</translation>
    </message>
    <message>
        <source>Liver segment VII</source>
        <translation>Lebersegment VII</translation>
    </message>
    <message>
        <source>Liver segment VIII</source>
        <translation>Lebersegment VIII</translation>
    </message>
    <message>
        <source>Liver segments</source>
        <translation>Lebersegmente</translation>
    </message>
    <message>
        <source>Liver surgery (HPB)</source>
        <translation>Leberchirurgie (HPB)</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>Laden</translation>
    </message>
    <message>
        <source>Longest diameter and the longest across it of every outlined lesion</source>
        <translation>Längster Durchmesser und der längste quer dazu für jede konturierte Läsion</translation>
    </message>
    <message>
        <source>Look from</source>
        <translation>Blick von</translation>
    </message>
    <message>
        <source>Look from behind (posterior)</source>
        <translation>Blick von hinten (posterior)</translation>
    </message>
    <message>
        <source>Look from the feet</source>
        <translation>Blick von den Füßen</translation>
    </message>
    <message>
        <source>Look from the front (anterior)</source>
        <translation>Blick von vorn (anterior)</translation>
    </message>
    <message>
        <source>Look from the head</source>
        <translation>Blick vom Kopf</translation>
    </message>
    <message>
        <source>Look from the patient&apos;s left</source>
        <translation>Blick von der linken Seite des Patienten</translation>
    </message>
    <message>
        <source>Look from the patient&apos;s right</source>
        <translation>Blick von der rechten Seite des Patienten</translation>
    </message>
    <message>
        <source>Looking through {name}</source>
        <translation>{name} wird durchgesehen</translation>
    </message>
    <message>
        <source>Lung</source>
        <translation>Lunge</translation>
    </message>
    <message>
        <source>Lung nodule</source>
        <translation>Lungenrundherd</translation>
    </message>
    <message>
        <source>Lung nodule candidate</source>
        <translation>Möglicher Lungenrundherd</translation>
    </message>
    <message>
        <source>MP4 (by your own ffmpeg)</source>
        <translation>MP4 (mit dem eigenen ffmpeg)</translation>
    </message>
    <message>
        <source>Make surfaces and vessels</source>
        <translation>Oberflächen und Gefäße erzeugen</translation>
    </message>
    <message>
        <source>Make the surfaces anew that are older than their outlines</source>
        <translation>Oberflächen erneuern, die älter sind als ihre Konturen</translation>
    </message>
    <message>
        <source>Making surfaces</source>
        <translation>Oberflächen werden erzeugt</translation>
    </message>
    <message>
        <source>Mandible</source>
        <translation>Unterkiefer</translation>
    </message>
    <message>
        <source>Margin</source>
        <translation>Sicherheitsabstand</translation>
    </message>
    <message>
        <source>Margin, grow or shrink by</source>
        <translation>Rand, um den vergrößert oder verkleinert wird</translation>
    </message>
    <message>
        <source>Margins</source>
        <translation>Sicherheitsabstände</translation>
    </message>
    <message>
        <source>Mark as checked</source>
        <translation>Als geprüft kennzeichnen</translation>
    </message>
    <message>
        <source>Maximum (MIP)</source>
        <translation>Maximum (MIP)</translation>
    </message>
    <message>
        <source>Mean</source>
        <translation>Mittelwert</translation>
    </message>
    <message>
        <source>Measure</source>
        <translation>Messen</translation>
    </message>
    <message>
        <source>Measure diameters of {count} lesions</source>
        <translation>Durchmesser von {count} Läsionen messen</translation>
    </message>
    <message>
        <source>Measure {name}</source>
        <translation>{name} messen</translation>
    </message>
    <message>
        <source>Measurement</source>
        <translation>Messung</translation>
    </message>
    <message>
        <source>Measurements</source>
        <translation>Messungen</translation>
    </message>
    <message>
        <source>Messages</source>
        <translation>Meldungen</translation>
    </message>
    <message>
        <source>Middle button</source>
        <translation>Mittlere Taste</translation>
    </message>
    <message>
        <source>Middle button, drag</source>
        <translation>Mittlere Taste, ziehen</translation>
    </message>
    <message>
        <source>Millimetres, LPS: x to the patient&apos;s left, y to the back, z to the head.</source>
        <translation>Millimeter, LPS: x zur linken Seite des Patienten, y nach hinten, z zum Kopf.</translation>
    </message>
    <message>
        <source>Minimum (MinIP)</source>
        <translation>Minimum (MinIP)</translation>
    </message>
    <message>
        <source>Modality</source>
        <translation>Modalität</translation>
    </message>
    <message>
        <source>More</source>
        <translation>Mehr</translation>
    </message>
    <message>
        <source>≈ PREVIEW of plan {plan}: simulate it for numbers to rely on</source>
        <translation>≈ VORSCHAU von Plan {plan}: für verlässliche Zahlen simulieren</translation>
    </message>
    <message>
        <source> and {count} more</source>
        <translation> und {count} weitere</translation>
    </message>
    <message>
        <source>({mm} mm wide)</source>
        <translation>({mm} mm breit)</translation>
    </message>
    <message>
        <source>1 applicator in all</source>
        <translation>insgesamt 1 Applikator</translation>
    </message>
    <message>
        <source>1 case</source>
        <translation>1 Fall</translation>
    </message>
    <message>
        <source>A folder with cases…</source>
        <translation>Ordner mit Fällen…</translation>
    </message>
    <message>
        <source>Abdomen</source>
        <translation>Abdomen</translation>
    </message>
    <message>
        <source>Across the applicator</source>
        <translation>Quer zum Applikator</translation>
    </message>
    <message>
        <source>Added</source>
        <translation>Aufgenommen</translation>
    </message>
    <message>
        <source>All modalities</source>
        <translation>Alle Modalitäten</translation>
    </message>
    <message>
        <source>All slice views at their own planes, seen whole</source>
        <translation>Alle Schichtansichten in ihrer eigenen Ebene, ganz zu sehen</translation>
    </message>
    <message>
        <source>Along the applicator</source>
        <translation>Entlang des Applikators</translation>
    </message>
    <message>
        <source>Any date</source>
        <translation>Jedes Datum</translation>
    </message>
    <message>
        <source>As opened</source>
        <translation>Wie geöffnet</translation>
    </message>
    <message>
        <source>Axial plane</source>
        <translation>Axiale Ebene</translation>
    </message>
    <message>
        <source>Begin with the scan alone, or with the finished case?</source>
        <translation>Mit der Aufnahme allein beginnen oder mit dem fertigen Fall?</translation>
    </message>
    <message>
        <source>Bright parts</source>
        <translation>Helle Teile</translation>
    </message>
    <message>
        <source>Changed</source>
        <translation>Geändert</translation>
    </message>
    <message>
        <source>Choose a case to see what is in it.</source>
        <translation>Einen Fall wählen, um zu sehen, was darin ist.</translation>
    </message>
    <message>
        <source>Click where the lesion is to be</source>
        <translation>Dorthin klicken, wo die Läsion liegen soll</translation>
    </message>
    <message>
        <source>Coronal plane</source>
        <translation>Koronare Ebene</translation>
    </message>
    <message>
        <source>Crosshair</source>
        <translation>Fadenkreuz</translation>
    </message>
    <message>
        <source>Drag a handle; Shift: along its axis, Alt: no snapping, Esc: give back</source>
        <translation>Einen Griff ziehen; Umschalt: entlang seiner Achse, Alt: ohne Einrasten, Esc: zurückgeben</translation>
    </message>
    <message>
        <source>Draw the lines of the field&apos;s levels</source>
        <translation>Linien gleicher Werte des Feldes zeichnen</translation>
    </message>
    <message>
        <source>Fill {percent} %</source>
        <translation>{percent} % füllen</translation>
    </message>
    <message>
        <source>Fills</source>
        <translation>Füllungen</translation>
    </message>
    <message>
        <source>Finished case</source>
        <translation>Fertiger Fall</translation>
    </message>
    <message>
        <source>Folder with cases</source>
        <translation>Ordner mit Fällen</translation>
    </message>
    <message>
        <source>From the front, everything in view, nothing cut (R in the view)</source>
        <translation>Von vorn, alles im Bild, nichts geschnitten (R in der Ansicht)</translation>
    </message>
    <message>
        <source>Go to the target</source>
        <translation>Zum Ziel</translation>
    </message>
    <message>
        <source>Grey window</source>
        <translation>Grauwertfenster</translation>
    </message>
    <message>
        <source>Grow by</source>
        <translation>Wachsen um</translation>
    </message>
    <message>
        <source>HU</source>
        <translation>HU</translation>
    </message>
    <message>
        <source>Heart lesions</source>
        <translation>Läsionen am Herzen</translation>
    </message>
    <message>
        <source>Hide outlines and tints of structures, or show them again</source>
        <translation>Konturen und Füllungen der Strukturen verbergen oder wieder zeigen</translation>
    </message>
    <message>
        <source>How strongly structures are tinted</source>
        <translation>Wie stark Strukturen gefüllt werden</translation>
    </message>
    <message>
        <source>Image alone</source>
        <translation>Nur das Bild</translation>
    </message>
    <message>
        <source>In the cut</source>
        <translation>Im Schnitt</translation>
    </message>
    <message>
        <source>It is not where it was.</source>
        <translation>Er ist nicht mehr dort, wo er war.</translation>
    </message>
    <message>
        <source>Keep grey window</source>
        <translation>Grauwertfenster behalten</translation>
    </message>
    <message>
        <source>Keep tags and note</source>
        <translation>Schlagworte und Notiz behalten</translation>
    </message>
    <message>
        <source>Keep with the case</source>
        <translation>Mit dem Fall behalten</translation>
    </message>
    <message>
        <source>Last 30 days</source>
        <translation>Letzte 30 Tage</translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation>Letzte 7 Tage</translation>
    </message>
    <message>
        <source>Last year</source>
        <translation>Letztes Jahr</translation>
    </message>
    <message>
        <source>Lay a simulated field over slices and surfaces; again: take it away</source>
        <translation>Ein simuliertes Feld über Schichten und Oberflächen legen; noch einmal: wegnehmen</translation>
    </message>
    <message>
        <source>Least margin</source>
        <translation>Mindestabstand</translation>
    </message>
    <message>
        <source>Least remnant</source>
        <translation>Kleinster Rest</translation>
    </message>
    <message>
        <source>Let all slices cross in the target of the plan</source>
        <translation>Alle Schichten im Ziel des Plans kreuzen lassen</translation>
    </message>
    <message>
        <source>Like it is “{word}”:</source>
        <translation>Ähnlich ist „{word}“:</translation>
    </message>
    <message>
        <source>Lines of equal value</source>
        <translation>Linien gleicher Werte</translation>
    </message>
    <message>
        <source>Liver, narrow</source>
        <translation>Leber, eng</translation>
    </message>
    <message>
        <source>Liver, portal venous</source>
        <translation>Leber, portalvenös</translation>
    </message>
    <message>
        <source>Liver, unenhanced</source>
        <translation>Leber, nativ</translation>
    </message>
    <message>
        <source>Look along the applicator, slices across it; again: the next applicator</source>
        <translation>Entlang des Applikators blicken, Schichten quer zu ihm; noch einmal: der nächste Applikator</translation>
    </message>
    <message>
        <source>MIP</source>
        <translation>MIP</translation>
    </message>
    <message>
        <source>Magnify</source>
        <translation>Vergrößern</translation>
    </message>
    <message>
        <source>Magnify the slice</source>
        <translation>Schicht vergrößern</translation>
    </message>
    <message>
        <source>Make this large, and back (double click on a tab)</source>
        <translation>Groß machen, und zurück (Doppelklick auf einen Reiter)</translation>
    </message>
    <message>
        <source>MinIP</source>
        <translation>MinIP</translation>
    </message>
    <message>
        <source>Mouse in 3-D</source>
        <translation>Maus in 3D</translation>
    </message>
    <message>
        <source>Mouse in slices</source>
        <translation>Maus in Schichten</translation>
    </message>
    <message>
        <source>Move panels</source>
        <translation>Tafeln bewegen</translation>
    </message>
    <message>
        <source>Move {handle}</source>
        <translation>{handle} bewegen</translation>
    </message>
    <message>
        <source>Move {name}</source>
        <translation>{name} bewegen</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Name in the case</source>
        <translation>Name im Fall</translation>
    </message>
    <message>
        <source>Names and dates of the scan are not kept: choose a name that tells nobody who it is.</source>
        <translation>Namen und Daten der Aufnahme werden nicht aufgehoben: bitte einen Namen wählen, der niemandem verrät, wer es ist.</translation>
    </message>
    <message>
        <source>Narrow range</source>
        <translation>Enger Bereich</translation>
    </message>
    <message>
        <source>New</source>
        <translation>Neu</translation>
    </message>
    <message>
        <source>New ablation</source>
        <translation>Neue Ablation</translation>
    </message>
    <message>
        <source>New plan {name}</source>
        <translation>Neuer Plan {name}</translation>
    </message>
    <message>
        <source>New resection</source>
        <translation>Neue Resektion</translation>
    </message>
    <message>
        <source>New segment</source>
        <translation>Neues Segment</translation>
    </message>
    <message>
        <source>New segment...</source>
        <translation>Neues Segment...</translation>
    </message>
    <message>
        <source>Next flagged segment</source>
        <translation>Nächstes markiertes Segment</translation>
    </message>
    <message>
        <source>Next handle</source>
        <translation>Nächster Griff</translation>
    </message>
    <message>
        <source>Next plan</source>
        <translation>Nächster Plan</translation>
    </message>
    <message>
        <source>Next segment</source>
        <translation>Nächstes Segment</translation>
    </message>
    <message>
        <source>Next slice</source>
        <translation>Nächste Schicht</translation>
    </message>
    <message>
        <source>Next view or panel</source>
        <translation>Nächste Ansicht oder Tafel</translation>
    </message>
    <message>
        <source>No case fits.</source>
        <translation>Kein Fall passt.</translation>
    </message>
    <message>
        <source>No cut</source>
        <translation>Kein Schnitt</translation>
    </message>
    <message>
        <source>No field</source>
        <translation>Kein Feld</translation>
    </message>
    <message>
        <source>No file manager could be started; the folder is {place}</source>
        <translation>Kein Dateiverwalter ließ sich starten; der Ordner ist {place}</translation>
    </message>
    <message>
        <source>No numbers yet: they come with a plan.</source>
        <translation>Noch keine Zahlen: Sie kommen mit einem Plan.</translation>
    </message>
    <message>
        <source>No other organ or vessel gives voxels up; fat, muscle and what nobody claims do</source>
        <translation>Kein anderes Organ oder Gefäß gibt Voxel ab; Fett, Muskel und was niemand beansprucht, schon</translation>
    </message>
    <message>
        <source>No plan is shown: numbers of the anatomy</source>
        <translation>Kein Plan gezeigt: Zahlen der Anatomie</translation>
    </message>
    <message>
        <source>No plan yet: press New.</source>
        <translation>Noch kein Plan: Neu drücken.</translation>
    </message>
    <message>
        <source>No series is chosen.</source>
        <translation>Keine Serie gewählt.</translation>
    </message>
    <message>
        <source>No structures yet: step 3 finds them.</source>
        <translation>Noch keine Strukturen: Schritt 3 findet sie.</translation>
    </message>
    <message>
        <source>No surfaces yet: step 3 makes them</source>
        <translation>Noch keine Oberflächen: Schritt 3 erstellt sie</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>Not checked</source>
        <translation>Nicht geprüft</translation>
    </message>
    <message>
        <source>Not drawn</source>
        <translation>Nicht gezeichnet</translation>
    </message>
    <message>
        <source>Not saved</source>
        <translation>Nicht gespeichert</translation>
    </message>
    <message>
        <source>Not saved yet</source>
        <translation>Noch nicht gespeichert</translation>
    </message>
    <message>
        <source>Not saved yet: {name}</source>
        <translation>Noch nicht gespeichert: {name}</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>Notiz</translation>
    </message>
    <message>
        <source>Note: {text}</source>
        <translation>Notiz: {text}</translation>
    </message>
    <message>
        <source>Nothing is called “{query}”.</source>
        <translation>Nichts heißt „{query}“.</translation>
    </message>
    <message>
        <source>Nothing is measured yet.

Distance: M, D   Angle: M, A   Area: M, O
Ball: M, B   Diameters of a lesion: M, L</source>
        <translation>Noch ist nichts gemessen.

Abstand: M, D   Winkel: M, A   Fläche: M, O
Kugel: M, B   Durchmesser einer Läsion: M, L</translation>
    </message>
    <message>
        <source>Nothing runs. Long work shows here how far it is.</source>
        <translation>Nichts läuft. Lange Arbeit zeigt hier, wie weit sie ist.</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>Zahl</translation>
    </message>
    <message>
        <source>Numbers</source>
        <translation>Zahlen</translation>
    </message>
    <message>
        <source>Numbers read</source>
        <translation>Zahlen abgelesen</translation>
    </message>
    <message>
        <source>Oesophagus</source>
        <translation>Ösophagus</translation>
    </message>
    <message>
        <source>Older files report.html, report.pdf and report.json in it are replaced; nothing else is touched.</source>
        <translation>Ältere Dateien report.html, report.pdf und report.json darin werden ersetzt; sonst wird nichts angerührt.</translation>
    </message>
    <message>
        <source>One</source>
        <translation>Eine</translation>
    </message>
    <message>
        <source>One case…</source>
        <translation>Ein Fall…</translation>
    </message>
    <message>
        <source>One file, for transport</source>
        <translation>Eine Datei, zum Weitergeben</translation>
    </message>
    <message>
        <source>One panel large</source>
        <translation>Eine Tafel groß</translation>
    </message>
    <message>
        <source>One slice away</source>
        <translation>Eine Schicht weiter weg</translation>
    </message>
    <message>
        <source>One slice towards the viewer</source>
        <translation>Eine Schicht näher</translation>
    </message>
    <message>
        <source>One view alone</source>
        <translation>Eine Ansicht allein</translation>
    </message>
    <message>
        <source>Only</source>
        <translation>Nur</translation>
    </message>
    <message>
        <source>Only a box round the target</source>
        <translation>Nur ein Quader um das Ziel</translation>
    </message>
    <message>
        <source>Only flagged</source>
        <translation>Nur markierte</translation>
    </message>
    <message>
        <source>Only this</source>
        <translation>Nur dies</translation>
    </message>
    <message>
        <source>Only vessel trees and liver segments; surfaces stay</source>
        <translation>Nur Gefäßbäume und Lebersegmente; Oberflächen bleiben</translation>
    </message>
    <message>
        <source>Only voxels with values in this range are painted</source>
        <translation>Nur Voxel mit Werten in diesem Bereich werden gemalt</translation>
    </message>
    <message>
        <source>Only {name}</source>
        <translation>Nur {name}</translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>Deckkraft</translation>
    </message>
    <message>
        <source>Opacity of {name}</source>
        <translation>Deckkraft von {name}</translation>
    </message>
    <message>
        <source>Opacity of {name}: {percent} %</source>
        <translation>Deckkraft von {name}: {percent} %</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>Open a saved case: its folder or its zip</source>
        <translation>Einen gespeicherten Fall öffnen: seinen Ordner oder sein Zip</translation>
    </message>
    <message>
        <source>Open as saved</source>
        <translation>Öffnen wie gespeichert</translation>
    </message>
    <message>
        <source>Open case</source>
        <translation>Fall öffnen</translation>
    </message>
    <message>
        <source>Open case…</source>
        <translation>Fall öffnen…</translation>
    </message>
    <message>
        <source>Open the case with this grey window from now on</source>
        <translation>Den Fall von nun an mit diesem Grauwertfenster öffnen</translation>
    </message>
    <message>
        <source>Open the folder of error reports</source>
        <translation>Ordner der Fehlerberichte öffnen</translation>
    </message>
    <message>
        <source>Opening unsaved work</source>
        <translation>Ungespeicherte Arbeit wird geöffnet</translation>
    </message>
    <message>
        <source>Opening {name}</source>
        <translation>{name} wird geöffnet</translation>
    </message>
    <message>
        <source>Or drop a DICOM folder, a volume file or a case anywhere on this window.</source>
        <translation>Oder einen DICOM-Ordner, eine Volumendatei oder einen Fall irgendwo auf dieses Fenster ziehen.</translation>
    </message>
    <message>
        <source>Organ</source>
        <translation>Organ</translation>
    </message>
    <message>
        <source>Organs</source>
        <translation>Organe</translation>
    </message>
    <message>
        <source>Organs found</source>
        <translation>Organe gefunden</translation>
    </message>
    <message>
        <source>Other numbers</source>
        <translation>Andere Zahlen</translation>
    </message>
    <message>
        <source>Other segment</source>
        <translation>Anderes Segment</translation>
    </message>
    <message>
        <source>Others stay</source>
        <translation>Andere bleiben</translation>
    </message>
    <message>
        <source>Outlines</source>
        <translation>Konturen</translation>
    </message>
    <message>
        <source>Overwrite</source>
        <translation>Überschreiben</translation>
    </message>
    <message>
        <source>Overwriting it loses what the other program saved.</source>
        <translation>Überschreiben verliert, was das andere Programm gespeichert hat.</translation>
    </message>
    <message>
        <source>P</source>
        <translation>P</translation>
    </message>
    <message>
        <source>PDF, print, document, summary, protocol</source>
        <translation>PDF, drucken, Befund, Zusammenfassung, Protokoll</translation>
    </message>
    <message>
        <source>PNG (animated)</source>
        <translation>PNG (bewegt)</translation>
    </message>
    <message>
        <source>Paint</source>
        <translation>Malen</translation>
    </message>
    <message>
        <source>Paint in all slices that the ball reaches, not on the one under the mouse alone</source>
        <translation>In allen Schichten malen, die die Kugel erreicht, nicht nur in der unter der Maus</translation>
    </message>
    <message>
        <source>Paint only a range of values</source>
        <translation>Nur einen Wertebereich malen</translation>
    </message>
    <message>
        <source>Paint with a ball, not with a disc on the slice</source>
        <translation>Mit einer Kugel malen statt mit einer Scheibe auf der Schicht</translation>
    </message>
    <message>
        <source>Pancreas</source>
        <translation>Pankreas</translation>
    </message>
    <message>
        <source>Panels</source>
        <translation>Tafeln</translation>
    </message>
    <message>
        <source>Panels below</source>
        <translation>Tafeln unten</translation>
    </message>
    <message>
        <source>Panels on the right</source>
        <translation>Tafeln rechts</translation>
    </message>
    <message>
        <source>Part</source>
        <translation>Teil</translation>
    </message>
    <message>
        <source>Parts of the plan shown</source>
        <translation>Teile des gezeigten Plans</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation>Patient</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Pelvic bones</source>
        <translation>Beckenknochen</translation>
    </message>
    <message>
        <source>Perspective</source>
        <translation>Perspektive</translation>
    </message>
    <message>
        <source>Pick</source>
        <translation>Aufnehmen</translation>
    </message>
    <message>
        <source>Picture of the 3-D view</source>
        <translation>Bild der 3D-Ansicht</translation>
    </message>
    <message>
        <source>Picture of the 3-D view...</source>
        <translation>Bild der 3D-Ansicht...</translation>
    </message>
    <message>
        <source>Piece</source>
        <translation>Stück</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>Ort</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>Plan</translation>
    </message>
    <message>
        <source>Plan for {target}</source>
        <translation>Plan für {target}</translation>
    </message>
    <message>
        <source>Plan moved: not simulated</source>
        <translation>Plan bewegt: nicht simuliert</translation>
    </message>
    <message>
        <source>Plan {name}</source>
        <translation>Plan {name}</translation>
    </message>
    <message>
        <source>Plan {name} checked</source>
        <translation>Plan {name} geprüft</translation>
    </message>
    <message>
        <source>Plan {name} is simulated already</source>
        <translation>Plan {name} ist schon simuliert</translation>
    </message>
    <message>
        <source>Plan {name} simulated</source>
        <translation>Plan {name} simuliert</translation>
    </message>
    <message>
        <source>Plan {name}, moved</source>
        <translation>Plan {name}, bewegt</translation>
    </message>
    <message>
        <source>Plan {name}: {kind}</source>
        <translation>Plan {name}: {kind}</translation>
    </message>
    <message>
        <source>Plan {plan} as it is held: exact, counted from the outlines</source>
        <translation>Plan {plan}, wie er gehalten wird: exakt, aus den Umrissen gezählt</translation>
    </message>
    <message>
        <source>Plan {plan} has no numbers where it is: {why}</source>
        <translation>Plan {plan} hat, wo er liegt, keine Zahlen: {why}</translation>
    </message>
    <message>
        <source>Plan {plan} has no numbers: {why}</source>
        <translation>Plan {plan} hat keine Zahlen: {why}</translation>
    </message>
    <message>
        <source>Plan {plan} is not simulated yet</source>
        <translation>Plan {plan} ist noch nicht simuliert</translation>
    </message>
    <message>
        <source>Plan {plan} is not simulated yet: only what needs no simulation is known</source>
        <translation>Plan {plan} ist noch nicht simuliert: nur was keine Simulation braucht, ist bekannt</translation>
    </message>
    <message>
        <source>Plan {plan}: exact, counted from the outlines; there is nothing to simulate</source>
        <translation>Plan {plan}: exakt, aus den Umrissen gezählt; zu simulieren ist nichts</translation>
    </message>
    <message>
        <source>Plan {plan}: its numbers are not read off yet</source>
        <translation>Plan {plan}: seine Zahlen sind noch nicht abgelesen</translation>
    </message>
    <message>
        <source>Plan {plan}: simulated and assessed</source>
        <translation>Plan {plan}: simuliert und bewertet</translation>
    </message>
    <message>
        <source>Plane as scanned</source>
        <translation>Ebene wie aufgenommen</translation>
    </message>
    <message>
        <source>Plane of the view</source>
        <translation>Ebene der Ansicht</translation>
    </message>
    <message>
        <source>Planes together</source>
        <translation>Ebenen zusammen</translation>
    </message>
    <message>
        <source>Planning an ablation of {target}</source>
        <translation>Eine Ablation von {target} wird geplant</translation>
    </message>
    <message>
        <source>Plans</source>
        <translation>Pläne</translation>
    </message>
    <message>
        <source>Plans (JSON): {names}</source>
        <translation>Pläne (JSON): {names}</translation>
    </message>
    <message>
        <source>Plans of the case</source>
        <translation>Pläne des Falls</translation>
    </message>
    <message>
        <source>Plans side by side</source>
        <translation>Pläne nebeneinander</translation>
    </message>
    <message>
        <source>Play</source>
        <translation>Abspielen</translation>
    </message>
    <message>
        <source>Play or pause</source>
        <translation>Abspielen oder anhalten</translation>
    </message>
    <message>
        <source>Play or pause (Space)</source>
        <translation>Abspielen oder anhalten (Leertaste)</translation>
    </message>
    <message>
        <source>Play the simulated time</source>
        <translation>Die simulierte Zeit abspielen</translation>
    </message>
    <message>
        <source>Pleural recess</source>
        <translation>Pleurarezessus</translation>
    </message>
    <message>
        <source>Point at an edge and click: what it encloses is taken</source>
        <translation>Auf einen Rand zeigen und klicken: was er umschließt, wird genommen</translation>
    </message>
    <message>
        <source>Point at an edge; a click takes what it encloses, Ctrl and click takes it away.</source>
        <translation>Auf einen Rand zeigen; ein Klick nimmt, was er umschließt, mit Strg nimmt er es weg.</translation>
    </message>
    <message>
        <source>Portal and splenic vein</source>
        <translation>Pfortader und Milzvene</translation>
    </message>
    <message>
        <source>Portal vein branches</source>
        <translation>Pfortaderäste</translation>
    </message>
    <message>
        <source>Power of applicator {number}</source>
        <translation>Leistung von Applikator {number}</translation>
    </message>
    <message>
        <source>Preferences</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Preferences…</source>
        <translation>Einstellungen…</translation>
    </message>
    <message>
        <source>Preparing the sample</source>
        <translation>Das Beispiel wird vorbereitet</translation>
    </message>
    <message>
        <source>Previous plan</source>
        <translation>Voriger Plan</translation>
    </message>
    <message>
        <source>Previous segment</source>
        <translation>Voriges Segment</translation>
    </message>
    <message>
        <source>Previous slice</source>
        <translation>Vorige Schicht</translation>
    </message>
    <message>
        <source>Problem</source>
        <translation>Problem</translation>
    </message>
    <message>
        <source>Propose</source>
        <translation>Vorschlagen</translation>
    </message>
    <message>
        <source>Propose an ablation</source>
        <translation>Eine Ablation vorschlagen</translation>
    </message>
    <message>
        <source>Propose an applicator&apos;s way</source>
        <translation>Weg für einen Applikator vorschlagen</translation>
    </message>
    <message>
        <source>Pulmonary vessels</source>
        <translation>Lungengefäße</translation>
    </message>
    <message>
        <source>Put all views and panels back to where they were at first</source>
        <translation>Alle Ansichten und Tafeln dorthin zurück, wo sie anfangs waren</translation>
    </message>
    <message>
        <source>Put the table of all plans on the clipboard</source>
        <translation>Die Tabelle aller Pläne in die Zwischenablage legen</translation>
    </message>
    <message>
        <source>Put the table on the clipboard</source>
        <translation>Die Tabelle in die Zwischenablage legen</translation>
    </message>
    <message>
        <source>Put the tool down</source>
        <translation>Werkzeug weglegen</translation>
    </message>
    <message>
        <source>Put what the views show on the clipboard, with the intended-use line below</source>
        <translation>In die Zwischenablage legen, was die Ansichten zeigen, mit der Zeile zum Verwendungszweck darunter</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>R</source>
        <translation>R</translation>
    </message>
    <message>
        <source>Rank</source>
        <translation>Rang</translation>
    </message>
    <message>
        <source>Read a scan from a NIfTI, NRRD or MetaImage file, one DICOM file, or an archive</source>
        <translation>Eine Aufnahme aus NIfTI, NRRD oder MetaImage, einer DICOM-Datei oder einem Archiv lesen</translation>
    </message>
    <message>
        <source>Read a scan from a folder of DICOM files</source>
        <translation>Eine Aufnahme aus einem Ordner mit DICOM-Dateien lesen</translation>
    </message>
    <message>
        <source>Read cases that changed, and mark those that are gone</source>
        <translation>Geänderte Fälle neu lesen und verschwundene kennzeichnen</translation>
    </message>
    <message>
        <source>Read numbers off the plan</source>
        <translation>Zahlen vom Plan ablesen</translation>
    </message>
    <message>
        <source>Read-only: {why}</source>
        <translation>Nur lesbar: {why}</translation>
    </message>
    <message>
        <source>Reading cases</source>
        <translation>Fälle werden gelesen</translation>
    </message>
    <message>
        <source>Reading numbers</source>
        <translation>Zahlen werden abgelesen</translation>
    </message>
    <message>
        <source>Recent case {number}</source>
        <translation>Zuletzt geöffneter Fall {number}</translation>
    </message>
    <message>
        <source>Recent cases</source>
        <translation>Zuletzt geöffnete Fälle</translation>
    </message>
    <message>
        <source>Recover</source>
        <translation>Wiederherstellen</translation>
    </message>
    <message>
        <source>Recover work</source>
        <translation>Arbeit wiederherstellen</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>Wiederholen</translation>
    </message>
    <message>
        <source>Redo: {name}</source>
        <translation>Wiederholen: {name}</translation>
    </message>
    <message>
        <source>Reduce</source>
        <translation>Verkleinern</translation>
    </message>
    <message>
        <source>Reduce the slice</source>
        <translation>Schicht verkleinern</translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation>Auffrischen</translation>
    </message>
    <message>
        <source>Refreshing the library</source>
        <translation>Die Bibliothek wird aufgefrischt</translation>
    </message>
    <message>
        <source>Remaining volume</source>
        <translation>Verbleibendes Volumen</translation>
    </message>
    <message>
        <source>Remnant</source>
        <translation>Rest</translation>
    </message>
    <message>
        <source>Remnant to body weight</source>
        <translation>Rest zu Körpergewicht</translation>
    </message>
    <message>
        <source>Remnant without lesions</source>
        <translation>Rest ohne Läsionen</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Remove applicator or plane</source>
        <translation>Applikator oder Ebene entfernen</translation>
    </message>
    <message>
        <source>Remove measurement</source>
        <translation>Messung entfernen</translation>
    </message>
    <message>
        <source>Remove piece</source>
        <translation>Stück entfernen</translation>
    </message>
    <message>
        <source>Remove small pieces</source>
        <translation>Kleine Stücke entfernen</translation>
    </message>
    <message>
        <source>Remove the chosen measurements</source>
        <translation>Die gewählten Messungen entfernen</translation>
    </message>
    <message>
        <source>Remove the measurement that is marked</source>
        <translation>Die hervorgehobene Messung entfernen</translation>
    </message>
    <message>
        <source>Remove the part whose handle is chosen</source>
        <translation>Den Teil entfernen, dessen Griff gewählt ist</translation>
    </message>
    <message>
        <source>Remove the plan shown and what was computed of it; it can be undone</source>
        <translation>Den gezeigten Plan entfernen und was zu ihm berechnet wurde; kann rückgängig gemacht werden</translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation>{name} entfernen</translation>
    </message>
    <message>
        <source>Remove {part}</source>
        <translation>{part} entfernen</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>Umbenennen</translation>
    </message>
    <message>
        <source>Rename plan</source>
        <translation>Plan umbenennen</translation>
    </message>
    <message>
        <source>Rename plan {name} to {new}</source>
        <translation>Plan {name} in {new} umbenennen</translation>
    </message>
    <message>
        <source>Rename segment...</source>
        <translation>Segment umbenennen...</translation>
    </message>
    <message>
        <source>Rename {name}</source>
        <translation>{name} umbenennen</translation>
    </message>
    <message>
        <source>Rename, clear, delete, go on, surfaces</source>
        <translation>Umbenennen, leeren, löschen, weitergehen, Oberflächen</translation>
    </message>
    <message>
        <source>Repair and import</source>
        <translation>Reparieren und importieren</translation>
    </message>
    <message>
        <source>Replace</source>
        <translation>Ersetzen</translation>
    </message>
    <message>
        <source>Replacing it loses what is in it now.</source>
        <translation>Ersetzen verliert, was jetzt darin ist.</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>Bericht</translation>
    </message>
    <message>
        <source>Resected volume</source>
        <translation>Reseziertes Volumen</translation>
    </message>
    <message>
        <source>Resection</source>
        <translation>Resektion</translation>
    </message>
    <message>
        <source>Resection by planes</source>
        <translation>Resektion durch Ebenen</translation>
    </message>
    <message>
        <source>Reset layout</source>
        <translation>Anordnung zurücksetzen</translation>
    </message>
    <message>
        <source>Reset the 3-D view</source>
        <translation>3D-Ansicht zurücksetzen</translation>
    </message>
    <message>
        <source>Reset the view</source>
        <translation>Ansicht zurücksetzen</translation>
    </message>
    <message>
        <source>Revert</source>
        <translation>Zurückkehren</translation>
    </message>
    <message>
        <source>Revert to saved…</source>
        <translation>Zum gespeicherten Stand zurückkehren…</translation>
    </message>
    <message>
        <source>Ribs</source>
        <translation>Rippen</translation>
    </message>
    <message>
        <source>Right button, drag</source>
        <translation>Rechte Taste, ziehen</translation>
    </message>
    <message>
        <source>Right kidney</source>
        <translation>Rechte Niere</translation>
    </message>
    <message>
        <source>Right lower lobe</source>
        <translation>Rechter Unterlappen</translation>
    </message>
    <message>
        <source>Right lung</source>
        <translation>Rechte Lunge</translation>
    </message>
    <message>
        <source>Right middle lobe</source>
        <translation>Rechter Mittellappen</translation>
    </message>
    <message>
        <source>Right upper lobe</source>
        <translation>Rechter Oberlappen</translation>
    </message>
    <message>
        <source>Rules</source>
        <translation>Regeln</translation>
    </message>
    <message>
        <source>Rules of the plan</source>
        <translation>Regeln des Plans</translation>
    </message>
    <message>
        <source>STL, OBJ, PLY, GLB, mesh, NIfTI, 3-D print, Slicer, segmentation</source>
        <translation>STL, OBJ, PLY, GLB, Netz, NIfTI, 3D-Druck, Slicer, Segmentierung</translation>
    </message>
    <message>
        <source>Sacrum</source>
        <translation>Kreuzbein</translation>
    </message>
    <message>
        <source>Sagittal</source>
        <translation>Sagittal</translation>
    </message>
    <message>
        <source>Sagittal plane</source>
        <translation>Sagittale Ebene</translation>
    </message>
    <message>
        <source>Sample</source>
        <translation>Beispiel</translation>
    </message>
    <message>
        <source>Sample HU</source>
        <translation>HU aufnehmen</translation>
    </message>
    <message>
        <source>Sample values</source>
        <translation>Werte aufnehmen</translation>
    </message>
    <message>
        <source>Sample: healthy abdomen</source>
        <translation>Beispiel: gesundes Abdomen</translation>
    </message>
    <message>
        <source>Sample: liver tumour</source>
        <translation>Beispiel: Lebertumor</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Save a copy</source>
        <translation>Kopie speichern</translation>
    </message>
    <message>
        <source>Save a copy as one file</source>
        <translation>Eine Kopie als eine Datei speichern</translation>
    </message>
    <message>
        <source>Save a copy as zip…</source>
        <translation>Kopie als Zip speichern…</translation>
    </message>
    <message>
        <source>Save as</source>
        <translation>Speichern unter</translation>
    </message>
    <message>
        <source>Save as CSV</source>
        <translation>Als CSV speichern</translation>
    </message>
    <message>
        <source>Save as…</source>
        <translation>Speichern unter…</translation>
    </message>
    <message>
        <source>Save case as</source>
        <translation>Fall speichern unter</translation>
    </message>
    <message>
        <source>Save it again as you see it here?</source>
        <translation>Noch einmal speichern, wie Sie ihn hier sehen?</translation>
    </message>
    <message>
        <source>Save it again here</source>
        <translation>Hier wieder speichern</translation>
    </message>
    <message>
        <source>Save the comparison</source>
        <translation>Den Vergleich speichern</translation>
    </message>
    <message>
        <source>Save what was done to {name}?</source>
        <translation>Speichern, was an {name} getan wurde?</translation>
    </message>
    <message>
        <source>Saved {file}</source>
        <translation>{file} gespeichert</translation>
    </message>
    <message>
        <source>Saving a picture</source>
        <translation>Ein Bild wird gespeichert</translation>
    </message>
    <message>
        <source>Saving {name}</source>
        <translation>{name} wird gespeichert</translation>
    </message>
    <message>
        <source>Scan</source>
        <translation>Aufnahme</translation>
    </message>
    <message>
        <source>Scan alone</source>
        <translation>Nur die Aufnahme</translation>
    </message>
    <message>
        <source>Scissors</source>
        <translation>Schere</translation>
    </message>
    <message>
        <source>Search all ways from the skin to the target for the best</source>
        <translation>Alle Wege von der Haut zum Ziel nach dem besten absuchen</translation>
    </message>
    <message>
        <source>Search: name, organ, lesion, plan, tag, note…</source>
        <translation>Suchen: Name, Organ, Läsion, Plan, Schlagwort, Notiz…</translation>
    </message>
    <message>
        <source>See all of the slice again</source>
        <translation>Die ganze Schicht wieder sehen</translation>
    </message>
    <message>
        <source>Segment</source>
        <translation>Segment</translation>
    </message>
    <message>
        <source>Segment the scan anew as a CT of the chest</source>
        <translation>Die Aufnahme neu als CT des Thorax segmentieren</translation>
    </message>
    <message>
        <source>Segment the scan anew as a CT of the head</source>
        <translation>Die Aufnahme neu als CT des Kopfes segmentieren</translation>
    </message>
    <message>
        <source>Segment the scan anew; what stands on the old outlines is dropped (can be undone)</source>
        <translation>Die Aufnahme neu segmentieren; was auf den alten Konturen beruht, fällt weg (kann rückgängig gemacht werden)</translation>
    </message>
    <message>
        <source>Shell</source>
        <translation>Schale</translation>
    </message>
    <message>
        <source>Shell when hollow</source>
        <translation>Schale beim Aushöhlen</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>Zeigen</translation>
    </message>
    <message>
        <source>Show a slab of this thickness</source>
        <translation>Eine Dickschicht dieser Dicke zeigen</translation>
    </message>
    <message>
        <source>Show a thicker slab</source>
        <translation>Eine dickere Schicht zeigen</translation>
    </message>
    <message>
        <source>Show a thinner slab</source>
        <translation>Eine dünnere Schicht zeigen</translation>
    </message>
    <message>
        <source>Show all</source>
        <translation>Alle zeigen</translation>
    </message>
    <message>
        <source>Show all again</source>
        <translation>Alle wieder zeigen</translation>
    </message>
    <message>
        <source>Show all structures again</source>
        <translation>Alle Strukturen wieder zeigen</translation>
    </message>
    <message>
        <source>Show folder</source>
        <translation>Ordner zeigen</translation>
    </message>
    <message>
        <source>Show only {name}</source>
        <translation>Nur {name} zeigen</translation>
    </message>
    <message>
        <source>Show or hide the outlines of structures</source>
        <translation>Konturen der Strukturen zeigen oder verbergen</translation>
    </message>
    <message>
        <source>Show or hide the tint of structures</source>
        <translation>Füllungen der Strukturen zeigen oder verbergen</translation>
    </message>
    <message>
        <source>Show or hide where the other slices lie</source>
        <translation>Zeigen oder verbergen, wo die anderen Schichten liegen</translation>
    </message>
    <message>
        <source>Show place: bring the crosshair there</source>
        <translation>Ort zeigen: das Fadenkreuz dorthin bringen</translation>
    </message>
    <message>
        <source>Show slices without thickness</source>
        <translation>Schichten ohne Dicke zeigen</translation>
    </message>
    <message>
        <source>Show tasks</source>
        <translation>Aufgaben zeigen</translation>
    </message>
    <message>
        <source>Show the brightest value through the slab: vessels, bone</source>
        <translation>Den hellsten Wert durch die Dicke zeigen: Gefäße, Knochen</translation>
    </message>
    <message>
        <source>Show the darkest value through the slab: airways, bile ducts</source>
        <translation>Den dunkelsten Wert durch die Dicke zeigen: Atemwege, Gallenwege</translation>
    </message>
    <message>
        <source>Show the grey window that the case was opened with</source>
        <translation>Das Grauwertfenster zeigen, mit dem der Fall geöffnet wurde</translation>
    </message>
    <message>
        <source>Show the mean through the slab: less noise</source>
        <translation>Den Mittelwert durch die Dicke zeigen: weniger Rauschen</translation>
    </message>
    <message>
        <source>Show the next field</source>
        <translation>Das nächste Feld zeigen</translation>
    </message>
    <message>
        <source>Show the other side of the cut</source>
        <translation>Die andere Seite des Schnitts zeigen</translation>
    </message>
    <message>
        <source>Show the plane of a cut; again: the next cut</source>
        <translation>Die Ebene eines Schnitts zeigen; noch einmal: der nächste Schnitt</translation>
    </message>
    <message>
        <source>Show the plane that contains the applicator; again: the next applicator</source>
        <translation>Die Ebene zeigen, in der der Applikator liegt; noch einmal: der nächste Applikator</translation>
    </message>
    <message>
        <source>Show the slices in this grey window</source>
        <translation>Die Schichten in diesem Grauwertfenster zeigen</translation>
    </message>
    <message>
        <source>Show the view with the keyboard alone, and back (double click)</source>
        <translation>Die Ansicht mit der Tastatur allein zeigen, und zurück (Doppelklick)</translation>
    </message>
    <message>
        <source>Show this plane in the slice view that was used last</source>
        <translation>Diese Ebene in der zuletzt benutzten Schichtansicht zeigen</translation>
    </message>
    <message>
        <source>Show title bars by which panels can be moved, let loose or closed</source>
        <translation>Titelleisten zeigen, an denen Tafeln bewegt, gelöst oder geschlossen werden</translation>
    </message>
    <message>
        <source>Show {name}</source>
        <translation>{name} zeigen</translation>
    </message>
    <message>
        <source>Shrink by margin</source>
        <translation>Um einen Rand verkleinern</translation>
    </message>
    <message>
        <source>Simulate</source>
        <translation>Simulieren</translation>
    </message>
    <message>
        <source>Simulate again</source>
        <translation>Noch einmal simulieren</translation>
    </message>
    <message>
        <source>Simulate all</source>
        <translation>Alle simulieren</translation>
    </message>
    <message>
        <source>Simulate all plans</source>
        <translation>Alle Pläne simulieren</translation>
    </message>
    <message>
        <source>Simulate the plan shown</source>
        <translation>Gezeigten Plan simulieren</translation>
    </message>
    <message>
        <source>Simulate the plan shown once more; the result it has is replaced</source>
        <translation>Den gezeigten Plan noch einmal simulieren; sein Ergebnis wird ersetzt</translation>
    </message>
    <message>
        <source>Simulate when the hand rests</source>
        <translation>Simulieren, wenn die Hand ruht</translation>
    </message>
    <message>
        <source>Simulated</source>
        <translation>Simuliert</translation>
    </message>
    <message>
        <source>Simulated field</source>
        <translation>Simuliertes Feld</translation>
    </message>
    <message>
        <source>Simulated time</source>
        <translation>Simulierte Zeit</translation>
    </message>
    <message>
        <source>Simulated, at {time} min</source>
        <translation>Simuliert, nach {time} min</translation>
    </message>
    <message>
        <source>Simulating plan {name}</source>
        <translation>Plan {name} wird simuliert</translation>
    </message>
    <message>
        <source>Size in pixels</source>
        <translation>Größe in Bildpunkten</translation>
    </message>
    <message>
        <source>Size of type</source>
        <translation>Schriftgröße</translation>
    </message>
    <message>
        <source>Skin</source>
        <translation>Haut</translation>
    </message>
    <message>
        <source>Skull</source>
        <translation>Schädel</translation>
    </message>
    <message>
        <source>Slab</source>
        <translation>Dickschicht</translation>
    </message>
    <message>
        <source>Slice of the scan on the cut</source>
        <translation>Schicht der Aufnahme auf dem Schnitt</translation>
    </message>
    <message>
        <source>Slices</source>
        <translation>Schichten</translation>
    </message>
    <message>
        <source>Slices between those that were drawn get the shape between</source>
        <translation>Schichten zwischen den gezeichneten bekommen die Form dazwischen</translation>
    </message>
    <message>
        <source>Slices in the 3-D view</source>
        <translation>Schichten in der 3D-Ansicht</translation>
    </message>
    <message>
        <source>Slices only</source>
        <translation>Nur Schichten</translation>
    </message>
    <message>
        <source>Small</source>
        <translation>Klein</translation>
    </message>
    <message>
        <source>Small is under</source>
        <translation>Klein ist unter</translation>
    </message>
    <message>
        <source>Smaller brush</source>
        <translation>Kleinerer Pinsel</translation>
    </message>
    <message>
        <source>Smaller type</source>
        <translation>Kleinere Schrift</translation>
    </message>
    <message>
        <source>Smooth</source>
        <translation>Glätten</translation>
    </message>
    <message>
        <source>Smooth by</source>
        <translation>Glätten um</translation>
    </message>
    <message>
        <source>Smooth the outline; the volume stays</source>
        <translation>Die Kontur glätten; das Volumen bleibt</translation>
    </message>
    <message>
        <source>Soft tissue</source>
        <translation>Weichteile</translation>
    </message>
    <message>
        <source>Something unexpected happened ({error}). The case is still open; save it, best under another name. What happened is written in {file}</source>
        <translation>Etwas Unerwartetes ist geschehen ({error}). Der Fall ist noch offen; bitte speichern, am besten unter anderem Namen. Was geschah, steht in {file}</translation>
    </message>
    <message>
        <source>Source: {text}</source>
        <translation>Quelle: {text}</translation>
    </message>
    <message>
        <source>Speed of playing</source>
        <translation>Abspielgeschwindigkeit</translation>
    </message>
    <message>
        <source>Spleen</source>
        <translation>Milz</translation>
    </message>
    <message>
        <source>Split into pieces</source>
        <translation>In Stücke teilen</translation>
    </message>
    <message>
        <source>Stand the slices in the view</source>
        <translation>Die Schichten in die Ansicht stellen</translation>
    </message>
    <message>
        <source>Standardised remnant ({name})</source>
        <translation>Standardisierter Rest ({name})</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>Arbeitsschritte</translation>
    </message>
    <message>
        <source>Steps on the left</source>
        <translation>Arbeitsschritte links</translation>
    </message>
    <message>
        <source>Sternum</source>
        <translation>Brustbein</translation>
    </message>
    <message>
        <source>Stomach</source>
        <translation>Magen</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Stop all</source>
        <translation>Alle anhalten</translation>
    </message>
    <message>
        <source>Stop all tasks</source>
        <translation>Alle Aufgaben anhalten</translation>
    </message>
    <message>
        <source>Stop {title}</source>
        <translation>{title} anhalten</translation>
    </message>
    <message>
        <source>Strength of fills</source>
        <translation>Stärke der Füllungen</translation>
    </message>
    <message>
        <source>Structure</source>
        <translation>Struktur</translation>
    </message>
    <message>
        <source>Structures</source>
        <translation>Strukturen</translation>
    </message>
    <message>
        <source>Subcutaneous fat</source>
        <translation>Subkutanes Fett</translation>
    </message>
    <message>
        <source>Surfaces as</source>
        <translation>Oberflächen als</translation>
    </message>
    <message>
        <source>Surfaces made</source>
        <translation>Oberflächen erzeugt</translation>
    </message>
    <message>
        <source>Surfaces of all outlines, vessel trees and liver segments</source>
        <translation>Oberflächen aller Konturen, Gefäßbäume und Lebersegmente</translation>
    </message>
    <message>
        <source>System</source>
        <translation>System</translation>
    </message>
    <message>
        <source>Tab, Shift+Tab</source>
        <translation>Tab, Umschalt+Tab</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>Schlagworte</translation>
    </message>
    <message>
        <source>Take all its voxels away</source>
        <translation>Alle seine Voxel wegnehmen</translation>
    </message>
    <message>
        <source>Take away the other one</source>
        <translation>Das andere wegnehmen</translation>
    </message>
    <message>
        <source>Take the proposed outline</source>
        <translation>Vorgeschlagene Kontur übernehmen</translation>
    </message>
    <message>
        <source>Take {name} off the library?</source>
        <translation>{name} aus der Bibliothek nehmen?</translation>
    </message>
    <message>
        <source>Target</source>
        <translation>Ziel</translation>
    </message>
    <message>
        <source>Target and zone</source>
        <translation>Ziel und Zone</translation>
    </message>
    <message>
        <source>Target covered</source>
        <translation>Ziel abgedeckt</translation>
    </message>
    <message>
        <source>Target volume</source>
        <translation>Zielvolumen</translation>
    </message>
    <message>
        <source>Targets</source>
        <translation>Ziele</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>Aufgaben</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>Temperatur</translation>
    </message>
    <message>
        <source>The best path to the lesion at the crosshair, or to the target of the plan</source>
        <translation>Der beste Weg zur Läsion am Fadenkreuz oder zum Ziel des Plans</translation>
    </message>
    <message>
        <source>The case is here now</source>
        <translation>Hier steht der Fall jetzt</translation>
    </message>
    <message>
        <source>The case itself stays where it is.</source>
        <translation>Der Fall selbst bleibt, wo er ist.</translation>
    </message>
    <message>
        <source>The case stays as it is</source>
        <translation>Der Fall bleibt, wie er ist</translation>
    </message>
    <message>
        <source>The case that is open</source>
        <translation>Der offene Fall</translation>
    </message>
    <message>
        <source>The comparison of plans is on the clipboard</source>
        <translation>Der Vergleich der Pläne liegt in der Zwischenablage</translation>
    </message>
    <message>
        <source>The comparison of plans was saved</source>
        <translation>Der Vergleich der Pläne wurde gespeichert</translation>
    </message>
    <message>
        <source>The comparison was not saved: {why}</source>
        <translation>Der Vergleich wurde nicht gespeichert: {why}</translation>
    </message>
    <message>
        <source>The finished case is ready.</source>
        <translation>Der fertige Fall ist bereit.</translation>
    </message>
    <message>
        <source>The folder cannot be made: {why}</source>
        <translation>Der Ordner lässt sich nicht anlegen: {why}</translation>
    </message>
    <message>
        <source>The full simulation follows by itself after a plan was moved</source>
        <translation>Die volle Simulation folgt von selbst, nachdem ein Plan bewegt wurde</translation>
    </message>
    <message>
        <source>The full simulation, and the numbers read off it</source>
        <translation>Die volle Simulation und die Zahlen, die von ihr abgelesen werden</translation>
    </message>
    <message>
        <source>The last step was: {name}.</source>
        <translation>Der letzte Schritt war: {name}.</translation>
    </message>
    <message>
        <source>The library is empty. Add a folder: all cases in it can then be searched.</source>
        <translation>Die Bibliothek ist leer. Einen Ordner hinzufügen: dann lassen sich alle Fälle darin durchsuchen.</translation>
    </message>
    <message>
        <source>The mouse moves the views again</source>
        <translation>Die Maus bewegt wieder die Ansichten</translation>
    </message>
    <message>
        <source>The picture is on the clipboard</source>
        <translation>Das Bild liegt in der Zwischenablage</translation>
    </message>
    <message>
        <source>The report is in {name}</source>
        <translation>Der Bericht liegt in {name}</translation>
    </message>
    <message>
        <source>The report is written.</source>
        <translation>Der Bericht ist geschrieben.</translation>
    </message>
    <message>
        <source>The scan itself</source>
        <translation>Die Aufnahme selbst</translation>
    </message>
    <message>
        <source>The surface is older than the outline</source>
        <translation>Die Oberfläche ist älter als die Kontur</translation>
    </message>
    <message>
        <source>The table of all plans side by side</source>
        <translation>Die Tabelle aller Pläne nebeneinander</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>Farbschema</translation>
    </message>
    <message>
        <source>Theme, size of type, language, palette, handles, live physics</source>
        <translation>Farbschema, Schriftgröße, Sprache, Farben, Griffe, mitlaufende Physik</translation>
    </message>
    <message>
        <source>Thermal ablation</source>
        <translation>Thermische Ablation</translation>
    </message>
    <message>
        <source>Thicker slab</source>
        <translation>Dickere Schicht</translation>
    </message>
    <message>
        <source>Thin slices</source>
        <translation>Dünne Schichten</translation>
    </message>
    <message>
        <source>Thinner slab</source>
        <translation>Dünnere Schicht</translation>
    </message>
    <message>
        <source>This case is read-only here.</source>
        <translation>Dieser Fall ist hier nur lesbar.</translation>
    </message>
    <message>
        <source>This case lies in no folder of yours. After a crash the start page offers it; press to save it.</source>
        <translation>Dieser Fall liegt noch in keinem Ihrer Ordner. Nach einem Absturz bietet die Startseite ihn an; Drücken speichert ihn.</translation>
    </message>
    <message>
        <source>This could not be done again as it was:</source>
        <translation>Das ließ sich nicht wiederholen, wie es war:</translation>
    </message>
    <message>
        <source>Those that have no result yet, one after the other</source>
        <translation>Die noch kein Ergebnis haben, einer nach dem anderen</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>Schwellenwert</translation>
    </message>
    <message>
        <source>Threshold, fill between slices, smooth, margin, hollow, pieces, combine</source>
        <translation>Schwellenwert, zwischen Schichten füllen, glätten, Rand, aushöhlen, Stücke, verrechnen</translation>
    </message>
    <message>
        <source>Time of applicator {number}</source>
        <translation>Dauer von Applikator {number}</translation>
    </message>
    <message>
        <source>Tissue damage</source>
        <translation>Gewebeschaden</translation>
    </message>
    <message>
        <source>To check</source>
        <translation>Zu prüfen</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>Heute</translation>
    </message>
    <message>
        <source>Told ({count})</source>
        <translation>Gemeldet ({count})</translation>
    </message>
    <message>
        <source>Tool bar</source>
        <translation>Werkzeugleiste</translation>
    </message>
    <message>
        <source>Tools</source>
        <translation>Werkzeuge</translation>
    </message>
    <message>
        <source>Trace</source>
        <translation>Verfolgen</translation>
    </message>
    <message>
        <source>Trachea and bronchi</source>
        <translation>Trachea und Bronchien</translation>
    </message>
    <message>
        <source>Trunk wall muscle</source>
        <translation>Rumpfwandmuskulatur</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Noch einmal versuchen</translation>
    </message>
    <message>
        <source>Tumour</source>
        <translation>Tumor</translation>
    </message>
    <message>
        <source>Tumour candidate</source>
        <translation>Möglicher Tumor</translation>
    </message>
    <message>
        <source>Tumour, Liver, or a name of your own</source>
        <translation>Tumor, Leber oder ein eigener Name</translation>
    </message>
    <message>
        <source>Turn about the applicator</source>
        <translation>Um den Applikator drehen</translation>
    </message>
    <message>
        <source>Turn about the crossing point</source>
        <translation>Um den Kreuzungspunkt drehen</translation>
    </message>
    <message>
        <source>Turn back about the applicator</source>
        <translation>Um den Applikator zurückdrehen</translation>
    </message>
    <message>
        <source>Turn the plane back by 15 degrees</source>
        <translation>Die Ebene um 15 Grad zurückdrehen</translation>
    </message>
    <message>
        <source>Turn the plane by 15 degrees</source>
        <translation>Die Ebene um 15 Grad drehen</translation>
    </message>
    <message>
        <source>Type: {percent} %</source>
        <translation>Schrift: {percent} %</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <source>Undo the last step</source>
        <translation>Den letzten Schritt rückgängig machen</translation>
    </message>
    <message>
        <source>Undo: {name}</source>
        <translation>Rückgängig: {name}</translation>
    </message>
    <message>
        <source>Undone: click to do it again</source>
        <translation>Rückgängig gemacht: klicken, um es zu wiederholen</translation>
    </message>
    <message>
        <source>Unite with, take away, or intersect with another segment</source>
        <translation>Mit einem anderen Segment vereinigen, es wegnehmen oder die Schnittmenge bilden</translation>
    </message>
    <message>
        <source>Unite: add the other one</source>
        <translation>Vereinigen: das andere dazunehmen</translation>
    </message>
    <message>
        <source>Unknown tissue</source>
        <translation>Unbekanntes Gewebe</translation>
    </message>
    <message>
        <source>Unsaved work</source>
        <translation>Nicht gespeicherte Arbeit</translation>
    </message>
    <message>
        <source>Update surfaces</source>
        <translation>Oberflächen erneuern</translation>
    </message>
    <message>
        <source>Usual look</source>
        <translation>Übliches Aussehen</translation>
    </message>
    <message>
        <source>Usual look of all</source>
        <translation>Übliches Aussehen von allen</translation>
    </message>
    <message>
        <source>Usual look of {name}</source>
        <translation>Übliches Aussehen von {name}</translation>
    </message>
    <message>
        <source>Usual size of type</source>
        <translation>Übliche Schriftgröße</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Wert</translation>
    </message>
    <message>
        <source>Values</source>
        <translation>Werte</translation>
    </message>
    <message>
        <source>Vascular territory</source>
        <translation>Gefäßterritorium</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>Urteil</translation>
    </message>
    <message>
        <source>Versions, licence, intended use</source>
        <translation>Versionen, Lizenz, Verwendungszweck</translation>
    </message>
    <message>
        <source>Vertebra</source>
        <translation>Wirbel</translation>
    </message>
    <message>
        <source>Vertebra C1</source>
        <translation>Wirbel C1</translation>
    </message>
    <message>
        <source>Vertebra C2</source>
        <translation>Wirbel C2</translation>
    </message>
    <message>
        <source>Vertebra C3</source>
        <translation>Wirbel C3</translation>
    </message>
    <message>
        <source>Vertebra C4</source>
        <translation>Wirbel C4</translation>
    </message>
    <message>
        <source>Vertebra C5</source>
        <translation>Wirbel C5</translation>
    </message>
    <message>
        <source>Vertebra C6</source>
        <translation>Wirbel C6</translation>
    </message>
    <message>
        <source>Vertebra C7</source>
        <translation>Wirbel C7</translation>
    </message>
    <message>
        <source>Vertebra L1</source>
        <translation>Wirbel L1</translation>
    </message>
    <message>
        <source>Vertebra L2</source>
        <translation>Wirbel L2</translation>
    </message>
    <message>
        <source>Vertebra L3</source>
        <translation>Wirbel L3</translation>
    </message>
    <message>
        <source>Vertebra L4</source>
        <translation>Wirbel L4</translation>
    </message>
    <message>
        <source>Vertebra L5</source>
        <translation>Wirbel L5</translation>
    </message>
    <message>
        <source>Vertebra T1</source>
        <translation>Wirbel Th1</translation>
    </message>
    <message>
        <source>Vertebra T10</source>
        <translation>Wirbel Th10</translation>
    </message>
    <message>
        <source>Vertebra T11</source>
        <translation>Wirbel Th11</translation>
    </message>
    <message>
        <source>Vertebra T12</source>
        <translation>Wirbel Th12</translation>
    </message>
    <message>
        <source>Vertebra T2</source>
        <translation>Wirbel Th2</translation>
    </message>
    <message>
        <source>Vertebra T3</source>
        <translation>Wirbel Th3</translation>
    </message>
    <message>
        <source>Vertebra T4</source>
        <translation>Wirbel Th4</translation>
    </message>
    <message>
        <source>Vertebra T5</source>
        <translation>Wirbel Th5</translation>
    </message>
    <message>
        <source>Vertebra T6</source>
        <translation>Wirbel Th6</translation>
    </message>
    <message>
        <source>Vertebra T7</source>
        <translation>Wirbel Th7</translation>
    </message>
    <message>
        <source>Vertebra T8</source>
        <translation>Wirbel Th8</translation>
    </message>
    <message>
        <source>Vertebra T9</source>
        <translation>Wirbel Th9</translation>
    </message>
    <message>
        <source>Vertebrae</source>
        <translation>Wirbel</translation>
    </message>
    <message>
        <source>Vessel trees (VTP)</source>
        <translation>Gefäßbäume (VTP)</translation>
    </message>
    <message>
        <source>Vessels</source>
        <translation>Gefäße</translation>
    </message>
    <message>
        <source>Vessels cut</source>
        <translation>Durchtrennte Gefäße</translation>
    </message>
    <message>
        <source>Vessels followed</source>
        <translation>Gefäße verfolgt</translation>
    </message>
    <message>
        <source>View</source>
        <translation>Ansicht</translation>
    </message>
    <message>
        <source>Views only</source>
        <translation>Nur Ansichten</translation>
    </message>
    <message>
        <source>Visceral fat</source>
        <translation>Viszerales Fett</translation>
    </message>
    <message>
        <source>Volumes (*.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd)</source>
        <translation>Volumen (*.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd)</translation>
    </message>
    <message>
        <source>Volumes, margins and verdicts, without simulating again</source>
        <translation>Volumen, Abstände und Urteile, ohne neu zu simulieren</translation>
    </message>
    <message>
        <source>Voxels</source>
        <translation>Voxel</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>Warnung</translation>
    </message>
    <message>
        <source>Warnings and notes of the case</source>
        <translation>Warnungen und Hinweise des Falls</translation>
    </message>
    <message>
        <source>WebP (small)</source>
        <translation>WebP (klein)</translation>
    </message>
    <message>
        <source>Weight in kg</source>
        <translation>Gewicht in kg</translation>
    </message>
    <message>
        <source>What</source>
        <translation>Was</translation>
    </message>
    <message>
        <source>What was on the disk before is as it was, and nothing of your work is lost: it is still open here.</source>
        <translation>Was auf der Festplatte war, ist wie zuvor, und nichts von der Arbeit ist verloren: sie ist hier noch offen.</translation>
    </message>
    <message>
        <source>What was told while working</source>
        <translation>Was bei der Arbeit gemeldet wurde</translation>
    </message>
    <message>
        <source>Wheel</source>
        <translation>Rad</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>Wo</translation>
    </message>
    <message>
        <source>Where unexpected errors are written down</source>
        <translation>Wo unerwartete Fehler aufgeschrieben werden</translation>
    </message>
    <message>
        <source>Whether drawing, windows and simulations work here</source>
        <translation>Ob Zeichnen, Fenster und Simulationen hier gehen</translation>
    </message>
    <message>
        <source>White</source>
        <translation>Weiß</translation>
    </message>
    <message>
        <source>Whole range</source>
        <translation>Ganzer Bereich</translation>
    </message>
    <message>
        <source>Whole slice</source>
        <translation>Ganze Schicht</translation>
    </message>
    <message>
        <source>Whole slices in all views</source>
        <translation>Ganze Schichten in allen Ansichten</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>Warum</translation>
    </message>
    <message>
        <source>With a plan</source>
        <translation>Mit einem Plan</translation>
    </message>
    <message>
        <source>With or without plan</source>
        <translation>Mit oder ohne Plan</translation>
    </message>
    <message>
        <source>With perspective</source>
        <translation>Mit Perspektive</translation>
    </message>
    <message>
        <source>Without a plan</source>
        <translation>Ohne Plan</translation>
    </message>
    <message>
        <source>Words on the tool bar</source>
        <translation>Worte in der Werkzeugleiste</translation>
    </message>
    <message>
        <source>Work in the background</source>
        <translation>Arbeit im Hintergrund</translation>
    </message>
    <message>
        <source>Write</source>
        <translation>Schreiben</translation>
    </message>
    <message>
        <source>Write another name into the list of plans (F2 in it)</source>
        <translation>Einen anderen Namen in die Liste der Pläne schreiben (dort F2)</translation>
    </message>
    <message>
        <source>Write report…</source>
        <translation>Bericht schreiben…</translation>
    </message>
    <message>
        <source>Write surfaces, labels and plans for other programs</source>
        <translation>Oberflächen, Labels und Pläne für andere Programme schreiben</translation>
    </message>
    <message>
        <source>Write the report into {name}? Something is in it already.</source>
        <translation>Den Bericht in {name} schreiben? Es liegt schon etwas darin.</translation>
    </message>
    <message>
        <source>Write the report of the case as a page and as PDF, and show it</source>
        <translation>Den Bericht des Falls als Seite und als PDF schreiben und zeigen</translation>
    </message>
    <message>
        <source>Write the table into a file</source>
        <translation>Die Tabelle in eine Datei schreiben</translation>
    </message>
    <message>
        <source>Write…</source>
        <translation>Schreiben…</translation>
    </message>
    <message>
        <source>Writing files</source>
        <translation>Dateien werden geschrieben</translation>
    </message>
    <message>
        <source>Writing the report</source>
        <translation>Der Bericht wird geschrieben</translation>
    </message>
    <message>
        <source>Writing {name}</source>
        <translation>{name} wird geschrieben</translation>
    </message>
    <message>
        <source>You looked at the outline and stand for it</source>
        <translation>Die Kontur wurde angesehen und wird verantwortet</translation>
    </message>
    <message>
        <source>Zone and numbers follow the hand</source>
        <translation>Zone und Zahlen folgen der Hand</translation>
    </message>
    <message>
        <source>Zone: preview</source>
        <translation>Zone: Vorschau</translation>
    </message>
    <message>
        <source>a ball of that volume is {mm} mm across</source>
        <translation>eine Kugel dieses Volumens hat {mm} mm Durchmesser</translation>
    </message>
    <message>
        <source>a copy is at {name}</source>
        <translation>eine Kopie liegt in {name}</translation>
    </message>
    <message>
        <source>a curved cut is drawn and moved; what it removes is not measured yet</source>
        <translation>ein gebogener Schnitt wird gezeichnet und bewegt; was er entfernt, wird noch nicht gemessen</translation>
    </message>
    <message>
        <source>a cut by segments is listed; what it removes is not measured yet</source>
        <translation>ein Schnitt nach Segmenten wird aufgeführt; was er entfernt, wird noch nicht gemessen</translation>
    </message>
    <message>
        <source>a layer of up to {mm} mm below the capsule may live</source>
        <translation>eine Schicht von bis zu {mm} mm unter der Kapsel lebt vielleicht</translation>
    </message>
    <message>
        <source>a proposal of the program, not a finding</source>
        <translation>ein Vorschlag des Programms, kein Befund</translation>
    </message>
    <message>
        <source>a second plan can be compared with this one</source>
        <translation>ein zweiter Plan kann mit diesem verglichen werden</translation>
    </message>
    <message>
        <source>a second plan makes a comparison</source>
        <translation>ein zweiter Plan ergibt einen Vergleich</translation>
    </message>
    <message>
        <source>ablation</source>
        <translation>Ablation</translation>
    </message>
    <message>
        <source>abort, drop</source>
        <translation>abbrechen, fallen lassen</translation>
    </message>
    <message>
        <source>add structure, add tumour, new lesion, label</source>
        <translation>Struktur hinzufügen, Tumor hinzufügen, neue Läsion</translation>
    </message>
    <message>
        <source>after chemotherapy {value}</source>
        <translation>nach Chemotherapie {value}</translation>
    </message>
    <message>
        <source>airways</source>
        <translation>Atemwege</translation>
    </message>
    <message>
        <source>all kept</source>
        <translation>alle behalten</translation>
    </message>
    <message>
        <source>anatomy_twin opens…</source>
        <translation>anatomy_twin öffnet sich…</translation>
    </message>
    <message>
        <source>at the target {mm} mm by {count} patches around the target</source>
        <translation>am Ziel {mm} mm nach {count} Ausschnitten um das Ziel</translation>
    </message>
    <message>
        <source>average, thick slab, AIP</source>
        <translation>Durchschnitt, dicke Schicht</translation>
    </message>
    <message>
        <source>bottom, hide numbers</source>
        <translation>unten, Zahlen ausblenden</translation>
    </message>
    <message>
        <source>clean, hide panels, presentation</source>
        <translation>aufräumen, Tafeln ausblenden, Präsentation</translation>
    </message>
    <message>
        <source>clip, clipping plane, cutaway, section, crop</source>
        <translation>schneiden, Schnittebene, aufschneiden, abschneiden, Clipping</translation>
    </message>
    <message>
        <source>closeness to structures at risk</source>
        <translation>Nähe zu Risikostrukturen</translation>
    </message>
    <message>
        <source>coagulated</source>
        <translation>koaguliert</translation>
    </message>
    <message>
        <source>coagulated by {model}</source>
        <translation>koaguliert nach {model}</translation>
    </message>
    <message>
        <source>crop, clip, region of interest, ROI</source>
        <translation>zuschneiden, Ausschnitt, ROI</translation>
    </message>
    <message>
        <source>differs from the simulated zone</source>
        <translation>weicht von der simulierten Zone ab</translation>
    </message>
    <message>
        <source>done again: {name}</source>
        <translation>wiederholt: {name}</translation>
    </message>
    <message>
        <source>errors</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>heat, necrosis, Arrhenius, ablation zone, cell death</source>
        <translation>Hitze, Nekrose, Arrhenius, Ablationszone, Zelltod</translation>
    </message>
    <message>
        <source>hide, cursor, cross, reference lines</source>
        <translation>ausblenden, Kreuz, Referenzlinien</translation>
    </message>
    <message>
        <source>hide, overlay, segmentation, outlines, original image</source>
        <translation>ausblenden, Überlagerung, Segmentierung, Umrisse, Originalbild</translation>
    </message>
    <message>
        <source>hide, segmentation, overlay, contours, borders</source>
        <translation>ausblenden, Segmentierung, Überlagerung, Konturen, Ränder</translation>
    </message>
    <message>
        <source>hide, segmentation, overlay, tint, colour wash</source>
        <translation>ausblenden, Segmentierung, Überlagerung, Färbung</translation>
    </message>
    <message>
        <source>hide, show, organs, model, objects, opacity, transparency</source>
        <translation>ausblenden, einblenden, Organe, Modell, Objekte, Deckkraft, Transparenz</translation>
    </message>
    <message>
        <source>lies beside the target</source>
        <translation>liegt neben dem Ziel</translation>
    </message>
    <message>
        <source>margin {mm} mm, {low} to {high} mm with all known errors</source>
        <translation>Rand {mm} mm, {low} bis {high} mm mit allen bekannten Fehlern</translation>
    </message>
    <message>
        <source>maximum intensity projection, thick slab, angiography</source>
        <translation>Maximumintensitätsprojektion, dicke Schicht, Angiographie</translation>
    </message>
    <message>
        <source>maximum intensity projection, volume rendering, render, angiography</source>
        <translation>Maximumintensitätsprojektion, Volumendarstellung, rendern, Angiographie</translation>
    </message>
    <message>
        <source>minimum intensity projection, thick slab, airways</source>
        <translation>Minimumintensitätsprojektion, dicke Schicht, Atemwege</translation>
    </message>
    <message>
        <source>needle view, oblique, in plane, probe, along the needle</source>
        <translation>Nadelansicht, schräg, Sonde, längs der Nadel</translation>
    </message>
    <message>
        <source>needle view, oblique, probe&apos;s eye, down the needle</source>
        <translation>Nadelansicht, schräg, Sonde, quer zur Nadel</translation>
    </message>
    <message>
        <source>no larger than the target</source>
        <translation>nicht größer als das Ziel</translation>
    </message>
    <message>
        <source>no line of equal values closes here; point at an edge</source>
        <translation>hier schließt sich keine Linie gleicher Werte; auf eine Kante zeigen</translation>
    </message>
    <message>
        <source>no margin is asked for outside of it</source>
        <translation>außerhalb davon wird kein Rand verlangt</translation>
    </message>
    <message>
        <source>no segment is chosen; choose one in the list, or make a new one</source>
        <translation>kein Segment ist gewählt; eines in der Liste wählen oder ein neues anlegen</translation>
    </message>
    <message>
        <source>no segment is flagged</source>
        <translation>kein Segment ist markiert</translation>
    </message>
    <message>
        <source>nothing changes</source>
        <translation>nichts ändert sich</translation>
    </message>
    <message>
        <source>only values from {low} to {high} are painted from now on</source>
        <translation>von jetzt an werden nur Werte von {low} bis {high} gemalt</translation>
    </message>
    <message>
        <source>perhaps the target itself, not treated</source>
        <translation>vielleicht das Ziel selbst, nicht behandelt</translation>
    </message>
    <message>
        <source>plan {name} breaks a rule</source>
        <translation>Plan {name} verletzt eine Regel</translation>
    </message>
    <message>
        <source>plan {plans} is made for {name}; change or delete the plan first</source>
        <translation>Plan {plans} ist für {name} gemacht; zuerst den Plan ändern oder löschen</translation>
    </message>
    <message>
        <source>proposed: {what}. Enter takes it, Esc drops it</source>
        <translation>Vorschlag: {what}. Enter übernimmt ihn, Esc verwirft ihn</translation>
    </message>
    <message>
        <source>reaches far from the target</source>
        <translation>reicht weit weg vom Ziel</translation>
    </message>
    <message>
        <source>registration not checked, outline of the zone {zone} mm, outline of the target {target} mm, voxels and slices {voxels} mm</source>
        <translation>Registrierung nicht geprüft, Umriss der Zone {zone} mm, Umriss des Ziels {target} mm, Voxel und Schichten {voxels} mm</translation>
    </message>
    <message>
        <source>registration {mm} mm, outline of the zone {zone} mm, outline of the target {target} mm, voxels and slices {voxels} mm</source>
        <translation>Registrierung {mm} mm, Umriss der Zone {zone} mm, Umriss des Ziels {target} mm, Voxel und Schichten {voxels} mm</translation>
    </message>
    <message>
        <source>rendering off, volume rendering off</source>
        <translation>Volumendarstellung aus, Rendering aus</translation>
    </message>
    <message>
        <source>root of the sum of squares</source>
        <translation>Wurzel aus der Summe der Quadrate</translation>
    </message>
    <message>
        <source>sidebar, hide steps, workflow</source>
        <translation>Seitenleiste, Schritte ausblenden, Ablauf</translation>
    </message>
    <message>
        <source>sidebar, hide structures</source>
        <translation>Seitenleiste, Strukturen ausblenden</translation>
    </message>
    <message>
        <source>the labels changed meanwhile: the outline is out of date and was not taken</source>
        <translation>die Umrisse haben sich inzwischen geändert: der Vorschlag ist veraltet und wurde nicht übernommen</translation>
    </message>
    <message>
        <source>the outline agrees with the clicks already; click where it is wrong</source>
        <translation>der Umriss passt schon zu den Klicks; dorthin klicken, wo er falsch ist</translation>
    </message>
    <message>
        <source>the outline is still being drawn</source>
        <translation>der Umriss wird noch gezeichnet</translation>
    </message>
    <message>
        <source>the outlines changed where plan {plans} was simulated: simulate it again, or undo the change</source>
        <translation>die Umrisse haben sich dort geändert, wo Plan {plans} simuliert wurde: neu simulieren oder die Änderung rückgängig machen</translation>
    </message>
    <message>
        <source>the registration failed there, or the scan is of another patient</source>
        <translation>die Registrierung ist dort misslungen, oder die Aufnahme gehört zu jemand anderem</translation>
    </message>
    <message>
        <source>the scan has no labels yet; find the organs first</source>
        <translation>die Aufnahme hat noch keine Umrisse; zuerst die Organe finden</translation>
    </message>
    <message>
        <source>the thickness of the wall is not known</source>
        <translation>die Dicke der Wand ist nicht bekannt</translation>
    </message>
    <message>
        <source>the tissue around the target does not match (patches are {mm} mm off, {share} % fit nowhere near)</source>
        <translation>das Gewebe um das Ziel passt nicht (Ausschnitte liegen {mm} mm daneben, {share} % passen nirgends in der Nähe)</translation>
    </message>
    <message>
        <source>there are no segments</source>
        <translation>es gibt keine Segmente</translation>
    </message>
    <message>
        <source>thin, slab off, MIP off</source>
        <translation>dünn, Schichtdicke aus, MIP aus</translation>
    </message>
    <message>
        <source>touches what was dark before</source>
        <translation>berührt, was schon vorher dunkel war</translation>
    </message>
    <message>
        <source>turned by {degrees}°</source>
        <translation>um {degrees}° gedreht</translation>
    </message>
    <message>
        <source>undo list, steps, log</source>
        <translation>Liste der Schritte, Protokoll</translation>
    </message>
    <message>
        <source>undone: {name}</source>
        <translation>rückgängig gemacht: {name}</translation>
    </message>
    <message>
        <source>unsaved work waits</source>
        <translation>ungespeicherte Arbeit wartet</translation>
    </message>
    <message>
        <source>verdict for a normal liver (assumed)</source>
        <translation>Urteil für eine gesunde Leber (angenommen)</translation>
    </message>
    <message>
        <source>version, licence, license</source>
        <translation>Version, Lizenz</translation>
    </message>
    <message>
        <source>versus, table, side by side, best plan</source>
        <translation>Vergleich, Tabelle, nebeneinander, bester Plan</translation>
    </message>
    <message>
        <source>vessel tree, portal vein, Couinaud, segments, centreline</source>
        <translation>Gefäßbaum, Pfortader, Couinaud, Segmente, Mittellinie</translation>
    </message>
    <message>
        <source>at the centre of {name}</source>
        <translation>im Zentrum: {name}</translation>
    </message>
    <message>
        <source>coagulated {value} ml</source>
        <translation>koaguliert {value} ml</translation>
    </message>
    <message>
        <source>coagulated, not of a lesion</source>
        <translation>koaguliert, nicht von einer Läsion</translation>
    </message>
    <message>
        <source>colors, color scheme, colour blind</source>
        <translation>Farbschema, Farbpalette, farbenblind</translation>
    </message>
    <message>
        <source>compute, calculate, batch</source>
        <translation>berechnen, rechnen, Stapel</translation>
    </message>
    <message>
        <source>in the middle of a {name}</source>
        <translation>in der Mitte: {name}</translation>
    </message>
    <message>
        <source>next, previous field</source>
        <translation>nächstes, vorheriges Feld</translation>
    </message>
    <message>
        <source>next, previous view or panel</source>
        <translation>nächste, vorherige Ansicht oder Tafel</translation>
    </message>
    <message>
        <source>no cut runs through the organ</source>
        <translation>kein Schnitt läuft durch das Organ</translation>
    </message>
    <message>
        <source>nodules</source>
        <translation>Rundherde</translation>
    </message>
    <message>
        <source>normal liver {value}</source>
        <translation>gesunde Leber {value}</translation>
    </message>
    <message>
        <source>not coagulated</source>
        <translation>nicht koaguliert</translation>
    </message>
    <message>
        <source>not measured</source>
        <translation>nicht gemessen</translation>
    </message>
    <message>
        <source>not needed: a resection is not simulated</source>
        <translation>nicht nötig: eine Resektion wird nicht simuliert</translation>
    </message>
    <message>
        <source>not saved yet</source>
        <translation>noch nicht gespeichert</translation>
    </message>
    <message>
        <source>not segmented</source>
        <translation>nicht segmentiert</translation>
    </message>
    <message>
        <source>nothing hit in {name}</source>
        <translation>nichts getroffen in {name}</translation>
    </message>
    <message>
        <source>nothing is coagulated</source>
        <translation>nichts ist koaguliert</translation>
    </message>
    <message>
        <source>nothing is coagulated at the end</source>
        <translation>am Ende ist nichts koaguliert</translation>
    </message>
    <message>
        <source>nothing is removed</source>
        <translation>nichts wird entfernt</translation>
    </message>
    <message>
        <source>nothing within {mm} mm</source>
        <translation>nichts im Umkreis von {mm} mm</translation>
    </message>
    <message>
        <source>oblique, reformat, MPR, orientation, reslice</source>
        <translation>schräg, Reformation, MPR, Ausrichtung, Schnittebene</translation>
    </message>
    <message>
        <source>of 2 mm and more (assumed)</source>
        <translation>ab 2 mm (angenommen)</translation>
    </message>
    <message>
        <source>of the liver without lesions ({ml} ml)</source>
        <translation>der Leber ohne Läsionen ({ml} ml)</translation>
    </message>
    <message>
        <source>of the {ml} ml that the formula of {who} expects</source>
        <translation>der {ml} ml, die die Formel von {who} erwartet</translation>
    </message>
    <message>
        <source>of the {name} with its vessels and lesions</source>
        <translation>{name} mit Gefäßen und Läsionen</translation>
    </message>
    <message>
        <source>of {ml} ml: {name_whole} with its vessels, less {name} ({lost} ml)</source>
        <translation>von {ml} ml: {name_whole} mit den Gefäßen, ohne {name} ({lost} ml)</translation>
    </message>
    <message>
        <source>on the skin</source>
        <translation>auf der Haut</translation>
    </message>
    <message>
        <source>on the surface of {name}</source>
        <translation>auf der Oberfläche: {name}</translation>
    </message>
    <message>
        <source>one step</source>
        <translation>ein Schritt</translation>
    </message>
    <message>
        <source>one step could not be done again</source>
        <translation>ein Schritt ließ sich nicht wiederholen</translation>
    </message>
    <message>
        <source>only known tissue</source>
        <translation>nur bekanntes Gewebe</translation>
    </message>
    <message>
        <source>opacity, transparency, overlay</source>
        <translation>Deckkraft, Transparenz, Überlagerung</translation>
    </message>
    <message>
        <source>open for {user} on {host} since {since} (process {process})</source>
        <translation>offen bei {user} auf {host} seit {since} (Prozess {process})</translation>
    </message>
    <message>
        <source>organ missing before the target</source>
        <translation>fehlendes Organ vor dem Ziel</translation>
    </message>
    <message>
        <source>outline and spine</source>
        <translation>Umriss und Wirbelsäule</translation>
    </message>
    <message>
        <source>outlines</source>
        <translation>Umrisse</translation>
    </message>
    <message>
        <source>outlines to be confirmed: {name}</source>
        <translation>zu bestätigende Umrisse: {name}</translation>
    </message>
    <message>
        <source>outlining the target</source>
        <translation>Ziel umreißen</translation>
    </message>
    <message>
        <source>outside of it nothing is counted</source>
        <translation>außerhalb davon wird nichts gezählt</translation>
    </message>
    <message>
        <source>over the snapshots of the simulation</source>
        <translation>über die Zeitpunkte der Simulation</translation>
    </message>
    <message>
        <source>parallel, orthographic, camera</source>
        <translation>parallel, orthographisch, Kamera</translation>
    </message>
    <message>
        <source>parenchyma with {name}</source>
        <translation>Parenchym mit {name}</translation>
    </message>
    <message>
        <source>passes {name} at {mm} mm, {kept} mm are to be kept</source>
        <translation>läuft {mm} mm an {name} vorbei, {kept} mm sind einzuhalten</translation>
    </message>
    <message>
        <source>path length</source>
        <translation>Länge des Weges</translation>
    </message>
    <message>
        <source>patients, archive, worklist, find a case</source>
        <translation>Patienten, Archiv, Arbeitsliste, Fall suchen</translation>
    </message>
    <message>
        <source>percent of the volume of {name}</source>
        <translation>Prozent des Volumens: {name}</translation>
    </message>
    <message>
        <source>percent of {name} within {mm} mm of the target</source>
        <translation>Prozent im Umkreis von {mm} mm um das Ziel: {name}</translation>
    </message>
    <message>
        <source>plan {names}</source>
        <translation>Plan {names}</translation>
    </message>
    <message>
        <source>plan {name}: {stage}</source>
        <translation>Plan {name}: {stage}</translation>
    </message>
    <message>
        <source>plan {plans}: 1 rule not checked</source>
        <translation>Plan {plans}: 1 Regel nicht geprüft</translation>
    </message>
    <message>
        <source>plan {plans}: numbers are to be read off (Simulate menu)</source>
        <translation>Plan {plans}: Zahlen sind abzulesen (Menü Simulieren)</translation>
    </message>
    <message>
        <source>plan {plans}: numbers follow by themselves</source>
        <translation>Plan {plans}: die Zahlen folgen von selbst</translation>
    </message>
    <message>
        <source>plan {plans}: rules not checked</source>
        <translation>Plan {plans}: Regeln nicht geprüft</translation>
    </message>
    <message>
        <source>plan {plans}: {count} rules not checked</source>
        <translation>Plan {plans}: {count} Regeln nicht geprüft</translation>
    </message>
    <message>
        <source>planes in 3-D, show slices, textured</source>
        <translation>Ebenen in 3D, Schichten zeigen</translation>
    </message>
    <message>
        <source>plans of this kind are kept; nothing of them is shown or computed yet</source>
        <translation>Pläne dieser Art werden aufbewahrt; gezeigt oder berechnet wird von ihnen noch nichts</translation>
    </message>
    <message>
        <source>position</source>
        <translation>Lagerung</translation>
    </message>
    <message>
        <source>power in the device&apos;s range</source>
        <translation>Leistung im Bereich des Geräts</translation>
    </message>
    <message>
        <source>preparing the program</source>
        <translation>Programm vorbereiten</translation>
    </message>
    <message>
        <source>preview on a {spacing} mm grid, not the simulation</source>
        <translation>Vorschau auf einem Gitter von {spacing} mm, nicht die Simulation</translation>
    </message>
    <message>
        <source>preview only</source>
        <translation>nur Vorschau</translation>
    </message>
    <message>
        <source>previews are being prepared; the first time on a machine takes a minute or two</source>
        <translation>Vorschauen werden vorbereitet; beim ersten Mal auf einem Rechner dauert es ein bis zwei Minuten</translation>
    </message>
    <message>
        <source>progress, jobs, running</source>
        <translation>Fortschritt, Aufgaben, läuft</translation>
    </message>
    <message>
        <source>protractor, degrees</source>
        <translation>Winkelmesser, Grad</translation>
    </message>
    <message>
        <source>reaches the edge of the scan, so it may be incomplete</source>
        <translation>reicht bis zum Rand des Scans, vielleicht nicht vollständig</translation>
    </message>
    <message>
        <source>reaches the target</source>
        <translation>erreicht das Ziel</translation>
    </message>
    <message>
        <source>read-only: {why}</source>
        <translation>nur lesbar: {why}</translation>
    </message>
    <message>
        <source>reading cases</source>
        <translation>Fälle lesen</translation>
    </message>
    <message>
        <source>reading headers</source>
        <translation>Kopfdaten lesen</translation>
    </message>
    <message>
        <source>reading its outlines</source>
        <translation>seine Umrisse lesen</translation>
    </message>
    <message>
        <source>reading numbers off</source>
        <translation>Zahlen ablesen</translation>
    </message>
    <message>
        <source>reading outlines</source>
        <translation>Umrisse lesen</translation>
    </message>
    <message>
        <source>reading the scan</source>
        <translation>Aufnahme lesen</translation>
    </message>
    <message>
        <source>reading the surface</source>
        <translation>Oberfläche lesen</translation>
    </message>
    <message>
        <source>recompute, recalculate, repeat</source>
        <translation>neu berechnen, wiederholen</translation>
    </message>
    <message>
        <source>region growing, smart click, AI, seed, auto segment</source>
        <translation>Regionenwachstum, KI, Saatpunkt, automatisch segmentieren</translation>
    </message>
    <message>
        <source>remaining {value} ml</source>
        <translation>verbleibend {value} ml</translation>
    </message>
    <message>
        <source>remnant {value} %</source>
        <translation>Rest {value} %</translation>
    </message>
    <message>
        <source>remove plan</source>
        <translation>Plan entfernen</translation>
    </message>
    <message>
        <source>remove structure</source>
        <translation>Struktur löschen</translation>
    </message>
    <message>
        <source>removes the back side, {tilt}° to axial</source>
        <translation>entfernt die hintere Seite, {tilt}° zu axial</translation>
    </message>
    <message>
        <source>removes the front side, {tilt}° to axial</source>
        <translation>entfernt die vordere Seite, {tilt}° zu axial</translation>
    </message>
    <message>
        <source>removes the left side, {tilt}° to axial</source>
        <translation>entfernt die linke Seite, {tilt}° zu axial</translation>
    </message>
    <message>
        <source>removes the lower side, {tilt}° to axial</source>
        <translation>entfernt die untere Seite, {tilt}° zu axial</translation>
    </message>
    <message>
        <source>removes the right side, {tilt}° to axial</source>
        <translation>entfernt die rechte Seite, {tilt}° zu axial</translation>
    </message>
    <message>
        <source>removes the upper side, {tilt}° to axial</source>
        <translation>entfernt die obere Seite, {tilt}° zu axial</translation>
    </message>
    <message>
        <source>removes {name}</source>
        <translation>entfernt {name}</translation>
    </message>
    <message>
        <source>resected {value} ml</source>
        <translation>reseziert {value} ml</translation>
    </message>
    <message>
        <source>vessel trees and liver segments are those before the edit</source>
        <translation>Gefäßbäume und Lebersegmente sind die von vor der Bearbeitung</translation>
    </message>
    <message>
        <source>vessels and lesions</source>
        <translation>Gefäße und Läsionen</translation>
    </message>
    <message>
        <source>vessels of the lung</source>
        <translation>Lungengefäße</translation>
    </message>
    <message>
        <source>video, movie, film, GIF</source>
        <translation>Video, Film, GIF</translation>
    </message>
    <message>
        <source>video, movie, film, GIF, rotate, spin</source>
        <translation>Video, Film, GIF, drehen, rotieren</translation>
    </message>
    <message>
        <source>volume rendering, render, VRT, ray casting, DVR</source>
        <translation>Volumendarstellung, Volumenrendering, rendern, VRT</translation>
    </message>
    <message>
        <source>voxels of the scan</source>
        <translation>Voxel der Aufnahme</translation>
    </message>
    <message>
        <source>weight of the patient is not known</source>
        <translation>Gewicht der Person ist nicht bekannt</translation>
    </message>
    <message>
        <source>window level, W/L, contrast, brightness, greyscale, HU, preset</source>
        <translation>Fensterung, Fenster, Kontrast, Helligkeit, Graustufen, HE, HU</translation>
    </message>
    <message>
        <source>with the resected volume the organ&apos;s {ml} ml</source>
        <translation>mit dem entfernten Volumen die {ml} ml des Organs</translation>
    </message>
    <message>
        <source>within the {name}</source>
        <translation>innerhalb: {name}</translation>
    </message>
    <message>
        <source>workflow</source>
        <translation>Ablauf</translation>
    </message>
    <message>
        <source>writing files</source>
        <translation>Dateien schreiben</translation>
    </message>
    <message>
        <source>writing the report</source>
        <translation>Bericht schreiben</translation>
    </message>
    <message>
        <source>{count} not checked</source>
        <translation>{count} nicht geprüft</translation>
    </message>
    <message>
        <source>{name} (generated)</source>
        <translation>{name} (erzeugt)</translation>
    </message>
    <message>
        <source>{name} (to be checked)</source>
        <translation>{name} (zu prüfen)</translation>
    </message>
    <message>
        <source>{sign} best of its row, among plans of one kind and aim</source>
        <translation>{sign} bester der Zeile, unter Plänen einer Art und eines Ziels</translation>
    </message>
    <message>
        <source>{sign} preview, to be simulated</source>
        <translation>{sign} Vorschau, noch zu simulieren</translation>
    </message>
    <message>
        <source>all steps were done again</source>
        <translation>alle Schritte wurden wiederholt</translation>
    </message>
    <message>
        <source>A folder of DICOM files</source>
        <translation>Ein Ordner mit DICOM-Dateien</translation>
    </message>
    <message>
        <source>A saved case: folder or zip</source>
        <translation>Ein gespeicherter Fall: Ordner oder Zip</translation>
    </message>
    <message>
        <source>Ablated outside the {name}</source>
        <translation>Abladiert außerhalb: {name}</translation>
    </message>
    <message>
        <source>Ablated volume</source>
        <translation>Abladiertes Volumen</translation>
    </message>
    <message>
        <source>Add to library</source>
        <translation>In die Bibliothek</translation>
    </message>
    <message>
        <source>Area of the cut</source>
        <translation>Schnittfläche</translation>
    </message>
    <message>
        <source>Arrhenius damage integral</source>
        <translation>Arrhenius-Schadensintegral</translation>
    </message>
    <message>
        <source>Case ({count})</source>
        <translation>Fall ({count})</translation>
    </message>
    <message>
        <source>Check rules</source>
        <translation>Regeln prüfen</translation>
    </message>
    <message>
        <source>Chest</source>
        <translation>Thorax</translation>
    </message>
    <message>
        <source>Coagulated zone</source>
        <translation>Koagulationszone</translation>
    </message>
    <message>
        <source>Copy plan</source>
        <translation>Plan kopieren</translation>
    </message>
    <message>
        <source>Copy table</source>
        <translation>Tabelle kopieren</translation>
    </message>
    <message>
        <source>Cut: {name}</source>
        <translation>Durchtrennt: {name}</translation>
    </message>
    <message>
        <source>Edit handles</source>
        <translation>Griffe bewegen</translation>
    </message>
    <message>
        <source>Find organs</source>
        <translation>Organe suchen</translation>
    </message>
    <message>
        <source>Generated CT without findings</source>
        <translation>Erzeugte CT ohne Befund</translation>
    </message>
    <message>
        <source>Generated CT, a tumour beside a hepatic vein</source>
        <translation>Erzeugte CT, ein Tumor neben einer Lebervene</translation>
    </message>
    <message>
        <source>Grow by clicks</source>
        <translation>Durch Klicks wachsen</translation>
    </message>
    <message>
        <source>Head</source>
        <translation>Kopf</translation>
    </message>
    <message>
        <source>Healthy tissue lost</source>
        <translation>Verlorenes gesundes Gewebe</translation>
    </message>
    <message>
        <source>Healthy tissue lost, share</source>
        <translation>Verlorenes gesundes Gewebe, Anteil</translation>
    </message>
    <message>
        <source>Healthy {name} lost</source>
        <translation>Verlorenes gesundes Gewebe: {name}</translation>
    </message>
    <message>
        <source>Healthy {name} lost, share</source>
        <translation>Verlorenes gesundes Gewebe, Anteil: {name}</translation>
    </message>
    <message>
        <source>Import scan</source>
        <translation>Aufnahme importieren</translation>
    </message>
    <message>
        <source>Liver volume expected by {name}</source>
        <translation>Erwartetes Lebervolumen nach {name}</translation>
    </message>
    <message>
        <source>Liver without lesions</source>
        <translation>Leber ohne Läsionen</translation>
    </message>
    <message>
        <source>Make surfaces</source>
        <translation>Oberflächen erzeugen</translation>
    </message>
    <message>
        <source>Margin to {name}</source>
        <translation>Abstand zu {name}</translation>
    </message>
    <message>
        <source>Mark checked</source>
        <translation>Als geprüft</translation>
    </message>
    <message>
        <source>Minimal ablative margin</source>
        <translation>Kleinster Ablationsabstand</translation>
    </message>
    <message>
        <source>Next field</source>
        <translation>Nächstes Feld</translation>
    </message>
    <message>
        <source>Next flagged</source>
        <translation>Nächstes markiertes</translation>
    </message>
    <message>
        <source>None, temperature or damage over slices and surfaces</source>
        <translation>Nichts, Temperatur oder Schaden über Schichten und Oberflächen</translation>
    </message>
    <message>
        <source>Previous view or panel</source>
        <translation>Vorherige Ansicht oder Tafel</translation>
    </message>
    <message>
        <source>RECIST, caliper, long axis, short axis, size</source>
        <translation>RECIST, Messschieber, lange Achse, kurze Achse, Größe</translation>
    </message>
    <message>
        <source>RECIST, tumour size, all lesions</source>
        <translation>RECIST, Tumorgröße, alle Läsionen</translation>
    </message>
    <message>
        <source>RECIST, tumour size, long axis, short axis</source>
        <translation>RECIST, Tumorgröße, lange Achse, kurze Achse</translation>
    </message>
    <message>
        <source>ROI, region of interest, polygon, freehand</source>
        <translation>ROI, Region, Polygon, Freihand</translation>
    </message>
    <message>
        <source>ROI, sphere, volume, HU, mean, density</source>
        <translation>ROI, Kugel, Volumen, HE, Mittelwert, Dichte</translation>
    </message>
    <message>
        <source>The finished case has organs, vessels, a plan and its simulation. Making it takes a minute or two, once.</source>
        <translation>Der fertige Fall hat Organe, Gefäße, einen Plan und dessen Simulation. Ihn zu erzeugen dauert einmalig ein bis zwei Minuten.</translation>
    </message>
    <message>
        <source>Write report</source>
        <translation>Bericht schreiben</translation>
    </message>
    <message>
        <source>all of {name} is removed</source>
        <translation>{name} wird ganz entfernt</translation>
    </message>
    <message>
        <source>all rules kept</source>
        <translation>alle Regeln eingehalten</translation>
    </message>
    <message>
        <source>all structures</source>
        <translation>alle Strukturen</translation>
    </message>
    <message>
        <source>and {number} more, under Messages</source>
        <translation>und {number} weitere, unter Meldungen</translation>
    </message>
    <message>
        <source>angle to the axial plane</source>
        <translation>Winkel zur axialen Ebene</translation>
    </message>
    <message>
        <source>angle to the normal of the capsule</source>
        <translation>Winkel zum Lot auf die Kapsel</translation>
    </message>
    <message>
        <source>animation, movie, time, growth</source>
        <translation>Animation, Film, Zeit, Wachstum</translation>
    </message>
    <message>
        <source>applicator</source>
        <translation>Applikator</translation>
    </message>
    <message>
        <source>applicator {number}</source>
        <translation>Applikator {number}</translation>
    </message>
    <message>
        <source>applicator {n}</source>
        <translation>Applikator {n}</translation>
    </message>
    <message>
        <source>approve, accept, verify, sign off, done</source>
        <translation>freigeben, annehmen, bestätigen, fertig</translation>
    </message>
    <message>
        <source>archive, keep</source>
        <translation>archivieren, aufheben</translation>
    </message>
    <message>
        <source>archive, pack, send, share</source>
        <translation>Archiv, packen, verschicken, weitergeben</translation>
    </message>
    <message>
        <source>areas are drawn on a slice</source>
        <translation>Flächen werden auf einer Schicht gezeichnet</translation>
    </message>
    <message>
        <source>assessed</source>
        <translation>bewertet</translation>
    </message>
    <message>
        <source>assumed</source>
        <translation>angenommen</translation>
    </message>
    <message>
        <source>at least {value}</source>
        <translation>mindestens {value}</translation>
    </message>
    <message>
        <source>at least {value}, as the plan asks</source>
        <translation>mindestens {value}, wie der Plan verlangt</translation>
    </message>
    <message>
        <source>at least {value}, borderline from {low}</source>
        <translation>mindestens {value}, grenzwertig ab {low}</translation>
    </message>
    <message>
        <source>at most {value}</source>
        <translation>höchstens {value}</translation>
    </message>
    <message>
        <source>automatic, live, auto simulate</source>
        <translation>automatisch, live, mitrechnen</translation>
    </message>
    <message>
        <source>back, take back, revert</source>
        <translation>zurück, zurücknehmen, rückgängig</translation>
    </message>
    <message>
        <source>being moved</source>
        <translation>wird bewegt</translation>
    </message>
    <message>
        <source>better than the saved plan</source>
        <translation>besser als der gespeicherte Plan</translation>
    </message>
    <message>
        <source>body</source>
        <translation>Körper</translation>
    </message>
    <message>
        <source>body surface area {m2} m2 from {cm} cm and {kg} kg</source>
        <translation>Körperoberfläche {m2} m2 aus {cm} cm und {kg} kg</translation>
    </message>
    <message>
        <source>body weight {kg} kg</source>
        <translation>Körpergewicht {kg} kg</translation>
    </message>
    <message>
        <source>bones</source>
        <translation>Knochen</translation>
    </message>
    <message>
        <source>boolean, union, subtract, intersect, merge, logical</source>
        <translation>Vereinigung, abziehen, schneiden, zusammenführen, logisch</translation>
    </message>
    <message>
        <source>border of {name}</source>
        <translation>Rand: {name}</translation>
    </message>
    <message>
        <source>borderline</source>
        <translation>grenzwertig</translation>
    </message>
    <message>
        <source>brain</source>
        <translation>Gehirn</translation>
    </message>
    <message>
        <source>brightness and contrast</source>
        <translation>Helligkeit und Kontrast</translation>
    </message>
    <message>
        <source>bringing outlines back</source>
        <translation>Umrisse übertragen</translation>
    </message>
    <message>
        <source>broken</source>
        <translation>verletzt</translation>
    </message>
    <message>
        <source>brush, draw, correct</source>
        <translation>Pinsel, zeichnen, korrigieren</translation>
    </message>
    <message>
        <source>building surfaces</source>
        <translation>Oberflächen bauen</translation>
    </message>
    <message>
        <source>by program</source>
        <translation>vom Programm</translation>
    </message>
    <message>
        <source>cancel, abort, kill</source>
        <translation>abbrechen, beenden</translation>
    </message>
    <message>
        <source>cannot be written</source>
        <translation>kann nicht geschrieben werden</translation>
    </message>
    <message>
        <source>caudal, inferior, bottom, camera</source>
        <translation>kaudal, von unten, Kamera</translation>
    </message>
    <message>
        <source>changing outlines</source>
        <translation>Umrisse ändern</translation>
    </message>
    <message>
        <source>checked</source>
        <translation>geprüft</translation>
    </message>
    <message>
        <source>checking the rules</source>
        <translation>Regeln werden geprüft</translation>
    </message>
    <message>
        <source>click to go there</source>
        <translation>klicken, um hinzugehen</translation>
    </message>
    <message>
        <source>confirmed</source>
        <translation>bestätigt</translation>
    </message>
    <message>
        <source>connected component, islands</source>
        <translation>zusammenhängendes Stück, Inseln</translation>
    </message>
    <message>
        <source>connected component, islands, delete</source>
        <translation>zusammenhängendes Stück, Inseln, löschen</translation>
    </message>
    <message>
        <source>connected components, islands</source>
        <translation>zusammenhängende Stücke, Inseln</translation>
    </message>
    <message>
        <source>contour, lasso, outline, polygon, freehand</source>
        <translation>Kontur, Lasso, Umriss, Polygon, Freihand</translation>
    </message>
    <message>
        <source>copy plan, variant, alternative</source>
        <translation>Plan kopieren, Variante, Alternative</translation>
    </message>
    <message>
        <source>corrected</source>
        <translation>korrigiert</translation>
    </message>
    <message>
        <source>counted from the labels</source>
        <translation>aus den Umrissen gezählt</translation>
    </message>
    <message>
        <source>counted from voxels</source>
        <translation>aus Voxeln gezählt</translation>
    </message>
    <message>
        <source>cranial, superior, top, camera</source>
        <translation>kranial, von oben, Kamera</translation>
    </message>
    <message>
        <source>crosses no bone</source>
        <translation>kreuzt keinen Knochen</translation>
    </message>
    <message>
        <source>crosses no gallbladder</source>
        <translation>kreuzt keine Gallenblase</translation>
    </message>
    <message>
        <source>crosses no great vessel</source>
        <translation>kreuzt kein großes Gefäß</translation>
    </message>
    <message>
        <source>crosses no heart</source>
        <translation>kreuzt das Herz nicht</translation>
    </message>
    <message>
        <source>crosses no kidney, spleen or pancreas</source>
        <translation>kreuzt weder Niere noch Milz noch Pankreas</translation>
    </message>
    <message>
        <source>crosses no large vessel of the organ</source>
        <translation>kreuzt kein größeres Gefäß des Organs</translation>
    </message>
    <message>
        <source>crosses no lung</source>
        <translation>kreuzt keine Lunge</translation>
    </message>
    <message>
        <source>crosses no pleural recess</source>
        <translation>kreuzt keinen Pleuraspalt</translation>
    </message>
    <message>
        <source>crosses no stomach or bowel</source>
        <translation>kreuzt weder Magen noch Darm</translation>
    </message>
    <message>
        <source>crossing point goes there; with a tool, the tool</source>
        <translation>der Kreuzungspunkt geht dorthin; mit Werkzeug: das Werkzeug</translation>
    </message>
    <message>
        <source>curved surface of 4 x 4 points</source>
        <translation>gebogene Fläche aus 4 x 4 Punkten</translation>
    </message>
    <message>
        <source>cut, crop, lasso</source>
        <translation>schneiden, zuschneiden, Lasso</translation>
    </message>
    <message>
        <source>cut, hepatectomy, plane, liver surgery, remnant, FLR</source>
        <translation>Schnitt, Hepatektomie, Leberteilresektion, Ebene, Leberchirurgie, Restleber</translation>
    </message>
    <message>
        <source>damage</source>
        <translation>Schaden</translation>
    </message>
    <message>
        <source>dark mode, light mode, night, appearance, background</source>
        <translation>dunkles Design, helles Design, Nacht, Aussehen, Hintergrund</translation>
    </message>
    <message>
        <source>default layout, restore windows</source>
        <translation>Standardanordnung, wiederherstellen</translation>
    </message>
    <message>
        <source>delete measurement, ruler</source>
        <translation>Messung löschen, Lineal</translation>
    </message>
    <message>
        <source>delete needle, probe, antenna</source>
        <translation>Nadel löschen, Sonde, Antenne</translation>
    </message>
    <message>
        <source>depth of applicator {number}</source>
        <translation>Tiefe von Applikator {number}</translation>
    </message>
    <message>
        <source>diagnostics, test, GPU, graphics card, driver</source>
        <translation>Diagnose, Test, Grafikkarte, Treiber</translation>
    </message>
    <message>
        <source>diameter where it is cut</source>
        <translation>Durchmesser, wo es durchtrennt wird</translation>
    </message>
    <message>
        <source>dilate, expand, margin</source>
        <translation>Dilatation, erweitern, Rand</translation>
    </message>
    <message>
        <source>direction of plane {number}</source>
        <translation>Richtung der Ebene {number}</translation>
    </message>
    <message>
        <source>discard, reload, throw away</source>
        <translation>verwerfen, neu laden, wegwerfen</translation>
    </message>
    <message>
        <source>distance of plane {number}</source>
        <translation>Abstand der Ebene {number}</translation>
    </message>
    <message>
        <source>divides the organ</source>
        <translation>teilt das Organ</translation>
    </message>
    <message>
        <source>dividing the liver</source>
        <translation>Leber unterteilen</translation>
    </message>
    <message>
        <source>dock, undock, detach, float, arrange</source>
        <translation>andocken, abdocken, lösen, anordnen, verschieben</translation>
    </message>
    <message>
        <source>done</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>dorsal, camera, back</source>
        <translation>dorsal, von hinten, Kamera</translation>
    </message>
    <message>
        <source>doubt, review</source>
        <translation>Zweifel, nachprüfen</translation>
    </message>
    <message>
        <source>drawing the animation</source>
        <translation>Animation zeichnen</translation>
    </message>
    <message>
        <source>edge, live wire, magnetic lasso</source>
        <translation>Kante, magnetisches Lasso</translation>
    </message>
    <message>
        <source>empty, delete all</source>
        <translation>leeren, alles löschen</translation>
    </message>
    <message>
        <source>entry of applicator {number}</source>
        <translation>Eintritt von Applikator {number}</translation>
    </message>
    <message>
        <source>entry on the skin</source>
        <translation>Einstich auf der Haut</translation>
    </message>
    <message>
        <source>erode, reduce</source>
        <translation>Erosion, verkleinern</translation>
    </message>
    <message>
        <source>estimated from vessels and landmarks, to be checked</source>
        <translation>aus Gefäßen und Landmarken geschätzt, zu prüfen</translation>
    </message>
    <message>
        <source>every label is known</source>
        <translation>alles Gewebe ist bekannt</translation>
    </message>
    <message>
        <source>everywhere</source>
        <translation>überall</translation>
    </message>
    <message>
        <source>exit, leave</source>
        <translation>beenden, verlassen</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>fat</source>
        <translation>Fett</translation>
    </message>
    <message>
        <source>fibrosis or cirrhosis {value}</source>
        <translation>Fibrose oder Zirrhose {value}</translation>
    </message>
    <message>
        <source>filling with tetrahedra</source>
        <translation>mit Tetraedern füllen</translation>
    </message>
    <message>
        <source>finding organs</source>
        <translation>Organe finden</translation>
    </message>
    <message>
        <source>fit, zoom reset</source>
        <translation>einpassen, Zoom zurücksetzen</translation>
    </message>
    <message>
        <source>flagged</source>
        <translation>markiert</translation>
    </message>
    <message>
        <source>flagged by: {rules}</source>
        <translation>markiert durch: {rules}</translation>
    </message>
    <message>
        <source>following the vessels</source>
        <translation>Gefäße verfolgen</translation>
    </message>
    <message>
        <source>follows step {number}</source>
        <translation>folgt auf Schritt {number}</translation>
    </message>
    <message>
        <source>font size, text size, bigger letters</source>
        <translation>Schriftgröße, größere Buchstaben</translation>
    </message>
    <message>
        <source>font size, text size, reset</source>
        <translation>Schriftgröße, zurücksetzen</translation>
    </message>
    <message>
        <source>font size, text size, smaller letters</source>
        <translation>Schriftgröße, kleinere Buchstaben</translation>
    </message>
    <message>
        <source>forward, again</source>
        <translation>vorwärts, wiederherstellen, noch einmal</translation>
    </message>
    <message>
        <source>from entry to tip</source>
        <translation>vom Einstich zur Spitze</translation>
    </message>
    <message>
        <source>from the centroid of {name}</source>
        <translation>vom Schwerpunkt von {name}</translation>
    </message>
    <message>
        <source>frontal, camera, AP</source>
        <translation>frontal, von vorn, Kamera</translation>
    </message>
    <message>
        <source>fullscreen, presentation, projector</source>
        <translation>Vollbild, Präsentation, Beamer</translation>
    </message>
    <message>
        <source>generated patient</source>
        <translation>erzeugter Patient</translation>
    </message>
    <message>
        <source>give back what is held; put the tool away; leave edit mode</source>
        <translation>zurückgeben, was gehalten wird; das Werkzeug weglegen; den Bearbeitungsmodus verlassen</translation>
    </message>
    <message>
        <source>give one more room</source>
        <translation>einer mehr Platz geben</translation>
    </message>
    <message>
        <source>heat, ablation zone, compute, calculate, bioheat, start</source>
        <translation>Hitze, Ablationszone, berechnen, rechnen, starten</translation>
    </message>
    <message>
        <source>heat, heatmap, heat map, isotherm, thermal, colour map</source>
        <translation>Hitze, Wärme, Wärmebild, Isotherme, Farbkarte</translation>
    </message>
    <message>
        <source>heat, heatmap, heat map, isotherm, thermal, colour map, overlay</source>
        <translation>Hitze, Wärme, Wärmebild, Isotherme, Farbkarte, Überlagerung</translation>
    </message>
    <message>
        <source>heat, heatmap, temperature, damage</source>
        <translation>Hitze, Wärmebild, Temperatur, Schädigung</translation>
    </message>
    <message>
        <source>heated centre off the target</source>
        <translation>Mitte der Erwärmung neben dem Ziel</translation>
    </message>
    <message>
        <source>height and weight of the patient are not known</source>
        <translation>Größe und Gewicht der Person sind nicht bekannt</translation>
    </message>
    <message>
        <source>higher is better</source>
        <translation>höher ist besser</translation>
    </message>
    <message>
        <source>home, camera, fit</source>
        <translation>Ausgangsansicht, Kamera, einpassen</translation>
    </message>
    <message>
        <source>in</source>
        <translation>in</translation>
    </message>
    <message>
        <source>in progress</source>
        <translation>in Arbeit</translation>
    </message>
    <message>
        <source>in segment {where}</source>
        <translation>in Segment {where}</translation>
    </message>
    <message>
        <source>in segment {where} (estimated)</source>
        <translation>in Segment {where} (geschätzt)</translation>
    </message>
    <message>
        <source>inside the body</source>
        <translation>im Körper</translation>
    </message>
    <message>
        <source>inside {name}</source>
        <translation>in {name}</translation>
    </message>
    <message>
        <source>interpolate, interpolation</source>
        <translation>interpolieren, Interpolation</translation>
    </message>
    <message>
        <source>it is not there any more</source>
        <translation>es ist nicht mehr da</translation>
    </message>
    <message>
        <source>its numbers follow by themselves</source>
        <translation>seine Zahlen folgen von selbst</translation>
    </message>
    <message>
        <source>jump to tumour, find lesion, center</source>
        <translation>zum Tumor springen, Läsion finden, zentrieren</translation>
    </message>
    <message>
        <source>kept</source>
        <translation>eingehalten</translation>
    </message>
    <message>
        <source>kidneys</source>
        <translation>Nieren</translation>
    </message>
    <message>
        <source>last cases, open again, history</source>
        <translation>letzte Fälle, wieder öffnen, Verlauf</translation>
    </message>
    <message>
        <source>lateral, camera</source>
        <translation>seitlich, lateral, Kamera</translation>
    </message>
    <message>
        <source>layout, 3-D large, conventional</source>
        <translation>Anordnung, 3D groß, Aufteilung</translation>
    </message>
    <message>
        <source>layout, MPR, multiplanar, hide 3-D</source>
        <translation>Anordnung, MPR, multiplanar, 3D ausblenden</translation>
    </message>
    <message>
        <source>layout, axial large</source>
        <translation>Anordnung, axial groß, Aufteilung</translation>
    </message>
    <message>
        <source>layout, four-up, quad view, 2 x 2</source>
        <translation>Anordnung, vier Ansichten, Aufteilung</translation>
    </message>
    <message>
        <source>least distance of its surface to the cut</source>
        <translation>kleinster Abstand seiner Oberfläche vom Schnitt</translation>
    </message>
    <message>
        <source>least distance of the cut from a target</source>
        <translation>kleinster Abstand des Schnitts von einem Ziel</translation>
    </message>
    <message>
        <source>least signed distance of the target&apos;s surface to the zone&apos;s</source>
        <translation>kleinster Abstand mit Vorzeichen von der Oberfläche des Ziels zu der der Zone</translation>
    </message>
    <message>
        <source>leave</source>
        <translation>verlassen</translation>
    </message>
    <message>
        <source>lesion</source>
        <translation>Läsion</translation>
    </message>
    <message>
        <source>lesion {number}</source>
        <translation>Läsion {number}</translation>
    </message>
    <message>
        <source>lesions</source>
        <translation>Läsionen</translation>
    </message>
    <message>
        <source>library: {line}</source>
        <translation>Bibliothek: {line}</translation>
    </message>
    <message>
        <source>line {number}</source>
        <translation>Linie {number}</translation>
    </message>
    <message>
        <source>live numbers are being prepared</source>
        <translation>mitlaufende Zahlen werden vorbereitet</translation>
    </message>
    <message>
        <source>load DICOM, CT, MR, new case, new patient, study, series</source>
        <translation>DICOM laden, CT, MR, MRT, neuer Fall, neuer Patient, Studie, Serie</translation>
    </message>
    <message>
        <source>load NIfTI, NRRD, MHA, CT, volume, new case</source>
        <translation>NIfTI laden, NRRD, MHA, CT, Volumen, neuer Fall</translation>
    </message>
    <message>
        <source>load, read, patient</source>
        <translation>laden, einlesen, Patient</translation>
    </message>
    <message>
        <source>loads</source>
        <translation>lesbar</translation>
    </message>
    <message>
        <source>loads with a warning</source>
        <translation>lesbar mit Warnung</translation>
    </message>
    <message>
        <source>lobes of the lung</source>
        <translation>Lungenlappen</translation>
    </message>
    <message>
        <source>log, crash, bug report</source>
        <translation>Protokoll, Absturz, Fehlerbericht</translation>
    </message>
    <message>
        <source>log, warnings, errors</source>
        <translation>Protokoll, Warnungen, Fehler</translation>
    </message>
    <message>
        <source>looking at all cases…</source>
        <translation>alle Fälle werden durchgesehen…</translation>
    </message>
    <message>
        <source>looking for a way</source>
        <translation>einen Weg suchen</translation>
    </message>
    <message>
        <source>lower is better</source>
        <translation>niedriger ist besser</translation>
    </message>
    <message>
        <source>lungs</source>
        <translation>Lungen</translation>
    </message>
    <message>
        <source>margin {value}</source>
        <translation>Sicherheitsabstand {value}</translation>
    </message>
    <message>
        <source>margin, volumes, evaluate, assess, quantify</source>
        <translation>Sicherheitsabstand, Volumen, auswerten, beurteilen</translation>
    </message>
    <message>
        <source>maximize panel, enlarge table, big</source>
        <translation>Tafel maximieren, Tabelle vergrößern, groß</translation>
    </message>
    <message>
        <source>maximize, enlarge, zoom view, single view</source>
        <translation>maximieren, vergrößern, Einzelansicht</translation>
    </message>
    <message>
        <source>median, Gaussian, clean</source>
        <translation>Median, Gauß, säubern</translation>
    </message>
    <message>
        <source>mesh, model, 3-D, reconstruct</source>
        <translation>Netz, Modell, 3D, rekonstruieren</translation>
    </message>
    <message>
        <source>mesh, remesh, model, 3-D</source>
        <translation>Netz, Modell, 3D</translation>
    </message>
    <message>
        <source>met</source>
        <translation>erfüllt</translation>
    </message>
    <message>
        <source>missing</source>
        <translation>fehlt</translation>
    </message>
    <message>
        <source>ml</source>
        <translation>ml</translation>
    </message>
    <message>
        <source>mm short of {mm} mm from the nearest structure at risk</source>
        <translation>mm fehlen zu {mm} mm Abstand von der nächsten Risikostruktur</translation>
    </message>
    <message>
        <source>mm short of {mm} mm of organ before the target</source>
        <translation>mm fehlen zu {mm} mm Organ vor dem Ziel</translation>
    </message>
    <message>
        <source>move needle, drag handles, change plan</source>
        <translation>Nadel verschieben, Griffe ziehen, Plan ändern</translation>
    </message>
    <message>
        <source>move the picture</source>
        <translation>das Bild verschieben</translation>
    </message>
    <message>
        <source>moved: a preview follows</source>
        <translation>bewegt: eine Vorschau folgt</translation>
    </message>
    <message>
        <source>muscle</source>
        <translation>Muskel</translation>
    </message>
    <message>
        <source>nearest is {name} at {mm} mm</source>
        <translation>am nächsten ist {name} mit {mm} mm</translation>
    </message>
    <message>
        <source>needle, probe, antenna, microwave, MWA, RFA, electrode</source>
        <translation>Nadel, Sonde, Antenne, Mikrowelle, MWA, RFA, Elektrode</translation>
    </message>
    <message>
        <source>needs repair</source>
        <translation>muss repariert werden</translation>
    </message>
    <message>
        <source>next</source>
        <translation>weiter</translation>
    </message>
    <message>
        <source>next slice</source>
        <translation>nächste Schicht</translation>
    </message>
    <message>
        <source>no case is open</source>
        <translation>kein Fall offen</translation>
    </message>
    <message>
        <source>no description</source>
        <translation>keine Beschreibung</translation>
    </message>
    <message>
        <source>no file: the folder cannot be written</source>
        <translation>keiner Datei: der Ordner ist nicht beschreibbar</translation>
    </message>
    <message>
        <source>no lesion is outlined</source>
        <translation>keine Läsion konturiert</translation>
    </message>
    <message>
        <source>no measurement is marked</source>
        <translation>keine Messung hervorgehoben</translation>
    </message>
    <message>
        <source>no plan is shown</source>
        <translation>kein Plan gezeigt</translation>
    </message>
    <message>
        <source>no plan yet</source>
        <translation>noch kein Plan</translation>
    </message>
    <message>
        <source>no preview</source>
        <translation>keine Vorschau</translation>
    </message>
    <message>
        <source>no preview: {why}</source>
        <translation>keine Vorschau: {why}</translation>
    </message>
    <message>
        <source>no program shows the report here; it is in {name}</source>
        <translation>kein Programm hier zeigt den Bericht; er liegt in {name}</translation>
    </message>
    <message>
        <source>no surface</source>
        <translation>keine Oberfläche</translation>
    </message>
    <message>
        <source>no surface: make surfaces to see it in 3-D</source>
        <translation>keine Oberfläche: Oberflächen erzeugen, um es in 3D zu sehen</translation>
    </message>
    <message>
        <source>no surfaces yet</source>
        <translation>noch keine Oberflächen</translation>
    </message>
    <message>
        <source>no target is outlined yet</source>
        <translation>noch kein Ziel konturiert</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>none was opened yet</source>
        <translation>noch keiner geöffnet</translation>
    </message>
    <message>
        <source>none yet</source>
        <translation>noch keine</translation>
    </message>
    <message>
        <source>not assessed</source>
        <translation>nicht bewertet</translation>
    </message>
    <message>
        <source>not checked</source>
        <translation>nicht geprüft</translation>
    </message>
    <message>
        <source>not found</source>
        <translation>nicht gefunden</translation>
    </message>
    <message>
        <source>not known</source>
        <translation>nicht bekannt</translation>
    </message>
    <message>
        <source>not met</source>
        <translation>nicht erfüllt</translation>
    </message>
    <message>
        <source>not opened; the steps are kept for the next time</source>
        <translation>nicht geöffnet; die Schritte sind für das nächste Mal aufgehoben</translation>
    </message>
    <message>
        <source>not possible now</source>
        <translation>jetzt nicht möglich</translation>
    </message>
    <message>
        <source>not saved: stopped; the case on the disk is as it was</source>
        <translation>nicht gespeichert: angehalten; der Fall auf der Festplatte ist wie zuvor</translation>
    </message>
    <message>
        <source>not simulated</source>
        <translation>nicht simuliert</translation>
    </message>
    <message>
        <source>not simulated yet</source>
        <translation>noch nicht simuliert</translation>
    </message>
    <message>
        <source>not started</source>
        <translation>nicht begonnen</translation>
    </message>
    <message>
        <source>not there any more</source>
        <translation>nicht mehr da</translation>
    </message>
    <message>
        <source>not visible</source>
        <translation>nicht sichtbar</translation>
    </message>
    <message>
        <source>nothing is unsaved</source>
        <translation>alles ist gespeichert</translation>
    </message>
    <message>
        <source>nothing runs</source>
        <translation>nichts läuft</translation>
    </message>
    <message>
        <source>nothing was undone</source>
        <translation>nichts wurde rückgängig gemacht</translation>
    </message>
    <message>
        <source>ok</source>
        <translation>ok</translation>
    </message>
    <message>
        <source>only ablations are simulated</source>
        <translation>nur Ablationen werden simuliert</translation>
    </message>
    <message>
        <source>only the first of what was dropped is opened</source>
        <translation>nur das Erste des Gezogenen wird geöffnet</translation>
    </message>
    <message>
        <source>open</source>
        <translation>offen</translation>
    </message>
    <message>
        <source>open a case first</source>
        <translation>erst einen Fall öffnen</translation>
    </message>
    <message>
        <source>open a case or a scan</source>
        <translation>einen Fall oder eine Aufnahme öffnen</translation>
    </message>
    <message>
        <source>open a case to see</source>
        <translation>einen Fall öffnen, um es zu sehen</translation>
    </message>
    <message>
        <source>organs are not outlined yet</source>
        <translation>Organe sind noch nicht konturiert</translation>
    </message>
    <message>
        <source>out of date</source>
        <translation>veraltet</translation>
    </message>
    <message>
        <source>outlined; surfaces are not made yet</source>
        <translation>konturiert; Oberflächen sind noch nicht erzeugt</translation>
    </message>
    <message>
        <source>passed</source>
        <translation>bestanden</translation>
    </message>
    <message>
        <source>plan {plans}</source>
        <translation>Plan {plans}</translation>
    </message>
    <message>
        <source>plan {plans} is not simulated</source>
        <translation>Plan {plans} ist nicht simuliert</translation>
    </message>
    <message>
        <source>plan {plans} simulated</source>
        <translation>Plan {plans} simuliert</translation>
    </message>
    <message>
        <source>plan {plans}: 1 rule broken</source>
        <translation>Plan {plans}: 1 Regel verletzt</translation>
    </message>
    <message>
        <source>plan {plans}: {count} rules broken</source>
        <translation>Plan {plans}: {count} Regeln verletzt</translation>
    </message>
    <message>
        <source>plane</source>
        <translation>Ebene</translation>
    </message>
    <message>
        <source>plane {number}</source>
        <translation>Ebene {number}</translation>
    </message>
    <message>
        <source>point {index} of line {number}</source>
        <translation>Punkt {index} der Linie {number}</translation>
    </message>
    <message>
        <source>point {index} of surface {number}</source>
        <translation>Punkt {index} der Fläche {number}</translation>
    </message>
    <message>
        <source>preview</source>
        <translation>Vorschau</translation>
    </message>
    <message>
        <source>previews are off for this case: {why}</source>
        <translation>Vorschauen sind für diesen Fall aus: {why}</translation>
    </message>
    <message>
        <source>previews start anew: {why}</source>
        <translation>Vorschauen beginnen neu: {why}</translation>
    </message>
    <message>
        <source>reading cases…</source>
        <translation>Fälle werden gelesen…</translation>
    </message>
    <message>
        <source>ready to be written</source>
        <translation>kann geschrieben werden</translation>
    </message>
    <message>
        <source>refused</source>
        <translation>abgelehnt</translation>
    </message>
    <message>
        <source>remove what lies beyond all planes</source>
        <translation>entfernen, was jenseits aller Ebenen liegt</translation>
    </message>
    <message>
        <source>remove what lies beyond any plane</source>
        <translation>entfernen, was jenseits irgendeiner Ebene liegt</translation>
    </message>
    <message>
        <source>resection</source>
        <translation>Resektion</translation>
    </message>
    <message>
        <source>results, table, rulers</source>
        <translation>Ergebnisse, Tabelle, Lineale</translation>
    </message>
    <message>
        <source>results, volumes, margin, values</source>
        <translation>Ergebnisse, Volumen, Sicherheitsabstand, Werte</translation>
    </message>
    <message>
        <source>rotation centre, pivot, center</source>
        <translation>Drehpunkt, Rotationszentrum</translation>
    </message>
    <message>
        <source>rubber, remove, brush</source>
        <translation>Radiergummi, wegnehmen, Pinsel</translation>
    </message>
    <message>
        <source>ruler, length, caliper, line, tape, mm</source>
        <translation>Lineal, Länge, Messschieber, Strecke, Maßband, mm</translation>
    </message>
    <message>
        <source>rules are checked when the hand rests</source>
        <translation>Regeln werden geprüft, wenn die Hand ruht</translation>
    </message>
    <message>
        <source>rules not checked</source>
        <translation>Regeln nicht geprüft</translation>
    </message>
    <message>
        <source>runs through {name}</source>
        <translation>läuft durch {name}</translation>
    </message>
    <message>
        <source>safety, collision, constraints, risk</source>
        <translation>Sicherheit, Kollision, Bedingungen, Risiko</translation>
    </message>
    <message>
        <source>save the case first</source>
        <translation>erst den Fall speichern</translation>
    </message>
    <message>
        <source>saved {name}</source>
        <translation>{name} gespeichert</translation>
    </message>
    <message>
        <source>saving the case</source>
        <translation>Fall speichern</translation>
    </message>
    <message>
        <source>screenshot, screen shot, image, clipboard, capture</source>
        <translation>Bildschirmfoto, Screenshot, Bild, Zwischenablage</translation>
    </message>
    <message>
        <source>screenshot, screen shot, photo, image, PNG, capture, render</source>
        <translation>Bildschirmfoto, Screenshot, Foto, Bild, PNG, rendern</translation>
    </message>
    <message>
        <source>scroll, down</source>
        <translation>blättern, runter</translation>
    </message>
    <message>
        <source>scroll, up</source>
        <translation>blättern, hoch</translation>
    </message>
    <message>
        <source>second needle, probe, antenna, another plane</source>
        <translation>zweite Nadel, Sonde, Antenne, weitere Ebene</translation>
    </message>
    <message>
        <source>segment, segmentation, auto segment, AI, liver, outline, detect</source>
        <translation>segmentieren, Segmentierung, automatisch, KI, Leber, Umriss, erkennen</translation>
    </message>
    <message>
        <source>segment, segmentation, auto segment, AI, outline, detect</source>
        <translation>segmentieren, Segmentierung, automatisch, KI, Umriss, erkennen</translation>
    </message>
    <message>
        <source>segmentation, edit outline, contour</source>
        <translation>Segmentierung, Umriss bearbeiten, Kontur</translation>
    </message>
    <message>
        <source>settings, options, configuration</source>
        <translation>Einstellungen, Optionen</translation>
    </message>
    <message>
        <source>several planes side by side, or a wedge between them</source>
        <translation>mehrere Ebenen nebeneinander, oder ein Keil zwischen ihnen</translation>
    </message>
    <message>
        <source>shortcuts, hotkeys, keyboard, cheat sheet, manual, help</source>
        <translation>Tastenkürzel, Tastatur, Kurzbefehle, Anleitung, Hilfe</translation>
    </message>
    <message>
        <source>shown {ms} ms after the plan was moved</source>
        <translation>gezeigt {ms} ms, nachdem der Plan bewegt wurde</translation>
    </message>
    <message>
        <source>simulated</source>
        <translation>simuliert</translation>
    </message>
    <message>
        <source>simulated, not assessed</source>
        <translation>simuliert, nicht bewertet</translation>
    </message>
    <message>
        <source>simulating the heat</source>
        <translation>Wärme simulieren</translation>
    </message>
    <message>
        <source>skeleton</source>
        <translation>Skelett</translation>
    </message>
    <message>
        <source>skin</source>
        <translation>Haut</translation>
    </message>
    <message>
        <source>skull and mandible</source>
        <translation>Schädel und Unterkiefer</translation>
    </message>
    <message>
        <source>source of the limit: {source}</source>
        <translation>Quelle der Grenze: {source}</translation>
    </message>
    <message>
        <source>starting</source>
        <translation>beginnt</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>angehalten</translation>
    </message>
    <message>
        <source>stopped: what was read until then is here</source>
        <translation>angehalten: was bis dahin gelesen wurde, ist da</translation>
    </message>
    <message>
        <source>stopping</source>
        <translation>wird angehalten</translation>
    </message>
    <message>
        <source>store, keep</source>
        <translation>sichern, abspeichern, aufheben</translation>
    </message>
    <message>
        <source>store, rename case, copy of the case</source>
        <translation>abspeichern, umbenennen, Kopie des Falls</translation>
    </message>
    <message>
        <source>suggest, automatic, best path, trajectory, needle</source>
        <translation>vorschlagen, automatisch, bester Weg, Zugangsweg, Nadel</translation>
    </message>
    <message>
        <source>surface {number}</source>
        <translation>Fläche {number}</translation>
    </message>
    <message>
        <source>surface: {name}</source>
        <translation>Oberfläche: {name}</translation>
    </message>
    <message>
        <source>switch plan</source>
        <translation>Plan wechseln</translation>
    </message>
    <message>
        <source>taking out</source>
        <translation>herausnehmen</translation>
    </message>
    <message>
        <source>target</source>
        <translation>Ziel</translation>
    </message>
    <message>
        <source>tasks, progress, running</source>
        <translation>Aufgaben, Fortschritt, läuft</translation>
    </message>
    <message>
        <source>the coagulated zone reaches the edge of the box: it is larger than shown</source>
        <translation>die koagulierte Zone reicht bis zum Rand des Kastens: sie ist größer als gezeigt</translation>
    </message>
    <message>
        <source>the cut runs through it, {share} % are removed</source>
        <translation>der Schnitt läuft hindurch, {share} % werden entfernt</translation>
    </message>
    <message>
        <source>the entry lies at least {mm} mm inside the surface of the body</source>
        <translation>der Einstich liegt mindestens {mm} mm unter der Körperoberfläche</translation>
    </message>
    <message>
        <source>the entry lies at least {mm} mm outside the surface of the body</source>
        <translation>der Einstich liegt mindestens {mm} mm über der Körperoberfläche</translation>
    </message>
    <message>
        <source>the entry lies {mm} mm inside the surface of the body</source>
        <translation>der Einstich liegt {mm} mm unter der Körperoberfläche</translation>
    </message>
    <message>
        <source>the entry lies {mm} mm outside the surface of the body</source>
        <translation>der Einstich liegt {mm} mm über der Körperoberfläche</translation>
    </message>
    <message>
        <source>the limit is unverified</source>
        <translation>die Grenze ist nicht nachgeprüft</translation>
    </message>
    <message>
        <source>the margin of {mm} mm around {name} is not reached: {reached} mm with {power} W for {seconds} s</source>
        <translation>der Rand von {mm} mm um {name} wird nicht erreicht: {reached} mm mit {power} W in {seconds} s</translation>
    </message>
    <message>
        <source>the outline lies on another slice: go back to it, or press Esc</source>
        <translation>die Kontur liegt auf einer anderen Schicht: dorthin zurückgehen oder Esc drücken</translation>
    </message>
    <message>
        <source>the outline of {name} is to be confirmed</source>
        <translation>der Umriss ist zu bestätigen: {name}</translation>
    </message>
    <message>
        <source>the path does not meet the body</source>
        <translation>der Weg trifft den Körper nicht</translation>
    </message>
    <message>
        <source>the path is outside the body again {mm} mm behind its entry</source>
        <translation>der Weg verlässt den Körper {mm} mm hinter dem Einstich wieder</translation>
    </message>
    <message>
        <source>the path stays in the body</source>
        <translation>der Weg bleibt im Körper</translation>
    </message>
    <message>
        <source>the plan has no applicator</source>
        <translation>der Plan hat keinen Applikator</translation>
    </message>
    <message>
        <source>the plan has no plane cut</source>
        <translation>der Plan hat keinen Ebenenschnitt</translation>
    </message>
    <message>
        <source>the plan shown is not simulated</source>
        <translation>der gezeigte Plan ist nicht simuliert</translation>
    </message>
    <message>
        <source>the plan was not simulated</source>
        <translation>der Plan wurde nicht simuliert</translation>
    </message>
    <message>
        <source>the plan was not simulated yet</source>
        <translation>der Plan wurde noch nicht simuliert</translation>
    </message>
    <message>
        <source>the program found no fault in it</source>
        <translation>das Programm fand keinen Fehler darin</translation>
    </message>
    <message>
        <source>the scan has no HU</source>
        <translation>die Aufnahme hat keine HU</translation>
    </message>
    <message>
        <source>the scan has no outlines yet</source>
        <translation>die Aufnahme hat noch keine Konturen</translation>
    </message>
    <message>
        <source>the scan is not segmented yet</source>
        <translation>die Aufnahme ist noch nicht segmentiert</translation>
    </message>
    <message>
        <source>the scan resolves about {mm} mm</source>
        <translation>der Scan löst etwa {mm} mm auf</translation>
    </message>
    <message>
        <source>the target is not in the removed part</source>
        <translation>das Ziel liegt nicht im entfernten Teil</translation>
    </message>
    <message>
        <source>the tip lies in the body</source>
        <translation>die Spitze liegt im Körper</translation>
    </message>
    <message>
        <source>the tip lies outside the body</source>
        <translation>die Spitze liegt außerhalb des Körpers</translation>
    </message>
    <message>
        <source>the whole {name} is removed</source>
        <translation>{name}: alles wird entfernt</translation>
    </message>
    <message>
        <source>the work is as it was; it is not saved yet</source>
        <translation>die Arbeit ist, wie sie war; sie ist noch nicht gespeichert</translation>
    </message>
    <message>
        <source>the zone reaches the edge of the simulated box, so it is larger than this</source>
        <translation>die Zone reicht bis zum Rand des simulierten Kastens, sie ist also größer</translation>
    </message>
    <message>
        <source>there is no lesion under the mouse: draw its diameters by hand</source>
        <translation>unter der Maus ist keine Läsion: Durchmesser von Hand zeichnen</translation>
    </message>
    <message>
        <source>there is no plan yet</source>
        <translation>es gibt noch keinen Plan</translation>
    </message>
    <message>
        <source>there is no rim to cover</source>
        <translation>es gibt keinen Saum abzudecken</translation>
    </message>
    <message>
        <source>there is nothing to undo</source>
        <translation>es gibt nichts rückgängig zu machen</translation>
    </message>
    <message>
        <source>there is nothing under the mouse: click on a slice or on a structure</source>
        <translation>unter der Maus ist nichts: auf eine Schicht oder eine Struktur klicken</translation>
    </message>
    <message>
        <source>thick slab, slab thickness, MIP, projection</source>
        <translation>dicke Schicht, Schichtdicke, MIP, Projektion</translation>
    </message>
    <message>
        <source>this case</source>
        <translation>dieser Fall</translation>
    </message>
    <message>
        <source>this view alone, and back</source>
        <translation>diese Ansicht allein, und zurück</translation>
    </message>
    <message>
        <source>threshold: {name}</source>
        <translation>Schwelle: {name}</translation>
    </message>
    <message>
        <source>time in the device&apos;s range</source>
        <translation>Zeit im Bereich des Geräts</translation>
    </message>
    <message>
        <source>time, back, frame</source>
        <translation>Zeit, zurück, Bild</translation>
    </message>
    <message>
        <source>time, forward, frame</source>
        <translation>Zeit, vorwärts, Bild</translation>
    </message>
    <message>
        <source>tip inside the body</source>
        <translation>Spitze im Körper</translation>
    </message>
    <message>
        <source>tip of applicator {number}</source>
        <translation>Spitze von Applikator {number}</translation>
    </message>
    <message>
        <source>tissue round the target to be coagulated</source>
        <translation>Gewebe um das Ziel, das koaguliert werden soll</translation>
    </message>
    <message>
        <source>to be looked at</source>
        <translation>anzusehen</translation>
    </message>
    <message>
        <source>today</source>
        <translation>heute</translation>
    </message>
    <message>
        <source>truth</source>
        <translation>Vorgabe</translation>
    </message>
    <message>
        <source>turn; on a handle in edit mode, move it</source>
        <translation>drehen; an einem Griff im Bearbeitungsmodus: ihn bewegen</translation>
    </message>
    <message>
        <source>unhide, visible, nothing hidden</source>
        <translation>einblenden, sichtbar, nichts ausgeblendet</translation>
    </message>
    <message>
        <source>waits its turn</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>where nobody is</source>
        <translation>wo niemand ist</translation>
    </message>
    <message>
        <source>whole, clip off, clipping off</source>
        <translation>ganz, Schnitt aus, nicht schneiden</translation>
    </message>
    <message>
        <source>words, with commas between</source>
        <translation>Worte, mit Kommas dazwischen</translation>
    </message>
    <message>
        <source>works</source>
        <translation>geht</translation>
    </message>
    <message>
        <source>works, answer after {seconds} s</source>
        <translation>geht, Antwort nach {seconds} s</translation>
    </message>
    <message>
        <source>worse than the saved plan</source>
        <translation>schlechter als der gespeicherte Plan</translation>
    </message>
    <message>
        <source>written</source>
        <translation>geschrieben</translation>
    </message>
    <message>
        <source>yesterday</source>
        <translation>gestern</translation>
    </message>
    <message>
        <source>zoom</source>
        <translation>vergrößern</translation>
    </message>
    <message>
        <source>zoom in, enlarge</source>
        <translation>heranzoomen, vergrößern</translation>
    </message>
    <message>
        <source>zoom out</source>
        <translation>herauszoomen, verkleinern</translation>
    </message>
    <message>
        <source>zoom to tumour, lesion, center</source>
        <translation>zum Tumor zoomen, Läsion, zentrieren</translation>
    </message>
    <message>
        <source>{checked} checked, {flagged} flagged</source>
        <translation>{checked} geprüft, {flagged} markiert</translation>
    </message>
    <message>
        <source>{count} broken</source>
        <translation>{count} verletzt</translation>
    </message>
    <message>
        <source>{count} cases</source>
        <translation>{count} Fälle</translation>
    </message>
    <message>
        <source>{count} constants of the simulation have no public source and are assumed</source>
        <translation>{count} Konstanten der Simulation haben keine öffentliche Quelle und sind angenommen</translation>
    </message>
    <message>
        <source>{count} files were written into {name}</source>
        <translation>{count} Dateien wurden nach {name} geschrieben</translation>
    </message>
    <message>
        <source>{count} new</source>
        <translation>{count} neu</translation>
    </message>
    <message>
        <source>{count} patches around the target do not fit</source>
        <translation>{count} Ausschnitte um das Ziel passen nicht</translation>
    </message>
    <message>
        <source>{count} plans to compare</source>
        <translation>{count} Pläne zu vergleichen</translation>
    </message>
    <message>
        <source>{count} rules broken</source>
        <translation>{count} Regeln verletzt</translation>
    </message>
    <message>
        <source>{count} rules not checked</source>
        <translation>{count} Regeln nicht geprüft</translation>
    </message>
    <message>
        <source>{count} steps</source>
        <translation>{count} Schritte</translation>
    </message>
    <message>
        <source>{count} steps could not be done again</source>
        <translation>{count} Schritte ließen sich nicht wiederholen</translation>
    </message>
    <message>
        <source>{count} structures</source>
        <translation>{count} Strukturen</translation>
    </message>
    <message>
        <source>{count} structures outlined</source>
        <translation>{count} Strukturen konturiert</translation>
    </message>
    <message>
        <source>{count} structures to check</source>
        <translation>{count} Strukturen zu prüfen</translation>
    </message>
    <message>
        <source>{count} warnings about the scan</source>
        <translation>{count} Warnungen zur Aufnahme</translation>
    </message>
    <message>
        <source>{depth} mm before the tip</source>
        <translation>{depth} mm vor der Spitze</translation>
    </message>
    <message>
        <source>{depth} mm beyond the tip</source>
        <translation>{depth} mm hinter der Spitze</translation>
    </message>
    <message>
        <source>{depth} mm deep, {tilt}° to axial, {power} W, {time} min</source>
        <translation>{depth} mm tief, {tilt}° zu axial, {power} W, {time} min</translation>
    </message>
    <message>
        <source>{depth} mm from entry to tip, the shaft has {length} mm</source>
        <translation>{depth} mm vom Einstich zur Spitze, der Schaft hat {length} mm</translation>
    </message>
    <message>
        <source>{depth} mm from the cut</source>
        <translation>{depth} mm vom Schnitt</translation>
    </message>
    <message>
        <source>{distance} mm behind this slice</source>
        <translation>{distance} mm hinter dieser Schicht</translation>
    </message>
    <message>
        <source>{distance} mm in front of this slice</source>
        <translation>{distance} mm vor dieser Schicht</translation>
    </message>
    <message>
        <source>{label}: known to the program</source>
        <translation>{label}: dem Programm bekannt</translation>
    </message>
    <message>
        <source>{low} to {high} ml</source>
        <translation>{low} bis {high} ml</translation>
    </message>
    <message>
        <source>{mm} mm inside {name}</source>
        <translation>{mm} mm in {name}</translation>
    </message>
    <message>
        <source>{mm} mm of the path run through tissue without a known label</source>
        <translation>{mm} mm des Weges laufen durch Gewebe ohne bekannten Namen</translation>
    </message>
    <message>
        <source>{modality}, {slices} slices every {step} mm</source>
        <translation>{modality}, {slices} Schichten alle {step} mm</translation>
    </message>
    <message>
        <source>{mode} over {thickness} mm</source>
        <translation>{mode} über {thickness} mm</translation>
    </message>
    <message>
        <source>{name_whole} with its vessels, less {name} ({lost} ml)</source>
        <translation>{name_whole} mit den Gefäßen, ohne {name} ({lost} ml)</translation>
    </message>
    <message>
        <source>{name} has no voxels yet; paint it first</source>
        <translation>{name} hat noch keine Voxel; zuerst malen</translation>
    </message>
    <message>
        <source>{name} in segment {where} (estimated)</source>
        <translation>{name} in Segment {where} (geschätzt)</translation>
    </message>
    <message>
        <source>{name} is open already</source>
        <translation>{name} ist schon offen</translation>
    </message>
    <message>
        <source>{name} is read again from the disk. This cannot be undone.</source>
        <translation>{name} wird neu von der Festplatte gelesen. Das lässt sich nicht rückgängig machen.</translation>
    </message>
    <message>
        <source>{name} is there already.</source>
        <translation>{name} ist schon da.</translation>
    </message>
    <message>
        <source>{name} mm rim covered</source>
        <translation>{name}-mm-Saum abgedeckt</translation>
    </message>
    <message>
        <source>{name} not found</source>
        <translation>{name} nicht gefunden</translation>
    </message>
    <message>
        <source>{name} not segmented</source>
        <translation>{name} nicht segmentiert</translation>
    </message>
    <message>
        <source>{name} not visible in this phase</source>
        <translation>{name} in dieser Phase nicht sichtbar</translation>
    </message>
    <message>
        <source>{name} volume</source>
        <translation>Volumen: {name}</translation>
    </message>
    <message>
        <source>{name} was not closed properly: one step was done and not saved. Do it again?</source>
        <translation>{name} wurde nicht richtig geschlossen: Ein Schritt wurde getan und nicht gespeichert. Noch einmal ausführen?</translation>
    </message>
    <message>
        <source>{name} was not closed properly: {count} steps were done and not saved. Do them again?</source>
        <translation>{name} wurde nicht ordentlich geschlossen: {count} Schritte waren getan und nicht gespeichert. Wiederholen?</translation>
    </message>
    <message>
        <source>{name} with its vessels and lesions</source>
        <translation>{name} mit Gefäßen und Läsionen</translation>
    </message>
    <message>
        <source>{name}, highest temperature</source>
        <translation>{name}, höchste Temperatur</translation>
    </message>
    <message>
        <source>{name}: {mm} mm away</source>
        <translation>{name}: {mm} mm entfernt</translation>
    </message>
    <message>
        <source>{now} / {end} min</source>
        <translation>{now} / {end} min</translation>
    </message>
    <message>
        <source>{place}: {count} series, {usable} can be imported. The best one stands first.</source>
        <translation>{place}: {count} Serien, {usable} können importiert werden. Die beste steht oben.</translation>
    </message>
    <message>
        <source>{seconds} s</source>
        <translation>{seconds} s</translation>
    </message>
    <message>
        <source>{share} % of the liver</source>
        <translation>{share} % der Leber</translation>
    </message>
    <message>
        <source>{share} % of the {name} are removed</source>
        <translation>{name}: {share} % werden entfernt</translation>
    </message>
    <message>
        <source>{share} % of {name} remain</source>
        <translation>{name}: {share} % bleiben zurück</translation>
    </message>
    <message>
        <source>{stage}, {seconds} s</source>
        <translation>{stage}, {seconds} s</translation>
    </message>
    <message>
        <source>{thickness} mm thick</source>
        <translation>{thickness} mm dick</translation>
    </message>
    <message>
        <source>{time} min</source>
        <translation>{time} min</translation>
    </message>
    <message>
        <source>{title}: done in {seconds} s</source>
        <translation>{title}: fertig nach {seconds} s</translation>
    </message>
    <message>
        <source>{title}: stopped; the case is as it was</source>
        <translation>{title}: angehalten; der Fall ist wie zuvor</translation>
    </message>
    <message>
        <source>{title}: the labels changed meanwhile: the answer is out of date and was not taken</source>
        <translation>{title}: die Umrisse haben sich inzwischen geändert: das Ergebnis ist veraltet und wurde nicht übernommen</translation>
    </message>
    <message>
        <source>{title}: this runs already</source>
        <translation>{title}: das läuft schon</translation>
    </message>
    <message>
        <source>{title}: working ...</source>
        <translation>{title}: läuft ...</translation>
    </message>
    <message>
        <source>{value}, the device gives {low} to {high}</source>
        <translation>{value}, das Gerät gibt {low} bis {high}</translation>
    </message>
    <message>
        <source>{verb}: nothing changes here</source>
        <translation>{verb}: hier ändert sich nichts</translation>
    </message>
    <message>
        <source>{what} changed meanwhile: the answer does not fit any more and was not taken</source>
        <translation>{what} hat sich inzwischen geändert: die Antwort passt nicht mehr und wurde nicht übernommen</translation>
    </message>
    <message>
        <source>↻ MOVED: grey values are of the saved plan {plan}</source>
        <translation>↻ BEWEGT: graue Werte gehören zum gespeicherten Plan {plan}</translation>
    </message>
    <message>
        <source>↻ UPDATING... grey values are of an earlier position</source>
        <translation>↻ WIRD ERNEUERT... graue Werte gehören zu einer früheren Lage</translation>
    </message>
    <message>
        <source>Ablation zone</source>
        <translation>Ablationszone</translation>
    </message>
    <message>
        <source>Capsule</source>
        <translation>Kapsel</translation>
    </message>
    <message>
        <source>Coldest so far (1 at the lethal temperature)</source>
        <translation>Bisher kälteste Temperatur (1 bei der tödlichen)</translation>
    </message>
    <message>
        <source>Cost</source>
        <translation>Kosten</translation>
    </message>
    <message>
        <source>Degrees below 0</source>
        <translation>Grad unter 0</translation>
    </message>
    <message>
        <source>Duty cycle of applicator {number}</source>
        <translation>Einschaltdauer von Applikator {number}</translation>
    </message>
    <message>
        <source>Entry of applicator {number}</source>
        <translation>Zugang von Applikator {number}</translation>
    </message>
    <message>
        <source>Length</source>
        <translation>Länge</translation>
    </message>
    <message>
        <source>Map of entries</source>
        <translation>Karte der Zugänge</translation>
    </message>
    <message>
        <source>No other entry is better in one cost without being worse in another; a click takes one</source>
        <translation>Kein anderer Zugang ist in einem Punkt besser, ohne in einem anderen schlechter zu sein; ein Klick übernimmt einen</translation>
    </message>
    <message>
        <source>No.</source>
        <translation>Nr.</translation>
    </message>
    <message>
        <source>Not checked: {rules}</source>
        <translation>Nicht geprüft: {rules}</translation>
    </message>
    <message>
        <source>Risk</source>
        <translation>Risiko</translation>
    </message>
    <message>
        <source>The best entries</source>
        <translation>Die besten Zugänge</translation>
    </message>
    <message>
        <source>The usual weights again</source>
        <translation>Wieder die üblichen Gewichte</translation>
    </message>
    <message>
        <source>Tracks</source>
        <translation>Stichwege</translation>
    </message>
    <message>
        <source>Try every place of the skin as entry, and show on the skin which are allowed</source>
        <translation>Jede Stelle der Haut als Zugang prüfen und auf der Haut zeigen, welche erlaubt sind</translation>
    </message>
    <message>
        <source>Trying all entries</source>
        <translation>Alle Zugänge prüfen</translation>
    </message>
    <message>
        <source>Usual</source>
        <translation>Üblich</translation>
    </message>
    <message>
        <source>Weight of: {cost}</source>
        <translation>Gewicht von: {cost}</translation>
    </message>
    <message>
        <source>What counts how much</source>
        <translation>Was wie viel zählt</translation>
    </message>
    <message>
        <source>all of {name} lies in the scan</source>
        <translation>{name} liegt ganz in der Aufnahme</translation>
    </message>
    <message>
        <source>applicator {number}: {count} of {tried} entries keep the rules, {front} are in the Pareto set</source>
        <translation>Applikator {number}: {count} von {tried} Zugängen halten die Regeln ein, {front} sind in der Pareto-Menge</translation>
    </message>
    <message>
        <source>clear of other applicators</source>
        <translation>frei von anderen Applikatoren</translation>
    </message>
    <message>
        <source>duty cycle in the device&apos;s range</source>
        <translation>Einschaltdauer im Bereich des Geräts</translation>
    </message>
    <message>
        <source>enough organ before a subcapsular target</source>
        <translation>genug Organ vor einem Ziel unter der Kapsel</translation>
    </message>
    <message>
        <source>every place of the skin is tried</source>
        <translation>jede Stelle der Haut wird geprüft</translation>
    </message>
    <message>
        <source>keeps off unknown tissue</source>
        <translation>hält Abstand zu unbekanntem Gewebe</translation>
    </message>
    <message>
        <source>may be entered, from the cheapest to the dearest</source>
        <translation>erlaubt, vom günstigsten zum ungünstigsten</translation>
    </message>
    <message>
        <source>may be entered: cost {cost}, {length} mm to the tip; click to take it</source>
        <translation>Zugang erlaubt: Kosten {cost}, {length} mm bis zur Spitze; ein Klick übernimmt ihn</translation>
    </message>
    <message>
        <source>mm of the path within {mm} mm of another applicator</source>
        <translation>mm des Weges in höchstens {mm} mm Abstand von einem anderen Applikator</translation>
    </message>
    <message>
        <source>not to be entered here, it breaks: {rules}</source>
        <translation>hier kein Zugang, verletzt wird: {rules}</translation>
    </message>
    <message>
        <source>nothing is colder than {value} at any time</source>
        <translation>nichts ist jemals kälter als {value}</translation>
    </message>
    <message>
        <source>overlap with other tracks</source>
        <translation>Überlappung mit anderen Stichwegen</translation>
    </message>
    <message>
        <source>passes unknown tissue at {mm} mm, {kept} mm are to be kept</source>
        <translation>läuft in {mm} mm Abstand an unbekanntem Gewebe vorbei, {kept} mm sind einzuhalten</translation>
    </message>
    <message>
        <source>preview of the first freeze on a {spacing} mm grid, not the simulation</source>
        <translation>Vorschau des ersten Einfrierens auf einem Gitter von {spacing} mm, nicht die Simulation</translation>
    </message>
    <message>
        <source>runs through unknown tissue</source>
        <translation>läuft durch unbekanntes Gewebe</translation>
    </message>
    <message>
        <source>skin, access, trajectory, safe path, heat map, weights, Pareto</source>
        <translation>Haut, Zugang, Trajektorie, sicherer Weg, Zugangskarte, Gewichte, Pareto</translation>
    </message>
    <message>
        <source>target inside the scan</source>
        <translation>Ziel innerhalb der Aufnahme</translation>
    </message>
    <message>
        <source>the CT has {hu} HU at the tip</source>
        <translation>das CT hat an der Spitze {hu} HU</translation>
    </message>
    <message>
        <source>the CT has {hu} HU at the tip, air is below {below} HU</source>
        <translation>das CT hat an der Spitze {hu} HU, Luft liegt unter {below} HU</translation>
    </message>
    <message>
        <source>the axis of applicator {n} is {mm} mm away</source>
        <translation>die Achse von Applikator {n} ist {mm} mm entfernt</translation>
    </message>
    <message>
        <source>the axis of applicator {n} is {mm} mm away, the shafts need {kept} mm</source>
        <translation>die Achse von Applikator {n} ist {mm} mm entfernt, die Schäfte brauchen {kept} mm</translation>
    </message>
    <message>
        <source>the ice reaches the edge of the box: it is larger than shown</source>
        <translation>das Eis erreicht den Rand des Kastens: es ist größer als gezeigt</translation>
    </message>
    <message>
        <source>the target lies at least {mm} mm below the capsule</source>
        <translation>das Ziel liegt mindestens {mm} mm unter der Kapsel</translation>
    </message>
    <message>
        <source>the tip lies in no vessel</source>
        <translation>die Spitze liegt in keinem Gefäß</translation>
    </message>
    <message>
        <source>the tip lies in {name}</source>
        <translation>die Spitze liegt in: {name}</translation>
    </message>
    <message>
        <source>there is no CT at the tip</source>
        <translation>an der Spitze gibt es kein CT</translation>
    </message>
    <message>
        <source>there is no plan of applicators</source>
        <translation>es gibt keinen Plan mit Applikatoren</translation>
    </message>
    <message>
        <source>tip in no vessel</source>
        <translation>Spitze in keinem Gefäß</translation>
    </message>
    <message>
        <source>tip not in air</source>
        <translation>Spitze nicht in Luft</translation>
    </message>
    <message>
        <source>what organ the target is in is not known</source>
        <translation>in welchem Organ das Ziel liegt, ist nicht bekannt</translation>
    </message>
    <message>
        <source>{mm} mm of the organ before a target {depth} mm below the capsule</source>
        <translation>{mm} mm des Organs vor einem Ziel, das {depth} mm unter der Kapsel liegt</translation>
    </message>
    <message>
        <source>{name} touches the end of the scan towards the back</source>
        <translation>{name} berührt das Ende der Aufnahme nach hinten</translation>
    </message>
    <message>
        <source>{name} touches the end of the scan towards the feet</source>
        <translation>{name} berührt das Ende der Aufnahme zu den Füßen</translation>
    </message>
    <message>
        <source>{name} touches the end of the scan towards the front</source>
        <translation>{name} berührt das Ende der Aufnahme nach vorn</translation>
    </message>
    <message>
        <source>{name} touches the end of the scan towards the head</source>
        <translation>{name} berührt das Ende der Aufnahme zum Kopf</translation>
    </message>
    <message>
        <source>{name} touches the end of the scan towards the left</source>
        <translation>{name} berührt das Ende der Aufnahme nach links</translation>
    </message>
    <message>
        <source>{name} touches the end of the scan towards the right</source>
        <translation>{name} berührt das Ende der Aufnahme nach rechts</translation>
    </message>
    <message>
        <source>{name}, lowest temperature</source>
        <translation>{name}, tiefste Temperatur</translation>
    </message>
    <message>
        <source>Search for applicators...</source>
        <translation>Applikatoren suchen...</translation>
    </message>
    <message>
        <source>The fewest applicators whose simulated zone covers one target or several</source>
        <translation>Die wenigsten Applikatoren, deren simulierte Zone ein Ziel oder mehrere deckt</translation>
    </message>
    <message>
        <source>Sample how robust the plan is</source>
        <translation>Robustheit des Plans berechnen</translation>
    </message>
    <message>
        <source>Simulate many treatments that differ a little: how surely the target is covered</source>
        <translation>Viele leicht abweichende Behandlungen simulieren: wie sicher das Ziel gedeckt ist</translation>
    </message>
    <message>
        <source>Show where the plan fails</source>
        <translation>Zeigen, wo der Plan versagt</translation>
    </message>
    <message>
        <source>How often each part of the target is left uncovered, in 3-D and on slices</source>
        <translation>Wie oft jeder Teil des Ziels ungedeckt bleibt, in 3D und auf Schichten</translation>
    </message>
    <message>
        <source>the plan was not sampled: how robust it is, is not known</source>
        <translation>die Robustheit des Plans wurde noch nicht berechnet</translation>
    </message>
    <message>
        <source>No plan was confirmed</source>
        <translation>Kein Plan wurde bestätigt</translation>
    </message>
    <message>
        <source>Search for applicators</source>
        <translation>Applikatoren suchen</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>Heat one target after the other</source>
        <translation>Ein Ziel nach dem anderen erhitzen</translation>
    </message>
    <message>
        <source>It takes minutes. Only what the full simulation confirms becomes a plan.</source>
        <translation>Es dauert Minuten. Nur was die volle Simulation bestätigt, wird ein Plan.</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <source>{count} applicators cover {targets}, confirmed by the simulation of all of them</source>
        <translation>Applikatoren: {count}, sie decken {targets}, bestätigt durch die Simulation aller zusammen</translation>
    </message>
    <message>
        <source>{coarse} coarse and {full} full simulations were run. The case is as it was.</source>
        <translation>Simulationen: {coarse} grobe und {full} volle. Der Fall ist, wie er war.</translation>
    </message>
    <message>
        <source>{what}: {reached} instead of {wanted}</source>
        <translation>{what}: {reached} statt {wanted}</translation>
    </message>
    <message>
        <source>Applicators at most</source>
        <translation>Applikatoren höchstens</translation>
    </message>
    <message>
        <source>Each target needs an applicator of its own.</source>
        <translation>Jedes Ziel braucht einen eigenen Applikator.</translation>
    </message>
    <message>
        <source>Applicators searched for {targets}</source>
        <translation>Applikatoren gesucht für {targets}</translation>
    </message>
    <message>
        <source>Searching applicators for {targets}</source>
        <translation>Suche nach Applikatoren für {targets}</translation>
    </message>
    <message>
        <source>{line} at {place}</source>
        <translation>{line} bei {place}</translation>
    </message>
    <message>
        <source>Probability of complete coverage</source>
        <translation>Wahrscheinlichkeit vollständiger Deckung</translation>
    </message>
    <message>
        <source>Minimal margin, 1 of 20 is less</source>
        <translation>Kleinster Abstand, 1 von 20 liegt darunter</translation>
    </message>
    <message>
        <source>Minimal margin, median</source>
        <translation>Kleinster Abstand, Median</translation>
    </message>
    <message>
        <source>Left uncovered</source>
        <translation>Bleibt ungedeckt</translation>
    </message>
    <message>
        <source>sideways</source>
        <translation>seitliche Abweichung</translation>
    </message>
    <message>
        <source>depth</source>
        <translation>Tiefe</translation>
    </message>
    <message>
        <source>depth either way</source>
        <translation>Abweichung der Tiefe</translation>
    </message>
    <message>
        <source>tilt</source>
        <translation>Verkippung</translation>
    </message>
    <message>
        <source>perfusion</source>
        <translation>Durchblutung</translation>
    </message>
    <message>
        <source>conductivity</source>
        <translation>Wärmeleitung</translation>
    </message>
    <message>
        <source>power</source>
        <translation>Leistung</translation>
    </message>
    <message>
        <source>Probability of {name} mm margin</source>
        <translation>Wahrscheinlichkeit von {name} mm Abstand</translation>
    </message>
    <message>
        <source>Matters most: {name}</source>
        <translation>Größter Einfluss: {name}</translation>
    </message>
    <message>
        <source>whole target</source>
        <translation>ganzes Ziel</translation>
    </message>
    <message>
        <source>place of an applicator</source>
        <translation>Lage eines Applikators</translation>
    </message>
    <message>
        <source>its tilt</source>
        <translation>seine Verkippung</translation>
    </message>
    <message>
        <source>thermal conductivity</source>
        <translation>Wärmeleitfähigkeit</translation>
    </message>
    <message>
        <source>Robustness</source>
        <translation>Robustheit</translation>
    </message>
    <message>
        <source>How surely the plan covers its target, and where it fails</source>
        <translation>Wie sicher der Plan sein Ziel deckt, und wo er versagt</translation>
    </message>
    <message>
        <source>Sample treatments</source>
        <translation>Behandlungen durchspielen</translation>
    </message>
    <message>
        <source>Simulate many treatments that differ a little</source>
        <translation>Viele leicht abweichende Behandlungen simulieren</translation>
    </message>
    <message>
        <source>Probability of each margin</source>
        <translation>Wahrscheinlichkeit jedes Abstands</translation>
    </message>
    <message>
        <source>What matters most for the margin</source>
        <translation>Was den Abstand am meisten bestimmt</translation>
    </message>
    <message>
        <source>Show where it fails</source>
        <translation>Zeigen, wo er versagt</translation>
    </message>
    <message>
        <source>On the target in 3-D and on slices</source>
        <translation>Am Ziel in 3D und auf Schichten</translation>
    </message>
    <message>
        <source>To the weakest point</source>
        <translation>Zur schwächsten Stelle</translation>
    </message>
    <message>
        <source>Bring the crosshair there</source>
        <translation>Das Fadenkreuz dorthin bringen</translation>
    </message>
    <message>
        <source>More take longer and make the interval smaller</source>
        <translation>Mehr dauern länger und machen das Intervall enger</translation>
    </message>
    <message>
        <source>treatments are sampled</source>
        <translation>Behandlungen werden durchgespielt</translation>
    </message>
    <message>
        <source>not sampled yet</source>
        <translation>noch nicht berechnet</translation>
    </message>
    <message>
        <source>95 % interval {low} to {high} %, {count} of {of}</source>
        <translation>95-%-Intervall {low} bis {high} %, {count} von {of}</translation>
    </message>
    <message>
        <source>* the margin that the plan asks for</source>
        <translation>* der Abstand, den der Plan verlangt</translation>
    </message>
    <message>
        <source>Standard deviation</source>
        <translation>Standardabweichung</translation>
    </message>
    <message>
        <source>Treatments</source>
        <translation>Behandlungen</translation>
    </message>
    <message>
        <source>Error of the place</source>
        <translation>Fehler der Lage</translation>
    </message>
    <message>
        <source>Error of the angle</source>
        <translation>Fehler des Winkels</translation>
    </message>
    <message>
        <source>left uncovered in 0 to {top} % of treatments</source>
        <translation>ungedeckt in 0 bis {top} % der Behandlungen</translation>
    </message>
    <message>
        <source>always covered</source>
        <translation>immer gedeckt</translation>
    </message>
    <message>
        <source>margin of {mm} mm</source>
        <translation>Abstand von {mm} mm</translation>
    </message>
    <message>
        <source>Sampled over: {parts}</source>
        <translation>Durchgespielt über: {parts}</translation>
    </message>
    <message>
        <source>{percent} % of treatments cover the whole target ({low} to {high} %)</source>
        <translation>{percent} % der Behandlungen decken das ganze Ziel ({low} bis {high} %)</translation>
    </message>
    <message>
        <source>Sampling treatments of plan {name}</source>
        <translation>Behandlungen nach Plan {name}</translation>
    </message>
    <message>
        <source>Robustness of plan {name}</source>
        <translation>Robustheit von Plan {name}</translation>
    </message>
    <message>
        <source>95 % interval {low} to {high} %</source>
        <translation>95-%-Intervall {low} bis {high} %</translation>
    </message>
    <message>
        <source>{count} simulated treatments on a {mm} mm grid</source>
        <translation>{count} simulierte Behandlungen auf einem {mm}-mm-Gitter</translation>
    </message>
    <message>
        <source>at the weakest point {share} % are uncovered</source>
        <translation>an der schwächsten Stelle sind {share} % ungedeckt</translation>
    </message>
    <message>
        <source>planned {mm} mm</source>
        <translation>geplant {mm} mm</translation>
    </message>
    <message>
        <source>rank correlation with the minimal margin</source>
        <translation>Rangkorrelation mit dem kleinsten Abstand</translation>
    </message>
    <message>
        <source>then {list}</source>
        <translation>danach {list}</translation>
    </message>
    <message>
        <source>given</source>
        <translation>vorgegeben</translation>
    </message>
    <message>
        <source>simulated on a grid of {mm} mm, which tells a margin within about half of that</source>
        <translation>simuliert auf einem Gitter von {mm} mm, das einen Abstand auf etwa die Hälfte davon genau angibt</translation>
    </message>
    <message>
        <source>the intervals are those of independent samples</source>
        <translation>die Intervalle sind die unabhängiger Stichproben</translation>
    </message>
    <message>
        <source>a Latin hypercube is as a rule nearer</source>
        <translation>ein lateinischer Hyperwürfel liegt in der Regel näher</translation>
    </message>
    <message>
        <source>the ranges are assumed</source>
        <translation>die Bereiche sind angenommen</translation>
    </message>
    <message>
        <source>{failed} of {count} samples could not be simulated (a tip outside) and count as not covered</source>
        <translation>{failed} von {count} Behandlungen ließen sich nicht simulieren (eine Spitze außerhalb) und zählen als nicht gedeckt</translation>
    </message>
    <message>
        <source>margin of {name}</source>
        <translation>Abstand um {name}</translation>
    </message>
    <message>
        <source>temperature of {name}</source>
        <translation>Temperatur: {name}</translation>
    </message>
    <message>
        <source>entry to {name}</source>
        <translation>Zugang zu {name}</translation>
    </message>
    <message>
        <source>applicators</source>
        <translation>Applikatoren</translation>
    </message>
    <message>
        <source>{count} applicators in all</source>
        <translation>{count} Applikatoren insgesamt</translation>
    </message>
    <message>
        <source>in the full simulation</source>
        <translation>in der vollen Simulation</translation>
    </message>
    <message>
        <source>no path keeps the hard rules</source>
        <translation>kein Weg hält die festen Regeln ein</translation>
    </message>
    <message>
        <source>each target is given an applicator of its own</source>
        <translation>jedes Ziel bekommt einen eigenen Applikator</translation>
    </message>
    <message>
        <source>sampling treatments</source>
        <translation>Behandlungen werden durchgespielt</translation>
    </message>
    <message>
        <source>searching applicators</source>
        <translation>Applikatoren werden gesucht</translation>
    </message>
    <message>
        <source>there is no confirmation yet</source>
        <translation>es gibt noch keine Bestätigung</translation>
    </message>
    <message>
        <source>Confirmation</source>
        <translation>Bestätigung</translation>
    </message>
    <message>
        <source>Confirm with a second scan…</source>
        <translation>Mit zweiter Aufnahme bestätigen…</translation>
    </message>
    <message>
        <source>Show the confirmation in the views</source>
        <translation>Bestätigung in den Ansichten zeigen</translation>
    </message>
    <message>
        <source>Next confirmation</source>
        <translation>Nächste Bestätigung</translation>
    </message>
    <message>
        <source>Go to the worst point of the margin</source>
        <translation>Zur schlechtesten Stelle des Abstands</translation>
    </message>
    <message>
        <source>Slices: before, fade, checkerboard, after</source>
        <translation>Schichten: vorher, überblenden, Schachbrett, nachher</translation>
    </message>
    <message>
        <source>Switch between the scans before and after</source>
        <translation>Zwischen den Aufnahmen vorher und nachher wechseln</translation>
    </message>
    <message>
        <source>Delete the confirmation</source>
        <translation>Bestätigung löschen</translation>
    </message>
    <message>
        <source>Tell from a scan after the ablation whether it covers the target with its margin</source>
        <translation>Aus einer Aufnahme nach der Ablation ablesen, ob sie das Ziel mit Sicherheitsabstand erfasst</translation>
    </message>
    <message>
        <source>Zone and margins that the scan after the ablation tells</source>
        <translation>Zone und Abstände, die die Aufnahme nach der Ablation zeigt</translation>
    </message>
    <message>
        <source>Bring the crosshair and the 3-D view there</source>
        <translation>Fadenkreuz und 3-D-Ansicht dorthin bringen</translation>
    </message>
    <message>
        <source>Go through the ways to compare both scans</source>
        <translation>Die Arten durchgehen, beide Aufnahmen zu vergleichen</translation>
    </message>
    <message>
        <source>Take this confirmation and its scan out of the case; it can be undone</source>
        <translation>Diese Bestätigung und ihre Aufnahme aus dem Fall nehmen; lässt sich rückgängig machen</translation>
    </message>
    <message>
        <source>Confirmation {name} removed</source>
        <translation>Bestätigung {name} entfernt</translation>
    </message>
    <message>
        <source>Ablation zone, scan {name}</source>
        <translation>Ablationszone, Aufnahme {name}</translation>
    </message>
    <message>
        <source>least margin {mm} mm</source>
        <translation>kleinster Abstand {mm} mm</translation>
    </message>
    <message>
        <source>Bringing the zone of {name} back</source>
        <translation>Zone von {name} wird zurückgeholt</translation>
    </message>
    <message>
        <source>Target and {mm} mm margin</source>
        <translation>Ziel und {mm} mm Sicherheitsabstand</translation>
    </message>
    <message>
        <source>Confirm with a second scan</source>
        <translation>Mit zweiter Aufnahme bestätigen</translation>
    </message>
    <message>
        <source> % of length</source>
        <translation> % der Länge</translation>
    </message>
    <message>
        <source>Scan after</source>
        <translation>Aufnahme danach</translation>
    </message>
    <message>
        <source>Treated</source>
        <translation>Behandelt</translation>
    </message>
    <message>
        <source>Contraction (assumed)</source>
        <translation>Schrumpfung (angenommen)</translation>
    </message>
    <message>
        <source>File…</source>
        <translation>Datei…</translation>
    </message>
    <message>
        <source>Confirm</source>
        <translation>Bestätigen</translation>
    </message>
    <message>
        <source>The scan after is brought to the place of the scan before, the ablation zone in it is found, and the margin around the tumour of before is measured. Best is a scan in the portal venous phase.</source>
        <translation>Die Aufnahme danach wird mit der davor zur Deckung gebracht, die Ablationszone darin gefunden und der Abstand um den Tumor von vorher gemessen. Am besten eignet sich eine portalvenöse Aufnahme.</translation>
    </message>
    <message>
        <source>Folder…</source>
        <translation>Ordner…</translation>
    </message>
    <message>
        <source>How much shorter coagulated tissue is than it was. 0 takes the zone as it is seen; more makes the margin larger. It is an assumption, no measurement.</source>
        <translation>Um wie viel koaguliertes Gewebe kürzer ist als zuvor. 0 nimmt die Zone, wie sie zu sehen ist; mehr vergrößert den Abstand. Das ist eine Annahme, keine Messung.</translation>
    </message>
    <message>
        <source>choose it</source>
        <translation>bitte wählen</translation>
    </message>
    <message>
        <source>found by the program</source>
        <translation>vom Programm gefunden</translation>
    </message>
    <message>
        <source>The scan needs a name.</source>
        <translation>Die Aufnahme braucht einen Namen.</translation>
    </message>
    <message>
        <source>Outline of the ablation zone</source>
        <translation>Umriss der Ablationszone</translation>
    </message>
    <message>
        <source>Plan {name}: {target}</source>
        <translation>Plan {name}: {target}</translation>
    </message>
    <message>
        <source>{target}, without a plan</source>
        <translation>{target}, ohne Plan</translation>
    </message>
    <message>
        <source>The case has a scan of that name: choose another one.</source>
        <translation>Der Fall hat schon eine Aufnahme dieses Namens: bitte einen anderen wählen.</translation>
    </message>
    <message>
        <source>after {number}</source>
        <translation>nachher {number}</translation>
    </message>
    <message>
        <source>A scan of this patient after the treatment tells whether the ablation covers the tumour.</source>
        <translation>Eine Aufnahme dieses Patienten nach der Behandlung zeigt, ob die Ablation den Tumor erfasst.</translation>
    </message>
    <message>
        <source>Confirming with {name}</source>
        <translation>Bestätigung mit {name}</translation>
    </message>
    <message>
        <source>What is {name}?</source>
        <translation>Was ist {name}?</translation>
    </message>
    <message>
        <source>Scan after the treatment</source>
        <translation>Aufnahme nach der Behandlung</translation>
    </message>
    <message>
        <source>A new case</source>
        <translation>Ein neuer Fall</translation>
    </message>
    <message>
        <source>Confirmation {name}</source>
        <translation>Bestätigung {name}</translation>
    </message>
    <message>
        <source>Take</source>
        <translation>Nehmen</translation>
    </message>
    <message>
        <source>Confirmations</source>
        <translation>Bestätigungen</translation>
    </message>
    <message>
        <source>No scan after the treatment yet</source>
        <translation>Noch keine Aufnahme nach der Behandlung</translation>
    </message>
    <message>
        <source>How much of the scan after</source>
        <translation>Wie viel von der Aufnahme danach</translation>
    </message>
    <message>
        <source>Show the simulated zone too</source>
        <translation>Auch die simulierte Zone zeigen</translation>
    </message>
    <message>
        <source>Numbers of the confirmations</source>
        <translation>Zahlen der Bestätigungen</translation>
    </message>
    <message>
        <source>Second scan…</source>
        <translation>Zweite Aufnahme…</translation>
    </message>
    <message>
        <source>Confirm the ablation with a scan after it</source>
        <translation>Die Ablation mit einer Aufnahme danach bestätigen</translation>
    </message>
    <message>
        <source>Show zone and margins of this confirmation in the views</source>
        <translation>Zone und Abstände dieser Bestätigung in den Ansichten zeigen</translation>
    </message>
    <message>
        <source>complete with margin</source>
        <translation>vollständig mit Sicherheitsabstand</translation>
    </message>
    <message>
        <source>incomplete</source>
        <translation>unvollständig</translation>
    </message>
    <message>
        <source>uncertain</source>
        <translation>unsicher</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>Vorher</translation>
    </message>
    <message>
        <source>Slices show the scan before</source>
        <translation>Schichten zeigen die Aufnahme davor</translation>
    </message>
    <message>
        <source>Fade</source>
        <translation>Überblenden</translation>
    </message>
    <message>
        <source>Both scans over each other: the slider fades from one to the other</source>
        <translation>Beide Aufnahmen übereinander: der Regler blendet von einer zur anderen</translation>
    </message>
    <message>
        <source>Checkerboard</source>
        <translation>Schachbrett</translation>
    </message>
    <message>
        <source>Squares of both scans: where they fit, edges go on</source>
        <translation>Felder beider Aufnahmen: wo sie passen, laufen Kanten weiter</translation>
    </message>
    <message>
        <source>After</source>
        <translation>Nachher</translation>
    </message>
    <message>
        <source>Slices show the scan after, brought to the place of the scan before</source>
        <translation>Schichten zeigen die Aufnahme danach, zur Deckung gebracht mit der davor</translation>
    </message>
    <message>
        <source>Registration good</source>
        <translation>Registrierung gut</translation>
    </message>
    <message>
        <source>Registration fair: look at both scans</source>
        <translation>Registrierung mäßig: beide Aufnahmen ansehen</translation>
    </message>
    <message>
        <source>REGISTRATION POOR: do not rely on the verdict</source>
        <translation>REGISTRIERUNG SCHLECHT: dem Urteil nicht vertrauen</translation>
    </message>
    <message>
        <source>Registration not checked: look at both scans</source>
        <translation>Registrierung nicht geprüft: beide Aufnahmen ansehen</translation>
    </message>
    <message>
        <source>Generated patient</source>
        <translation>Erzeugter Patient</translation>
    </message>
    <message>
        <source>before</source>
        <translation>vorher</translation>
    </message>
    <message>
        <source>after</source>
        <translation>nachher</translation>
    </message>
    <message>
        <source>Contraction of coagulated tissue: {percent} % of length (assumed)</source>
        <translation>Schrumpfung koagulierten Gewebes: {percent} % der Länge (angenommen)</translation>
    </message>
    <message>
        <source>margin in mm, part of the target&apos;s surface</source>
        <translation>Abstand in mm, Anteil der Oberfläche des Ziels</translation>
    </message>
    <message>
        <source>Margins over the surface of the target</source>
        <translation>Abstände über die Oberfläche des Ziels</translation>
    </message>
    <message>
        <source>{below} % of the surface below 0 mm, {narrow} % from 0 to {wanted} mm, {safe} % above</source>
        <translation>{below} % der Oberfläche unter 0 mm, {narrow} % von 0 bis {wanted} mm, {safe} % darüber</translation>
    </message>
    <message>
        <source>least {mm} mm</source>
        <translation>kleinster {mm} mm</translation>
    </message>
    <message>
        <source>after the treatment, with a second scan</source>
        <translation>nach der Behandlung, mit zweiter Aufnahme</translation>
    </message>
    <message>
        <source>{scan}: complete with margin</source>
        <translation>{scan}: vollständig mit Sicherheitsabstand</translation>
    </message>
    <message>
        <source>{scan}: borderline</source>
        <translation>{scan}: grenzwertig</translation>
    </message>
    <message>
        <source>{scan}: incomplete</source>
        <translation>{scan}: unvollständig</translation>
    </message>
    <message>
        <source>{scan}: uncertain</source>
        <translation>{scan}: unsicher</translation>
    </message>
    <message>
        <source>Second scan</source>
        <translation>Zweite Aufnahme</translation>
    </message>
    <message>
        <source>Worst point</source>
        <translation>Schlechteste Stelle</translation>
    </message>
    <message>
        <source>Compare scans</source>
        <translation>Aufnahmen vergleichen</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>Scan: before</source>
        <translation>Aufnahme: vorher</translation>
    </message>
    <message>
        <source>{name} over before: {share} %</source>
        <translation>{name} über vorher: {share} %</translation>
    </message>
    <message>
        <source>before {first}, {name} {second}</source>
        <translation>vorher {first}, {name} {second}</translation>
    </message>
    <message>
        <source>Squares: before, {name}</source>
        <translation>Felder: vorher, {name}</translation>
    </message>
    <message>
        <source>Scan: {name}</source>
        <translation>Aufnahme: {name}</translation>
    </message>
    <message>
        <source>distance of the surfaces of {name}</source>
        <translation>Abstand der Oberflächen: {name}</translation>
    </message>
    <message>
        <source>mean {mm} mm, 95 % within {p95} mm</source>
        <translation>im Mittel {mm} mm, 95 % innerhalb von {p95} mm</translation>
    </message>
    <message>
        <source>target registration error {mm} mm (largest {most} mm) at {count} landmarks, which took no part in the fit</source>
        <translation>Registrierungsfehler {mm} mm (größter {most} mm) an {count} Landmarken, die nicht an der Anpassung beteiligt waren</translation>
    </message>
    <message>
        <source>neither landmarks nor an organ outlined in both scans</source>
        <translation>weder Landmarken noch ein in beiden Aufnahmen konturiertes Organ</translation>
    </message>
    <message>
        <source>margin {mm} mm, but the error of the registration is not checked</source>
        <translation>Abstand {mm} mm, aber der Fehler der Registrierung ist nicht geprüft</translation>
    </message>
    <message>
        <source>from incomplete to borderline</source>
        <translation>von unvollständig bis grenzwertig</translation>
    </message>
    <message>
        <source>from incomplete to complete with margin</source>
        <translation>von unvollständig bis vollständig mit Sicherheitsabstand</translation>
    </message>
    <message>
        <source>from borderline to complete with margin</source>
        <translation>von grenzwertig bis vollständig mit Sicherheitsabstand</translation>
    </message>
    <message>
        <source>the outline of {name} is to be confirmed first</source>
        <translation>zuerst ist der Umriss zu bestätigen: {name}</translation>
    </message>
    <message>
        <source>Error of the registration</source>
        <translation>Fehler der Registrierung</translation>
    </message>
    <message>
        <source>{mm} mm rim covered</source>
        <translation>{mm}-mm-Saum abgedeckt</translation>
    </message>
    <message>
        <source>Rim not covered</source>
        <translation>Saum nicht abgedeckt</translation>
    </message>
    <message>
        <source>Rim not covered, volume</source>
        <translation>Saum nicht abgedeckt, Volumen</translation>
    </message>
    <message>
        <source>Ablation zone on the scan after</source>
        <translation>Ablationszone auf der Aufnahme danach</translation>
    </message>
    <message>
        <source>Overlap with the simulated zone (Dice)</source>
        <translation>Überlappung mit der simulierten Zone (Dice)</translation>
    </message>
    <message>
        <source>Simulated zone, along the applicator</source>
        <translation>Simulierte Zone, entlang des Applikators</translation>
    </message>
    <message>
        <source>Simulated zone, across it</source>
        <translation>Simulierte Zone, quer dazu</translation>
    </message>
    <message>
        <source>Zone on the scan after, along the applicator</source>
        <translation>Zone auf der Aufnahme danach, entlang des Applikators</translation>
    </message>
    <message>
        <source>Zone on the scan after, across it</source>
        <translation>Zone auf der Aufnahme danach, quer dazu</translation>
    </message>
    <message>
        <source>{share} % of the target&apos;s surface lie within {mm} mm of the surface of the organ</source>
        <translation>{share} % der Oberfläche des Ziels liegen höchstens {mm} mm unter der Oberfläche des Organs</translation>
    </message>
    <message>
        <source>{ml} ml of {name} are not covered</source>
        <translation>{ml} ml nicht abgedeckt: {name}</translation>
    </message>
    <message>
        <source>percent of {name} within {mm} mm of {name_2}</source>
        <translation>Prozent im Umkreis von {mm} mm um {name_2}: {name}</translation>
    </message>
    <message>
        <source>of {name} within {mm} mm of {name_2}</source>
        <translation>im Umkreis von {mm} mm um {name_2}: {name}</translation>
    </message>
    <message>
        <source>worst at this place</source>
        <translation>am schlechtesten an dieser Stelle</translation>
    </message>
    <message>
        <source>outline that was given</source>
        <translation>vorgegebener Umriss</translation>
    </message>
    <message>
        <source>darker than the liver ({zone} against {liver} HU), border at {border} HU</source>
        <translation>dunkler als die Leber ({zone} gegen {liver} HU), Grenze bei {border} HU</translation>
    </message>
    <message>
        <source>plan {plan}, {ml} ml simulated</source>
        <translation>Plan {plan}, {ml} ml simuliert</translation>
    </message>
    <message>
        <source>the error of the registration is not checked</source>
        <translation>der Fehler der Registrierung ist nicht geprüft</translation>
    </message>
    <message>
        <source>look at both scans side by side</source>
        <translation>beide Aufnahmen nebeneinander ansehen</translation>
    </message>
    <message>
        <source>the registration is {mm} mm off</source>
        <translation>die Registrierung liegt {mm} mm daneben</translation>
    </message>
    <message>
        <source>do not rely on what was carried over</source>
        <translation>dem Übertragenen nicht vertrauen</translation>
    </message>
    <message>
        <source>the deformation folds over in {share} % of the region</source>
        <translation>die Verformung faltet sich in {share} % des Gebiets</translation>
    </message>
    <message>
        <source>the scans share {share} % of the body only</source>
        <translation>die Aufnahmen haben nur {share} % des Körpers gemeinsam</translation>
    </message>
    <message>
        <source>the ablation zone is to be looked at</source>
        <translation>die Ablationszone ist anzusehen</translation>
    </message>
    <message>
        <source>the liver of the scan after was not found</source>
        <translation>die Leber der Aufnahme danach wurde nicht gefunden</translation>
    </message>
    <message>
        <source>reading the scan after</source>
        <translation>Aufnahme danach wird gelesen</translation>
    </message>
    <message>
        <source>confirming the ablation</source>
        <translation>Ablation wird bestätigt</translation>
    </message>
    <message>
        <source>aligning the scans</source>
        <translation>Aufnahmen werden ausgerichtet</translation>
    </message>
    <message>
        <source>following the deformation</source>
        <translation>Verformung wird verfolgt</translation>
    </message>
    <message>
        <source>measuring the ablation zone</source>
        <translation>Ablationszone wird gemessen</translation>
    </message>
    <message>
        <source>bringing the zone back</source>
        <translation>Zone wird zurückgeholt</translation>
    </message>
    <message>
        <source>follow-up, control, post-ablation, after treatment, registration, success</source>
        <translation>Verlaufskontrolle, Kontrolle, nach der Ablation, nach der Behandlung, Registrierung, Erfolg</translation>
    </message>
    <message>
        <source>overlay, blend, checkerboard, registration quality, fusion</source>
        <translation>Überlagerung, überblenden, Schachbrett, Güte der Registrierung, Fusion</translation>
    </message>
    <message>
        <source>before and after, toggle scans, flicker</source>
        <translation>vorher und nachher, Aufnahmen wechseln, flackern</translation>
    </message>
    <message>
        <source>Go to the worst point: {mm} mm</source>
        <translation>Zur schlechtesten Stelle: {mm} mm</translation>
    </message>
    <message>
        <source>Worst point at {place}</source>
        <translation>Schlechteste Stelle bei {place}</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>After the last power is off</source>
        <translation>Nachdem die letzte Leistung aus ist</translation>
    </message>
    <message>
        <source>Applicator {number}: {device}</source>
        <translation>Applikator {number}: {device}</translation>
    </message>
    <message>
        <source>Arrhenius integral of 1</source>
        <translation>Arrhenius-Integral von 1</translation>
    </message>
    <message>
        <source>Course</source>
        <translation>Zeitverlauf</translation>
    </message>
    <message>
        <source>Course of the generator</source>
        <translation>Verlauf des Generators</translation>
    </message>
    <message>
        <source>Each freeze of applicator {number}</source>
        <translation>Jedes Einfrieren von Applikator {number}</translation>
    </message>
    <message>
        <source>Edge of the voxels: a coarse grid is quick</source>
        <translation>Kante der Voxel: ein grobes Gitter rechnet schnell</translation>
    </message>
    <message>
        <source>Go on afterwards</source>
        <translation>Weiterrechnen danach</translation>
    </message>
    <message>
        <source>Grid</source>
        <translation>Gitter</translation>
    </message>
    <message>
        <source>Ice</source>
        <translation>Eis</translation>
    </message>
    <message>
        <source>Impedance</source>
        <translation>Impedanz</translation>
    </message>
    <message>
        <source>Lethal zone</source>
        <translation>Letale Zone</translation>
    </message>
    <message>
        <source>Of the perfusion of every tissue</source>
        <translation>Von der Durchblutung jedes Gewebes</translation>
    </message>
    <message>
        <source>Perfusion</source>
        <translation>Durchblutung</translation>
    </message>
    <message>
        <source>Power</source>
        <translation>Leistung</translation>
    </message>
    <message>
        <source>Power as set</source>
        <translation>Eingestellte Leistung</translation>
    </message>
    <message>
        <source>Power, impedance and temperatures over time</source>
        <translation>Leistung, Impedanz und Temperaturen über die Zeit</translation>
    </message>
    <message>
        <source>Simulation</source>
        <translation>Simulation</translation>
    </message>
    <message>
        <source>Start of applicator {number}</source>
        <translation>Beginn von Applikator {number}</translation>
    </message>
    <message>
        <source>Temperature of the needle</source>
        <translation>Temperatur der Nadel</translation>
    </message>
    <message>
        <source>Tissue is dead</source>
        <translation>Gewebe ist tot</translation>
    </message>
    <message>
        <source>What decides that tissue is dead; all are kept</source>
        <translation>Was darüber entscheidet, dass Gewebe tot ist; alle werden aufgehoben</translation>
    </message>
    <message>
        <source>applicator {number}: its tip went {mm} mm along the axis, the place of its heat stays</source>
        <translation>Applikator {number}: seine Spitze ist {mm} mm längs der Achse gerückt, der Ort seiner Wärme bleibt</translation>
    </message>
    <message>
        <source>applicator {number}: {before} became {after}</source>
        <translation>Applikator {number}: aus {before} wurde {after}</translation>
    </message>
    <message>
        <source>from {file}</source>
        <translation>aus {file}</translation>
    </message>
    <message>
        <source>lethal zone {value} ml, ice {ice} ml</source>
        <translation>letale Zone {value} ml, Eis {ice} ml</translation>
    </message>
    <message>
        <source>lethally cold</source>
        <translation>tödlich kalt</translation>
    </message>
    <message>
        <source>not lethally cold</source>
        <translation>nicht tödlich kalt</translation>
    </message>
    <message>
        <source>min</source>
        <translation>min</translation>
    </message>
    <message>
        <source>nothing is assumed</source>
        <translation>nichts ist angenommen</translation>
    </message>
    <message>
        <source>nothing was recorded: simulate the plan again</source>
        <translation>nichts wurde aufgezeichnet: den Plan noch einmal simulieren</translation>
    </message>
    <message>
        <source>of the saved plan</source>
        <translation>des gespeicherten Plans</translation>
    </message>
    <message>
        <source>once at -20 °C</source>
        <translation>einmal bei -20 °C</translation>
    </message>
    <message>
        <source>once at -40 °C</source>
        <translation>einmal bei -40 °C</translation>
    </message>
    <message>
        <source>once at 50 °C</source>
        <translation>einmal bei 50 °C</translation>
    </message>
    <message>
        <source>once at 60 °C</source>
        <translation>einmal bei 60 °C</translation>
    </message>
    <message>
        <source>source</source>
        <translation>Quelle</translation>
    </message>
    <message>
        <source>time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>the protocol of the device freezes so long, thaws, and freezes again</source>
        <translation>das Protokoll des Geräts friert so lange ein, taut und friert wieder ein</translation>
    </message>
    <message>
        <source>thermal dose of 240 min (CEM43)</source>
        <translation>thermische Dosis von 240 min (CEM43)</translation>
    </message>
    <message>
        <source>this device is not in the catalog</source>
        <translation>dieses Gerät steht nicht im Katalog</translation>
    </message>
    <message>
        <source>when it begins, after the plan does</source>
        <translation>wann er beginnt, nach dem Beginn des Plans</translation>
    </message>
    <message>
        <source>{count} of its numbers are assumed</source>
        <translation>{count} seiner Zahlen sind angenommen</translation>
    </message>
    <message>
        <source>{value} kJ given by the generator</source>
        <translation>{value} kJ vom Generator abgegeben</translation>
    </message>
    <message>
        <source>{value} kJ as set (not measured)</source>
        <translation>{value} kJ wie eingestellt (nicht gemessen)</translation>
    </message>
    <message>
        <source>{value} s without power</source>
        <translation>{value} s ohne Leistung</translation>
    </message>
    <message>
        <source>at most {value} W</source>
        <translation>höchstens {value} W</translation>
    </message>
    <message>
        <source>set to {value} W</source>
        <translation>eingestellt auf {value} W</translation>
    </message>
    <message>
        <source>impedance at least {low}, at the end {high} ohm</source>
        <translation>Impedanz mindestens {low}, am Ende {high} Ohm</translation>
    </message>
    <message>
        <source>sensors at most {value} degC</source>
        <translation>Fühler höchstens {value} degC</translation>
    </message>
    <message>
        <source>needle at {value} degC or warmer</source>
        <translation>Nadel bei {value} degC oder wärmer</translation>
    </message>
    <message>
        <source>the margin of {mm} mm around {name} is not reached: {reached} mm with a duty cycle of {power} % for each freeze of {seconds} s</source>
        <translation>der Rand von {mm} mm um {name} wird nicht erreicht: {reached} mm mit einer Einschaltdauer von {power} % bei jedem Einfrieren von {seconds} s</translation>
    </message>
    <message>
        <source>no tissue is cold enough around {name}</source>
        <translation>um {name} ist kein Gewebe kalt genug</translation>
    </message>
    <message>
        <source>{depth} mm deep, {tilt}° to axial, {power} %, {time} min</source>
        <translation>{depth} mm tief, {tilt}° zu axial, {power} %, {time} min</translation>
    </message>
    <message>
        <source>Hottest so far (1 at 50 °C)</source>
        <translation>Bisher heißeste (1 bei 50 °C)</translation>
    </message>
    <message>
        <source>Hottest so far (1 at 60 °C)</source>
        <translation>Bisher heißeste (1 bei 60 °C)</translation>
    </message>
    <message>
        <source>Thermal dose (1 at the limit)</source>
        <translation>Thermische Dosis (1 an der Grenze)</translation>
    </message>
    <message>
        <source>Next scan</source>
        <translation>Nächste</translation>
    </message>
    <message>
        <source>vendor&apos;s ellipsoid, manufacturer, zone, compare, physics</source>
        <translation>Ellipsoid des Herstellers, Zone, vergleichen, Physik</translation>
    </message>
    <message>
        <source>Ellipsoid of the device table</source>
        <translation>Ellipsoid der Gerätetabelle</translation>
    </message>
    <message>
        <source>Draw the zone that the device&apos;s table promises beside what is simulated, with both margins</source>
        <translation>Die Zone, die die Tabelle des Geräts verspricht, neben die simulierte zeichnen, mit beiden Abständen</translation>
    </message>
    <message>
        <source>preview {margin}</source>
        <translation>Vorschau {margin}</translation>
    </message>
    <message>
        <source>simulated {margin}</source>
        <translation>simuliert {margin}</translation>
    </message>
    <message>
        <source>Measuring the table&apos;s ellipsoid</source>
        <translation>Ellipsoid der Tabelle wird vermessen</translation>
    </message>
    <message>
        <source>Table: no zone</source>
        <translation>Tabelle: keine Zone</translation>
    </message>
    <message>
        <source>Margin: table {table}, {other}</source>
        <translation>Abstand: Tabelle {table}, {other}</translation>
    </message>
    <message>
        <source>Table {table}, {other}</source>
        <translation>Tabelle {table}, {other}</translation>
    </message>
    <message>
        <source>Table: {why}</source>
        <translation>Tabelle: {why}</translation>
    </message>
    <message>
        <source>the table of {device} promises nothing for {setting} {value} {unit} and {seconds} s ({place})</source>
        <translation>die Tabelle von {device} verspricht nichts für {setting} {value} {unit} und {seconds} s ({place})</translation>
    </message>
    <message>
        <source>it reaches from {low} to {high} {unit} and from {first} to {last} s</source>
        <translation>sie reicht von {low} bis {high} {unit} und von {first} bis {last} s</translation>
    </message>
    <message>
        <source>device {device} has no table of zones ({place})</source>
        <translation>das Gerät {device} hat keine Tabelle von Zonen ({place})</translation>
    </message>
    <message>
        <source>simulate the plan</source>
        <translation>den Plan simulieren</translation>
    </message>
    <message>
        <source>Cryoneedle, generic 17 G argon</source>
        <translation>Kryonadel, generisch, 17 G, Argon</translation>
    </message>
    <message>
        <source>Microwave antenna, generic 2.45 GHz</source>
        <translation>Mikrowellenantenne, generisch, 2.45 GHz</translation>
    </message>
    <message>
        <source>Radiofrequency electrode, internally cooled, 20 mm tip</source>
        <translation>Radiofrequenzelektrode, innen gekühlt, Spitze 20 mm</translation>
    </message>
    <message>
        <source>Radiofrequency electrode, internally cooled, 30 mm tip</source>
        <translation>Radiofrequenzelektrode, innen gekühlt, Spitze 30 mm</translation>
    </message>
    <message>
        <source>Radiofrequency electrode, nine tines, 35 mm across</source>
        <translation>Radiofrequenzelektrode, neun Zinken, 35 mm weit</translation>
    </message>
    <message>
        <source>Sensors at the tips of the tines</source>
        <translation>Sensoren an den Spitzen der Zinken</translation>
    </message>
    <message>
        <source>Smallest margin {name} mm</source>
        <translation>Kleinster Abstand {name} mm</translation>
    </message>
    <message>
        <source>The full simulation follows when the hand rests</source>
        <translation>Die volle Simulation folgt, wenn die Hand ruht</translation>
    </message>
    <message>
        <source>The preview has a grid of its own; all else it goes by too.</source>
        <translation>Die Vorschau hat ihr eigenes Gitter; nach allem anderen richtet auch sie sich.</translation>
    </message>
    <message>
        <source>Tissue at the cooled tip</source>
        <translation>Gewebe an der gekühlten Spitze</translation>
    </message>
    <message>
        <source>aorta {hu} HU</source>
        <translation>Aorta {hu} HU</translation>
    </message>
    <message>
        <source>arterial</source>
        <translation>arteriell</translation>
    </message>
    <message>
        <source>late arterial</source>
        <translation>spätarteriell</translation>
    </message>
    <message>
        <source>native</source>
        <translation>nativ</translation>
    </message>
    <message>
        <source>delayed</source>
        <translation>spät</translation>
    </message>
    <message>
        <source>coarser voxels are faster</source>
        <translation>gröbere Voxel sind schneller</translation>
    </message>
    <message>
        <source>contrast phase: {list} ({list_2}), judged from the image and not from its header</source>
        <translation>Kontrastphase: {list} ({list_2}), nach dem Bild beurteilt, nicht nach seinem Kopf</translation>
    </message>
    <message>
        <source>its branches of about {mm} mm are not seen in voxels of {side} mm</source>
        <translation>seine Äste von etwa {mm} mm sieht man in Voxeln von {side} mm nicht</translation>
    </message>
    <message>
        <source>liver parenchyma {hu} HU, standard deviation {sd} HU</source>
        <translation>Leberparenchym {hu} HU, Standardabweichung {sd} HU</translation>
    </message>
    <message>
        <source>liver {hu} HU</source>
        <translation>Leber {hu} HU</translation>
    </message>
    <message>
        <source>no arterial tree</source>
        <translation>kein Baum der Arterien</translation>
    </message>
    <message>
        <source>no hepatic tree</source>
        <translation>kein Baum der Lebervenen</translation>
    </message>
    <message>
        <source>no portal tree</source>
        <translation>kein Baum der Pfortader</translation>
    </message>
    <message>
        <source>portal venous</source>
        <translation>portalvenös</translation>
    </message>
    <message>
        <source>renal cortex {cortex} and medulla {medulla} HU</source>
        <translation>Nierenrinde {cortex} und Nierenmark {medulla} HU</translation>
    </message>
    <message>
        <source>spleen {hu} HU</source>
        <translation>Milz {hu} HU</translation>
    </message>
    <message>
        <source>the labels have no {name}</source>
        <translation>die Umrisse enthalten nicht: {name}</translation>
    </message>
    <message>
        <source>the run takes {cost}, some {minutes} min</source>
        <translation>der Lauf braucht {cost}, etwa {minutes} min</translation>
    </message>
    <message>
        <source>tissue at the cooled tip at most {value} degC</source>
        <translation>Gewebe an der gekühlten Spitze höchstens {value} degC</translation>
    </message>
    <message>
        <source>{label} (target) check</source>
        <translation>{label} (Ziel) ist zu prüfen</translation>
    </message>
    <message>
        <source>{name}, which holds the point {place}</source>
        <translation>{name}, enthält den Punkt {place}</translation>
    </message>
    <message>
        <source>{reading}, limit {limit}</source>
        <translation>{reading}, Grenzwert {limit}</translation>
    </message>
    <message>
        <source>the blood of {name} flows {mm} mm from there</source>
        <translation>Blut darin fließt {mm} mm davon entfernt: {name}</translation>
    </message>
    <message>
        <source>no treatment coagulates it</source>
        <translation>keine Behandlung koaguliert es</translation>
    </message>
    <message>
        <source>{mm} mm elsewhere</source>
        <translation>sonst {mm} mm</translation>
    </message>
    <message>
        <source>up to {power} W and {minutes} min</source>
        <translation>bis {power} W und {minutes} min</translation>
    </message>
    <message>
        <source>target is a lesion</source>
        <translation>Ziel ist eine Läsion</translation>
    </message>
    <message>
        <source>{name} is no tumour or lesion</source>
        <translation>{name} ist weder Tumor noch Läsion</translation>
    </message>
    <message>
        <source>they work one after the other, so draw the first before the second goes in</source>
        <translation>sie arbeiten nacheinander, also den ersten ziehen, bevor der zweite eingeführt wird</translation>
    </message>
    <message>
        <source>voxels of {mm} mm are coarse: volume and margin are rough, 1 mm is usual</source>
        <translation>Voxel von {mm} mm sind grob: Volumen und Abstand sind ungenau, üblich ist 1 mm</translation>
    </message>
    <message>
        <source>no vessel is segmented: what large vessels would cool is not in the zone</source>
        <translation>kein Gefäß ist segmentiert: was große Gefäße kühlen würden, fehlt in der Zone</translation>
    </message>
    <message>
        <source>simulated by another state of the physics ({before}, now {now})</source>
        <translation>mit einem anderen Stand der Physik simuliert ({before}, jetzt {now})</translation>
    </message>
    <message>
        <source>simulate again before judging</source>
        <translation>vor dem Urteil neu simulieren</translation>
    </message>
    <message>
        <source>no layout that keeps the hard rules can be simulated</source>
        <translation>keine Anordnung, die die festen Regeln einhält, lässt sich simulieren</translation>
    </message>
    <message>
        <source>every entry that was tried comes within {mm} mm of an applicator of another target</source>
        <translation>jeder versuchte Zugang kommt näher als {mm} mm an einen Applikator eines anderen Ziels</translation>
    </message>
    <message>
        <source>Left atrium</source>
        <translation>Linker Vorhof</translation>
    </message>
    <message>
        <source>Left atrial appendage</source>
        <translation>Linkes Herzohr</translation>
    </message>
    <message>
        <source>Left superior pulmonary vein</source>
        <translation>Linke obere Lungenvene</translation>
    </message>
    <message>
        <source>Left inferior pulmonary vein</source>
        <translation>Linke untere Lungenvene</translation>
    </message>
    <message>
        <source>Left common pulmonary vein</source>
        <translation>Gemeinsame linke Lungenvene</translation>
    </message>
    <message>
        <source>Right superior pulmonary vein</source>
        <translation>Rechte obere Lungenvene</translation>
    </message>
    <message>
        <source>Right inferior pulmonary vein</source>
        <translation>Rechte untere Lungenvene</translation>
    </message>
    <message>
        <source>Right middle pulmonary vein</source>
        <translation>Rechte mittlere Lungenvene</translation>
    </message>
    <message>
        <source>Wall of the left atrium</source>
        <translation>Wand des linken Vorhofs</translation>
    </message>
    <message>
        <source>Fibrosis of the left atrium</source>
        <translation>Fibrose des linken Vorhofs</translation>
    </message>
    <message>
        <source>Left ventricle</source>
        <translation>Linke Herzkammer</translation>
    </message>
    <message>
        <source>Muscle of the left ventricle</source>
        <translation>Muskel der linken Herzkammer</translation>
    </message>
    <message>
        <source>Right atrium</source>
        <translation>Rechter Vorhof</translation>
    </message>
    <message>
        <source>Right ventricle</source>
        <translation>Rechte Herzkammer</translation>
    </message>
    <message>
        <source>Pulmonary artery</source>
        <translation>Lungenarterie</translation>
    </message>
    <message>
        <source>Superior vena cava</source>
        <translation>Obere Hohlvene</translation>
    </message>
    <message>
        <source>Aortic root (coronary ostia)</source>
        <translation>Aortenwurzel (Koronarostien)</translation>
    </message>
    <message>
        <source>the case has no heart chamber</source>
        <translation>der Fall hat keine Herzhöhle</translation>
    </message>
    <message>
        <source>Building the left atrium</source>
        <translation>Linker Vorhof wird aufgebaut</translation>
    </message>
    <message>
        <source>Show the chamber</source>
        <translation>Herzhöhle zeigen</translation>
    </message>
    <message>
        <source>Show the heart chamber before the other structures, or only those</source>
        <translation>Die Herzhöhle vor den anderen Strukturen zeigen, oder nur diese</translation>
    </message>
    <message>
        <source>Next map</source>
        <translation>Nächste Karte</translation>
    </message>
    <message>
        <source>Colour the chamber by the next map</source>
        <translation>Die Herzhöhle nach der nächsten Karte einfärben</translation>
    </message>
    <message>
        <source>Build the left atrium</source>
        <translation>Linken Vorhof aufbauen</translation>
    </message>
    <message>
        <source>Its wall as a surface with openings, regions, fibres and, where it is known, fibrosis</source>
        <translation>Seine Wand als Fläche mit Öffnungen, Regionen, Fasern und, wo bekannt, Fibrose</translation>
    </message>
    <message>
        <source>Place a pacing site</source>
        <translation>Stimulationsort setzen</translation>
    </message>
    <message>
        <source>Click on the wall: activation from there is shown at once</source>
        <translation>Auf die Wand klicken: die Erregung von dort wird sofort gezeigt</translation>
    </message>
    <message>
        <source>Remove the pacing site</source>
        <translation>Stimulationsort entfernen</translation>
    </message>
    <message>
        <source>Forget the site that the activation map is of</source>
        <translation>Den Ort vergessen, von dem die Erregungskarte ausgeht</translation>
    </message>
    <message>
        <source>Draw a lesion line</source>
        <translation>Läsionslinie zeichnen</translation>
    </message>
    <message>
        <source>Click from point to point on the wall; Enter or a double click ends the line</source>
        <translation>Auf der Wand von Punkt zu Punkt klicken; Eingabe oder ein Doppelklick beendet die Linie</translation>
    </message>
    <message>
        <source>Place lesion points</source>
        <translation>Läsionspunkte setzen</translation>
    </message>
    <message>
        <source>Click on the wall where the catheter ablates</source>
        <translation>Auf die Wand klicken, wo der Katheter abladiert</translation>
    </message>
    <message>
        <source>Remove the lesion</source>
        <translation>Läsion entfernen</translation>
    </message>
    <message>
        <source>Remove the lesion that is chosen in the list or by its handle</source>
        <translation>Die Läsion entfernen, die in der Liste oder durch ihren Griff gewählt ist</translation>
    </message>
    <message>
        <source>New plan of lesions</source>
        <translation>Neuer Plan mit Läsionen</translation>
    </message>
    <message>
        <source>A plan without lesions; lines and points are added to it</source>
        <translation>Ein Plan ohne Läsionen; Linien und Punkte kommen hinzu</translation>
    </message>
    <message>
        <source>Induce</source>
        <translation>Auslösen</translation>
    </message>
    <message>
        <source>Play what was induced</source>
        <translation>Ausgelöstes abspielen</translation>
    </message>
    <message>
        <source>Record what was induced from the site chosen, and play it on the wall</source>
        <translation>Aufzeichnen, was vom gewählten Ort ausgelöst wurde, und es auf der Wand abspielen</translation>
    </message>
    <message>
        <source>choose a lesion in the list first</source>
        <translation>zuerst eine Läsion in der Liste wählen</translation>
    </message>
    <message>
        <source>Left atrium built</source>
        <translation>Linker Vorhof aufgebaut</translation>
    </message>
    <message>
        <source>the left atrium is not outlined: find organs of the heart first</source>
        <translation>der linke Vorhof ist nicht umrissen: zuerst die Organe des Herzens finden</translation>
    </message>
    <message>
        <source>Standard lesions</source>
        <translation>Übliche Läsionen</translation>
    </message>
    <message>
        <source>Add the lines of a standard set to the plan shown</source>
        <translation>Die Linien eines üblichen Satzes zum gezeigten Plan hinzufügen</translation>
    </message>
    <message>
        <source>Colour by</source>
        <translation>Einfärben nach</translation>
    </message>
    <message>
        <source>there is no pacing site</source>
        <translation>es gibt keinen Stimulationsort</translation>
    </message>
    <message>
        <source>the plan shown has no lesion</source>
        <translation>der gezeigte Plan hat keine Läsion</translation>
    </message>
    <message>
        <source>no site is chosen from which anything was induced</source>
        <translation>es ist kein Ort gewählt, von dem etwas ausgelöst wurde</translation>
    </message>
    <message>
        <source>Heart (CT with contrast)</source>
        <translation>Herz (CT mit Kontrastmittel)</translation>
    </message>
    <message>
        <source>Left atrium (late enhancement)</source>
        <translation>Linker Vorhof (Spätanreicherung)</translation>
    </message>
    <message>
        <source>Segment the scan anew as a contrast CT of the heart</source>
        <translation>Den Scan neu segmentieren, als Kontrast-CT des Herzens</translation>
    </message>
    <message>
        <source>Segment the scan anew as late-enhancement MR of the left atrium</source>
        <translation>Den Scan neu segmentieren, als Spätanreicherungs-MRT des linken Vorhofs</translation>
    </message>
    <message>
        <source>resections are not simulated</source>
        <translation>Resektionen werden nicht simuliert</translation>
    </message>
    <message>
        <source>no arrhythmia was induced</source>
        <translation>es wurde keine Rhythmusstörung ausgelöst</translation>
    </message>
    <message>
        <source>its regions were not found</source>
        <translation>ihre Regionen wurden nicht gefunden</translation>
    </message>
    <message>
        <source>its tissue is not known</source>
        <translation>ihr Gewebe ist nicht bekannt</translation>
    </message>
    <message>
        <source>the thickness of its wall is not known</source>
        <translation>die Dicke ihrer Wand ist nicht bekannt</translation>
    </message>
    <message>
        <source>Inducing without lesions</source>
        <translation>Auslösen ohne Läsionen</translation>
    </message>
    <message>
        <source>Recording what {site} induced</source>
        <translation>Aufzeichnen, was {site} auslöste</translation>
    </message>
    <message>
        <source>Inducing, plan {name}</source>
        <translation>Auslösen, Plan {name}</translation>
    </message>
    <message>
        <source>site {number}</source>
        <translation>Ort {number}</translation>
    </message>
    <message>
        <source>the plan has these lesions already</source>
        <translation>der Plan hat diese Läsionen schon</translation>
    </message>
    <message>
        <source>Remove lesion {number}</source>
        <translation>Läsion {number} entfernen</translation>
    </message>
    <message>
        <source>no activation map: {why}</source>
        <translation>keine Erregungskarte: {why}</translation>
    </message>
    <message>
        <source>One colour</source>
        <translation>Eine Farbe</translation>
    </message>
    <message>
        <source>Regions</source>
        <translation>Regionen</translation>
    </message>
    <message>
        <source>Fibrosis</source>
        <translation>Fibrose</translation>
    </message>
    <message>
        <source>Thickness of the wall</source>
        <translation>Wanddicke</translation>
    </message>
    <message>
        <source>Activation</source>
        <translation>Erregung</translation>
    </message>
    <message>
        <source>Drivers</source>
        <translation>Treiber</translation>
    </message>
    <message>
        <source>Dominant frequency</source>
        <translation>Dominante Frequenz</translation>
    </message>
    <message>
        <source>Mitral valve</source>
        <translation>Mitralklappe</translation>
    </message>
    <message>
        <source>Mitral annulus</source>
        <translation>Mitralanulus</translation>
    </message>
    <message>
        <source>Roof</source>
        <translation>Dach</translation>
    </message>
    <message>
        <source>Posterior wall</source>
        <translation>Hinterwand</translation>
    </message>
    <message>
        <source>Inferior wall</source>
        <translation>Unterwand</translation>
    </message>
    <message>
        <source>Anterior wall</source>
        <translation>Vorderwand</translation>
    </message>
    <message>
        <source>Septum</source>
        <translation>Septum</translation>
    </message>
    <message>
        <source>Lateral wall</source>
        <translation>Seitenwand</translation>
    </message>
    <message>
        <source>Antrum right inferior</source>
        <translation>Antrum rechts unten</translation>
    </message>
    <message>
        <source>Antrum right superior</source>
        <translation>Antrum rechts oben</translation>
    </message>
    <message>
        <source>Antrum left inferior</source>
        <translation>Antrum links unten</translation>
    </message>
    <message>
        <source>Antrum left superior</source>
        <translation>Antrum links oben</translation>
    </message>
    <message>
        <source>Antrum left common</source>
        <translation>Antrum links gemeinsam</translation>
    </message>
    <message>
        <source>Antrum right middle</source>
        <translation>Antrum rechts Mitte</translation>
    </message>
    <message>
        <source>Tricuspid valve</source>
        <translation>Trikuspidalklappe</translation>
    </message>
    <message>
        <source>Healthy</source>
        <translation>Gesund</translation>
    </message>
    <message>
        <source>Interstitial</source>
        <translation>Interstitiell</translation>
    </message>
    <message>
        <source>Dense</source>
        <translation>Dicht</translation>
    </message>
    <message>
        <source>Tips of waves</source>
        <translation>Wellenspitzen</translation>
    </message>
    <message>
        <source>Voltage</source>
        <translation>Spannung</translation>
    </message>
    <message>
        <source>focal</source>
        <translation>fokal</translation>
    </message>
    <message>
        <source>macro re-entry</source>
        <translation>Makro-Reentry</translation>
    </message>
    <message>
        <source>rotors</source>
        <translation>Rotoren</translation>
    </message>
    <message>
        <source>fibrillation</source>
        <translation>Flimmern</translation>
    </message>
    <message>
        <source>LSPV</source>
        <translation>LSPV</translation>
    </message>
    <message>
        <source>LIPV</source>
        <translation>LIPV</translation>
    </message>
    <message>
        <source>LCPV</source>
        <translation>LCPV</translation>
    </message>
    <message>
        <source>RSPV</source>
        <translation>RSPV</translation>
    </message>
    <message>
        <source>RIPV</source>
        <translation>RIPV</translation>
    </message>
    <message>
        <source>RMPV</source>
        <translation>RMPV</translation>
    </message>
    <message>
        <source>Wide-area isolation of the veins</source>
        <translation>Weiträumige Isolation der Venen</translation>
    </message>
    <message>
        <source>Isolation of each vein</source>
        <translation>Isolation jeder Vene</translation>
    </message>
    <message>
        <source>Roof line</source>
        <translation>Dachlinie</translation>
    </message>
    <message>
        <source>Inferior line</source>
        <translation>Untere Linie</translation>
    </message>
    <message>
        <source>Box (roof and inferior line)</source>
        <translation>Box (Dach- und untere Linie)</translation>
    </message>
    <message>
        <source>Mitral line</source>
        <translation>Mitrallinie</translation>
    </message>
    <message>
        <source>Anterior line</source>
        <translation>Vordere Linie</translation>
    </message>
    <message>
        <source>Round the appendage</source>
        <translation>Um das Herzohr</translation>
    </message>
    <message>
        <source>Cavotricuspid line</source>
        <translation>Kavotrikuspidale Linie</translation>
    </message>
    <message>
        <source>Closed line, {width} mm wide</source>
        <translation>Geschlossene Linie, {width} mm breit</translation>
    </message>
    <message>
        <source>Line, {width} mm wide</source>
        <translation>Linie, {width} mm breit</translation>
    </message>
    <message>
        <source>Fibrosis: interstitial {interstitial} %, dense {dense} % of the wall&apos;s points</source>
        <translation>Fibrose: interstitiell {interstitial} %, dicht {dense} % der Punkte der Wand</translation>
    </message>
    <message>
        <source>Point, {power} W for {time} s</source>
        <translation>Punkt, {power} W für {time} s</translation>
    </message>
    <message>
        <source>Chamber</source>
        <translation>Herzhöhle</translation>
    </message>
    <message>
        <source>Coloured by</source>
        <translation>Eingefärbt nach</translation>
    </message>
    <message>
        <source>Pacing sites</source>
        <translation>Stimulationsorte</translation>
    </message>
    <message>
        <source>No site yet: press Place and click on the wall.</source>
        <translation>Noch kein Ort: Setzen drücken und auf die Wand klicken.</translation>
    </message>
    <message>
        <source>Standard set</source>
        <translation>Üblicher Satz</translation>
    </message>
    <message>
        <source>Inducibility</source>
        <translation>Auslösbarkeit</translation>
    </message>
    <message>
        <source>All active after</source>
        <translation>Alles erregt nach</translation>
    </message>
    <message>
        <source>Line</source>
        <translation>Linie</translation>
    </message>
    <message>
        <source>Points</source>
        <translation>Punkte</translation>
    </message>
    <message>
        <source>not reached</source>
        <translation>nicht erreicht</translation>
    </message>
    <message>
        <source>not induced</source>
        <translation>nicht ausgelöst</translation>
    </message>
    <message>
        <source>no capture</source>
        <translation>keine Antwort</translation>
    </message>
    <message>
        <source>Extra stimuli</source>
        <translation>Extrastimuli</translation>
    </message>
    <message>
        <source>Counts when it lasts</source>
        <translation>Zählt ab einer Dauer von</translation>
    </message>
    <message>
        <source>1 s (a quick look)</source>
        <translation>1 s (ein schneller Blick)</translation>
    </message>
    <message>
        <source>5 s</source>
        <translation>5 s</translation>
    </message>
    <message>
        <source>Outcomes of pacing</source>
        <translation>Ergebnisse der Stimulation</translation>
    </message>
    <message>
        <source>Not paced yet: press Induce.</source>
        <translation>Noch nicht stimuliert: Auslösen drücken.</translation>
    </message>
    <message>
        <source>with the lesions of the plan inducible from {count} of {all} sites</source>
        <translation>mit den Läsionen des Plans auslösbar von {count} von {all} Orten</translation>
    </message>
    <message>
        <source>without lesions inducible from {count} of {all} sites</source>
        <translation>ohne Läsionen auslösbar von {count} von {all} Orten</translation>
    </message>
    <message>
        <source>Site</source>
        <translation>Ort</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>Cycle</source>
        <translation>Zyklus</translation>
    </message>
    <message>
        <source>not induced, went on for {time} ms</source>
        <translation>nicht ausgelöst, lief {time} ms weiter</translation>
    </message>
    <message>
        <source>without lesions from {count}</source>
        <translation>ohne Läsionen von {count}</translation>
    </message>
    <message>
        <source>Lesions of the plan</source>
        <translation>Läsionen des Plans</translation>
    </message>
    <message>
        <source>No lesion yet: draw a line, or add a standard set.</source>
        <translation>Noch keine Läsion: eine Linie zeichnen oder einen üblichen Satz hinzufügen.</translation>
    </message>
    <message>
        <source>Veins</source>
        <translation>Venen</translation>
    </message>
    <message>
        <source>Vein</source>
        <translation>Vene</translation>
    </message>
    <message>
        <source>{length} mm of lines</source>
        <translation>{length} mm Linien</translation>
    </message>
    <message>
        <source>{count} with a warning</source>
        <translation>{count} mit Warnung</translation>
    </message>
    <message>
        <source>isolated</source>
        <translation>isoliert</translation>
    </message>
    <message>
        <source>connected</source>
        <translation>verbunden</translation>
    </message>
    <message>
        <source>voltage of the wall, from the last stimulus on</source>
        <translation>Spannung der Wand, ab dem letzten Stimulus</translation>
    </message>
    <message>
        <source>{now} / {end} ms</source>
        <translation>{now} / {end} ms</translation>
    </message>
    <message>
        <source>lesion lines {value} mm</source>
        <translation>Läsionslinien {value} mm</translation>
    </message>
    <message>
        <source>isolated {value} cm²</source>
        <translation>isoliert {value} cm²</translation>
    </message>
    <message>
        <source>Click from point to point on the wall; Enter or a double click ends the line, a click on its first point closes it, Esc drops it</source>
        <translation>Auf der Wand von Punkt zu Punkt klicken; Eingabe oder Doppelklick beendet die Linie, ein Klick auf ihren ersten Punkt schließt sie, Esc verwirft sie</translation>
    </message>
    <message>
        <source>Click on the wall where a point of ablation is to be; Esc ends</source>
        <translation>Auf die Wand klicken, wo ein Ablationspunkt sein soll; Esc beendet</translation>
    </message>
    <message>
        <source>Draw lesion line</source>
        <translation>Läsionslinie gezeichnet</translation>
    </message>
    <message>
        <source>Place lesion point</source>
        <translation>Läsionspunkt gesetzt</translation>
    </message>
    <message>
        <source>a line needs two points: it was dropped</source>
        <translation>eine Linie braucht zwei Punkte: sie wurde verworfen</translation>
    </message>
    <message>
        <source>Click on the wall where to pace; drag a site to move it, Delete removes it, Esc ends</source>
        <translation>Auf die Wand klicken, wo stimuliert werden soll; ein Ort lässt sich ziehen, Entf entfernt ihn, Esc beendet</translation>
    </message>
    <message>
        <source>lesions on the wall</source>
        <translation>Läsionen auf der Wand</translation>
    </message>
    <message>
        <source>inter-lesion distance, lesions {n} and {m}</source>
        <translation>Abstand der Läsionen {n} und {m}</translation>
    </message>
    <message>
        <source>inter-lesion distance</source>
        <translation>Abstand der Läsionen</translation>
    </message>
    <message>
        <source>lines end at a barrier</source>
        <translation>Linien enden an einer Barriere</translation>
    </message>
    <message>
        <source>lines end at a barrier, start of lesion {n}</source>
        <translation>Linien enden an einer Barriere, Anfang von Läsion {n}</translation>
    </message>
    <message>
        <source>lines end at a barrier, end of lesion {n}</source>
        <translation>Linien enden an einer Barriere, Ende von Läsion {n}</translation>
    </message>
    <message>
        <source>transmural</source>
        <translation>transmural</translation>
    </message>
    <message>
        <source>no lesion within a pulmonary vein</source>
        <translation>keine Läsion in einer Lungenvene</translation>
    </message>
    <message>
        <source>keeps off the oesophagus</source>
        <translation>bleibt der Speiseröhre fern</translation>
    </message>
    <message>
        <source>line reaches the valve, lesion {n}</source>
        <translation>Linie erreicht die Klappe, Läsion {n}</translation>
    </message>
    <message>
        <source>line reaches the valve</source>
        <translation>Linie erreicht die Klappe</translation>
    </message>
    <message>
        <source>isolates the veins</source>
        <translation>isoliert die Venen</translation>
    </message>
    <message>
        <source>isolates {name}</source>
        <translation>isoliert {name}</translation>
    </message>
    <message>
        <source>ablated area</source>
        <translation>abladierte Fläche</translation>
    </message>
    <message>
        <source>isolated area</source>
        <translation>isolierte Fläche</translation>
    </message>
    <message>
        <source>lesion {n} (line) lies {mm} mm from the wall</source>
        <translation>Läsion {n} (Linie) liegt {mm} mm von der Wand</translation>
    </message>
    <message>
        <source>lesion {n} (point) lies {mm} mm from the wall</source>
        <translation>Läsion {n} (Punkt) liegt {mm} mm von der Wand</translation>
    </message>
    <message>
        <source>the plan has no lesions</source>
        <translation>der Plan hat keine Läsionen</translation>
    </message>
    <message>
        <source>a gap</source>
        <translation>eine Lücke</translation>
    </message>
    <message>
        <source>{mm} mm apart</source>
        <translation>{mm} mm auseinander</translation>
    </message>
    <message>
        <source>the plan has no rows of points</source>
        <translation>der Plan hat keine Reihen von Punkten</translation>
    </message>
    <message>
        <source>at most {mm} mm between neighbours of a row</source>
        <translation>höchstens {mm} mm zwischen Nachbarn einer Reihe</translation>
    </message>
    <message>
        <source>a wave can go round it</source>
        <translation>eine Welle kann um sie laufen</translation>
    </message>
    <message>
        <source>the plan has no open lines</source>
        <translation>der Plan hat keine offenen Linien</translation>
    </message>
    <message>
        <source>every open line begins and ends on another lesion or at a rim</source>
        <translation>jede offene Linie beginnt und endet an einer anderen Läsion oder an einem Rand</translation>
    </message>
    <message>
        <source>lines are taken to go through the wall</source>
        <translation>Linien gelten als durch die Wand reichend</translation>
    </message>
    <message>
        <source>the chamber&apos;s veins have no names</source>
        <translation>die Venen der Herzhöhle haben keine Namen</translation>
    </message>
    <message>
        <source>the lesions kill nothing</source>
        <translation>die Läsionen töten nichts ab</translation>
    </message>
    <message>
        <source>all lie outside of the mouths of the veins</source>
        <translation>alle liegen außerhalb der Venenmündungen</translation>
    </message>
    <message>
        <source>{area} mm2 of lesions lie beyond the mouth, risk of narrowing</source>
        <translation>{area} mm2 der Läsionen liegen hinter der Mündung, Gefahr einer Verengung</translation>
    </message>
    <message>
        <source>the oesophagus is not outlined</source>
        <translation>die Speiseröhre ist nicht umrissen</translation>
    </message>
    <message>
        <source>lesion {n} (line) comes within {mm} mm of it</source>
        <translation>Läsion {n} (Linie) kommt ihr auf {mm} mm nahe</translation>
    </message>
    <message>
        <source>lesion {n} (point) comes within {mm} mm of it</source>
        <translation>Läsion {n} (Punkt) kommt ihr auf {mm} mm nahe</translation>
    </message>
    <message>
        <source>the valve&apos;s ring has no name</source>
        <translation>der Klappenring hat keinen Namen</translation>
    </message>
    <message>
        <source>{mm} mm are left between lesion {n} and the valve</source>
        <translation>zwischen Läsion {n} und der Klappe bleiben {mm} mm</translation>
    </message>
    <message>
        <source>it ends at the valve</source>
        <translation>sie endet an der Klappe</translation>
    </message>
    <message>
        <source>no line leads to the valve</source>
        <translation>keine Linie führt zur Klappe</translation>
    </message>
    <message>
        <source>no way leads over living wall from it to the valve</source>
        <translation>kein Weg führt über lebende Wand von ihr zur Klappe</translation>
    </message>
    <message>
        <source>no lesions go round it</source>
        <translation>keine Läsionen gehen um sie herum</translation>
    </message>
    <message>
        <source>a gap about {mm} mm wide leads to the valve</source>
        <translation>eine etwa {mm} mm breite Lücke führt zur Klappe</translation>
    </message>
    <message>
        <source>{mm} mm everywhere (assumed)</source>
        <translation>überall {mm} mm (angenommen)</translation>
    </message>
    <message>
        <source>lines are taken to be without gaps and to go through the whole wall (assumed)</source>
        <translation>Linien gelten als lückenlos und durch die ganze Wand reichend (angenommen)</translation>
    </message>
    <message>
        <source>{count} living nodes are not reached with the lesions</source>
        <translation>{count} lebende Punkte werden mit den Läsionen nicht erreicht</translation>
    </message>
    <message>
        <source>the mesh does not resolve {mm} mm</source>
        <translation>das Netz löst {mm} mm nicht auf</translation>
    </message>
    <message>
        <source>up to {mm} mm are killed</source>
        <translation>bis {mm} mm werden abgetötet</translation>
    </message>
    <message>
        <source>living and cut off from the valve</source>
        <translation>lebend und von der Klappe abgeschnitten</translation>
    </message>
    <message>
        <source>the plan was not paced yet</source>
        <translation>mit dem Plan wurde noch nicht stimuliert</translation>
    </message>
    <message>
        <source>no way, front in or front out is left</source>
        <translation>kein Weg, keine Front hinein oder hinaus bleibt</translation>
    </message>
    <message>
        <source>screened</source>
        <translation>gesiebt</translation>
    </message>
    <message>
        <source>{s} s counted as sustained, 5 s is the usual</source>
        <translation>{s} s zählten als anhaltend, üblich sind 5 s</translation>
    </message>
    <message>
        <source>nothing was captured from {site}</source>
        <translation>von {site} kam keine Antwort</translation>
    </message>
    <message>
        <source>cycle {ms} ms, the middle half of the cycles within {share} % of it, in {all} % of what is alive</source>
        <translation>Zyklus {ms} ms, die mittlere Hälfte der Zyklen innerhalb von {share} % davon, in {all} % des Lebenden</translation>
    </message>
    <message>
        <source>tips of waves in {share} % of the time, {mean} on average, the longest for {ms} ms</source>
        <translation>Wellenspitzen in {share} % der Zeit, im Mittel {mean}, die längste {ms} ms</translation>
    </message>
    <message>
        <source>the site lies in tissue that does not conduct</source>
        <translation>der Ort liegt in Gewebe, das nicht leitet</translation>
    </message>
    <message>
        <source>the appendage has no neck</source>
        <translation>das Herzohr hat keinen Hals</translation>
    </message>
    <message>
        <source>{mm} mm around its tip are taken for it, check</source>
        <translation>{mm} mm um seine Spitze gelten als Herzohr, prüfen</translation>
    </message>
    <message>
        <source>Length of all lesion lines</source>
        <translation>Länge aller Läsionslinien</translation>
    </message>
    <message>
        <source>Ablated area</source>
        <translation>Abladierte Fläche</translation>
    </message>
    <message>
        <source>Isolated area</source>
        <translation>Isolierte Fläche</translation>
    </message>
    <message>
        <source>Pulmonary veins isolated</source>
        <translation>Isolierte Lungenvenen</translation>
    </message>
    <message>
        <source>Activation, without lesions</source>
        <translation>Erregung, ohne Läsionen</translation>
    </message>
    <message>
        <source>Activation, with lesions</source>
        <translation>Erregung, mit Läsionen</translation>
    </message>
    <message>
        <source>Sites that induce, with lesions</source>
        <translation>Auslösende Orte, mit Läsionen</translation>
    </message>
    <message>
        <source>Sites that induce, without lesions</source>
        <translation>Auslösende Orte, ohne Läsionen</translation>
    </message>
    <message>
        <source>Left atrium wall</source>
        <translation>Wand des linken Vorhofs</translation>
    </message>
    <message>
        <source>Left atrium fibrosis</source>
        <translation>Fibrose des linken Vorhofs</translation>
    </message>
    <message>
        <source>Left atrium dense scar</source>
        <translation>Dichte Narbe des linken Vorhofs</translation>
    </message>
    <message>
        <source>Pace from the sites that were placed, else from some spread evenly, and see what can be induced</source>
        <translation>Von den gesetzten Orten stimulieren, sonst von gleichmäßig verteilten, und sehen, was sich auslösen lässt</translation>
    </message>
    <message>
        <source>line of {count} points, {mm} mm wide</source>
        <translation>Linie aus {count} Punkten, {mm} mm breit</translation>
    </message>
    <message>
        <source>point, {power} W, {time} s, {force} g</source>
        <translation>Punkt, {power} W, {time} s, {force} g</translation>
    </message>
</context>
</TS>
