/** One pane of the reading view: images, what is drawn over them, and what a pointer does there. */

import { effect, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { edgeLetters, planeSize, type Plane } from "../viewer/geometry";
import type { Volume } from "../viewer/volume";
import { PaneController } from "./pane_controller";
import type { ReviewStore } from "./review_store";
import type { ViewState } from "./view_state";

export type PaneProps = {
  volume: Volume;
  fraction: Signal<number>;
  view: ViewState;
  store: ReviewStore | null;
  plane: Plane;
  /** A projection of its own thickness, not single images. */
  isProjection?: boolean;
  /** The pane that the keys and the drawing tools belong to. */
  isMain?: boolean;
  canEdit: boolean;
  title: string;
  onAct: (candidate: number) => void;
  onStroke?: (points: { u: number; v: number }[]) => void;
};

export function ScanPane(props: PaneProps) {
  const frame = useRef<HTMLDivElement>(null);
  const pixels = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const acting = useRef(props);
  acting.current = props;

  useEffect(() => {
    if (!frame.current || !pixels.current || !canvas.current) return;
    const controller = new PaneController({
      frame: frame.current,
      pixels: pixels.current,
      canvas: canvas.current,
      volume: props.volume,
      view: props.view,
      store: props.store,
      plane: props.plane,
      isProjection: props.isProjection ?? false,
      isMain: props.isMain ?? false,
      canEdit: () => acting.current.canEdit,
      onAct: (id) => acting.current.onAct(id),
      onStroke: (points) => acting.current.onStroke?.(points),
    });
    const stopLoading = effect(() => {
      if (props.fraction.value > 0) controller.voxelsCame();
    });
    return () => {
      stopLoading();
      controller.destroy();
    };
  }, [props.volume, props.view, props.store, props.plane, props.isProjection, props.isMain]);

  const edges = edgeLetters(props.plane);
  const what = props.isProjection ? "projection" : `${props.plane} images`;
  return (
    <div
      class={`pane pane-${props.plane} ${props.isMain ? "pane-main" : ""}`}
      ref={frame}
      role="group"
      aria-label={`${props.title}: ${what}`}
      data-plane={props.isProjection ? "projection" : props.plane}
    >
      <div class="pane-pixels" ref={pixels} />
      <canvas class="pane-overlay" ref={canvas} aria-hidden="true" />
      <span class="edge edge-left" aria-hidden="true">{edges.left}</span>
      <span class="edge edge-right" aria-hidden="true">{edges.right}</span>
      <span class="edge edge-top" aria-hidden="true">{edges.top}</span>
      <span class="edge edge-bottom" aria-hidden="true">{edges.bottom}</span>
      <PaneLabel {...props} />
    </div>
  );
}

function PaneLabel({ view, plane, isProjection, title, volume, fraction }: PaneProps) {
  const size = planeSize(volume.grid, plane);
  const at = view.at.value;
  const k = plane === "axial" ? at.z : plane === "coronal" ? at.y : at.x;
  const slab = isProjection ? view.projectionMm.value : plane === "axial" ? view.slabMm.value : 0;
  const isMissing = plane === "axial" && fraction.value < 1 && !volume.hasSlice(at.z);
  const where = plane === "axial" && !isProjection ? `slice ${k + 1} of ${size.count}` : `${k + 1} of ${size.count}`;
  return (
    <div class="pane-label">
      <strong>{title}</strong>
      <span>{slab > 0 ? `${where}, ${slab} mm maximum` : where}</span>
      {isMissing && <span role="status">loading this slice…</span>}
    </div>
  );
}
