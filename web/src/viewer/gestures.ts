/** Mouse, pen and fingers on a pane, as what they mean: scroll, zoom, pan, window, click, draw. */

export type DragMeaning = "pan" | "window" | "draw";

export type GestureTarget = {
  /** What dragging with the first button or one pen means now. */
  drag(): DragMeaning;
  hover(px: number, py: number): void;
  leave(): void;
  click(px: number, py: number): void;
  scroll(steps: number): void;
  zoom(factor: number, px: number, py: number): void;
  pan(dx: number, dy: number): void;
  window(dx: number, dy: number): void;
  draw(phase: "start" | "move" | "end" | "cancel", px: number, py: number): void;
};

const CLICK_SLOP_PX = 4;
const TOUCH_SLOP_PX = 9;
const TOUCH_SCROLL_PX = 14;
const WHEEL_STEP = 60;

type Held = { id: number; x0: number; y0: number; x: number; y: number; button: number; isTouch: boolean; moved: boolean };

export function listenToGestures(element: HTMLElement, target: GestureTarget): () => void {
  const held = new Map<number, Held>();
  let wheelRest = 0;
  let touchRest = 0;
  let pinch: { distance: number; x: number; y: number } | null = null;
  let isDrawing = false;

  const place = (event: PointerEvent | WheelEvent): [number, number] => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  const down = (event: PointerEvent): void => {
    const [x, y] = place(event);
    element.setPointerCapture(event.pointerId);
    held.set(event.pointerId, {
      id: event.pointerId,
      x0: x,
      y0: y,
      x,
      y,
      button: event.button,
      isTouch: event.pointerType === "touch",
      moved: false,
    });
    pinch = null;
    if (held.size === 1 && event.button === 0 && target.drag() === "draw") {
      isDrawing = true;
      target.draw("start", x, y);
    } else if (isDrawing) {
      isDrawing = false;
      target.draw("cancel", x, y);
    }
  };

  const move = (event: PointerEvent): void => {
    const [x, y] = place(event);
    const one = held.get(event.pointerId);
    if (!one) return target.hover(x, y);
    const dx = x - one.x;
    const dy = y - one.y;
    one.x = x;
    one.y = y;
    const slop = one.isTouch ? TOUCH_SLOP_PX : CLICK_SLOP_PX;
    if (!one.moved && Math.hypot(x - one.x0, y - one.y0) < slop) return;
    one.moved = true;
    if (held.size === 2) return pinched();
    if (isDrawing) return target.draw("move", x, y);
    if (one.button === 2) return target.window(dx, dy);
    if (one.button === 1 || event.shiftKey) return target.pan(dx, dy);
    if (one.isTouch && target.drag() === "pan") return touchScroll(dy);
    if (target.drag() === "window") return target.window(dx, dy);
    target.pan(dx, dy);
  };

  const touchScroll = (dy: number): void => {
    touchRest += dy;
    const steps = Math.trunc(touchRest / TOUCH_SCROLL_PX);
    if (steps !== 0) {
      touchRest -= steps * TOUCH_SCROLL_PX;
      target.scroll(-steps);
    }
  };

  const pinched = (): void => {
    const [a, b] = [...held.values()];
    if (!a || !b) return;
    const now = { distance: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
    if (pinch && pinch.distance > 0) {
      target.zoom(now.distance / pinch.distance, now.x, now.y);
      target.pan(now.x - pinch.x, now.y - pinch.y);
    }
    pinch = now;
  };

  const up = (event: PointerEvent): void => {
    const one = held.get(event.pointerId);
    held.delete(event.pointerId);
    pinch = null;
    touchRest = 0;
    if (!one) return;
    const [x, y] = place(event);
    if (isDrawing) {
      isDrawing = false;
      target.draw("end", x, y);
    } else if (!one.moved && one.button === 0 && held.size === 0) {
      target.click(x, y);
    }
  };

  const cancel = (event: PointerEvent): void => {
    held.delete(event.pointerId);
    pinch = null;
    if (isDrawing) {
      isDrawing = false;
      target.draw("cancel", 0, 0);
    }
  };

  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const [x, y] = place(event);
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 40;
    if (event.ctrlKey || event.metaKey) return target.zoom(Math.exp(-lines / 400), x, y);
    wheelRest += lines;
    const steps = Math.trunc(wheelRest / WHEEL_STEP);
    if (steps !== 0) {
      wheelRest -= steps * WHEEL_STEP;
      // towards the reader is towards the feet, as on the workstations that readers know
      target.scroll(-steps);
    }
  };

  const leave = (): void => target.leave();
  const noMenu = (event: Event): void => event.preventDefault();
  element.addEventListener("pointerdown", down);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", cancel);
  element.addEventListener("pointerleave", leave);
  element.addEventListener("wheel", wheel, { passive: false });
  element.addEventListener("contextmenu", noMenu);
  return () => {
    element.removeEventListener("pointerdown", down);
    element.removeEventListener("pointermove", move);
    element.removeEventListener("pointerup", up);
    element.removeEventListener("pointercancel", cancel);
    element.removeEventListener("pointerleave", leave);
    element.removeEventListener("wheel", wheel);
    element.removeEventListener("contextmenu", noMenu);
  };
}
