/** What the chosen tool does, and what can be set of it: over the images, so that nothing moves. */

import type { ReviewStore } from "./review_store";
import { siteName } from "./sites";
import { BRUSH_MM, MOST_DEPTH, type Tool, type ViewState } from "./view_state";

export function ToolBar({ view, store }: { view: ViewState; store: ReviewStore }) {
  const tool = view.tool.value;
  if (tool === "assign") return null;
  return (
    <div class="tool-bar" role="status">
      <span>{hint(tool, siteName(store.sites.value, view.activeSite.value), store.threshold.value)}</span>
      {tool === "brush" && <BrushSize view={view} />}
      {tool === "region" && <Depth view={view} />}
      <button type="button" class="button" onClick={() => (view.tool.value = "assign")}>Done <kbd>Esc</kbd></button>
    </div>
  );
}

function hint(tool: Tool, site: string, threshold: number): string {
  switch (tool) {
    case "line": return "Draw a line across a candidate: it is cut there.";
    case "brush": return "Paint over a part of a candidate to part it.";
    case "region": return `Draw around calcium: from ${threshold} HU it goes to ${site}.`;
    default: return "Drag up or down for brightness, sideways for contrast.";
  }
}

function BrushSize({ view }: { view: ViewState }) {
  return (
    <label class="control" title="Smaller and larger: [ and ]">
      <input
        type="range" min={BRUSH_MM.least} max={BRUSH_MM.most} step={BRUSH_MM.step} value={view.brushMm.value}
        aria-label="Radius of the brush in mm"
        onInput={(event) => (view.brushMm.value = Number(event.currentTarget.value))}
      />
      <span class="number">{view.brushMm.value.toFixed(1)} mm</span>
    </label>
  );
}

function Depth({ view }: { view: ViewState }) {
  return (
    <label class="control" title="Fewer and more: [ and ]">
      also
      <input
        type="number" min={0} max={MOST_DEPTH} value={view.regionDepth.value} aria-label="Slices above and below"
        onInput={(event) => view.deepen(Number(event.currentTarget.value) || 0)}
      />
      slices each way
    </label>
  );
}
