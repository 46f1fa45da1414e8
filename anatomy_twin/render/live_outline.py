"""Bodies drawn as an edge of even width, hatched or clear inside: what is not there yet, and what is pointed at.

They lie on the layer above the surfaces, so that the edge is seen through organs, and cost one pass over few
triangles.
"""

from __future__ import annotations

from typing import Any, Final

from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

# the distance to the edge in pixels follows from how fast the surface turns away from the viewer
EDGE_SHADER: Final = """//VTK::Light::Impl
  vec3 towardViewer = cameraParallel == 1 ? vec3(0.0, 0.0, 1.0) : normalize(-vertexVC.xyz);
  float facing = abs(dot(normalVCVSOutput, towardViewer));
  float away = 0.5 * facing / max(fwidth(facing), 1e-6);
  float stripe = abs(mod(gl_FragCoord.x + gl_FragCoord.y, hatchPx) - 0.5 * hatchPx);
  float line = 1.0 - smoothstep(linePx - 0.7, linePx + 0.7, away);
  float dark = 0.75 * (1.0 - smoothstep(linePx + 1.0, linePx + 2.6, away));
  float inside = max(fillPart, hatchPart * (1.0 - smoothstep(0.5, 1.5, stripe)));
  fragOutput0 = vec4(mix(diffuseColor * (1.0 - dark * (1.0 - inside)), diffuseColor, line),
                     max(line, max(dark, inside)));
"""


class Outline:
    """One body on a layer over a view. ``hatch`` is the share 0..1 of its stripes, ``fill`` that between them."""

    def __init__(
        self, over: Any, *, line_px: float = 2.5, hatch: float = 0.0, fill: float = 0.0, finer: int = 1
    ) -> None:
        self._over = over
        self.mapper, self.actor = vtkPolyDataMapper(), vtkActor()
        self.mapper.ScalarVisibilityOff()
        self.actor.SetMapper(self.mapper)
        as_edge(self.actor, line_px=line_px, hatch=hatch, fill=fill, finer=finer)
        self.actor.SetVisibility(False)
        over.AddActor(self.actor)

    def show(self, mesh: Any, colour: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> None:
        """Show a PolyData that has normals, in a colour with parts 0..1; None for nothing."""
        if mesh is not None:
            self.mapper.SetInputData(mesh)
            self.actor.GetProperty().SetColor(*colour)
        self.actor.SetVisibility(mesh is not None)

    @property
    def shown(self) -> bool:
        """True while a body is drawn."""
        return bool(self.actor.GetVisibility())

    def close(self) -> None:
        """Take it off the layer."""
        self._over.RemoveActor(self.actor)


def as_edge(actor: Any, *, line_px: float = 2.5, hatch: float = 0.0, fill: float = 0.0, finer: int = 1) -> None:
    """Let an actor, whose points have normals, be drawn as its edge."""
    actor.PickableOff()
    actor.ForceTranslucentOn()
    look = actor.GetProperty()
    look.SetInterpolationToPhong()
    look.BackfaceCullingOn()
    shader = actor.GetShaderProperty()
    shader.AddFragmentShaderReplacement("//VTK::Light::Impl", False, EDGE_SHADER, False)
    held = shader.GetFragmentCustomUniforms()
    for name, value in (("linePx", line_px * finer), ("hatchPx", 9.0 * finer), ("hatchPart", hatch),
                        ("fillPart", fill)):  # fmt: skip
        held.SetUniformf(name, value)
