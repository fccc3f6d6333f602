/** Listens to the keys of the reading view, unless someone types or a dialog is open. */

import { useEffect } from "preact/hooks";

import type { OpenedExam } from "../pages/reading";
import { PaneController } from "./pane_controller";
import { actOn, assign, endStroke, stepCandidate } from "./actions";
import { commandOf, type Command } from "./keys";
import { SLABS_MM, WINDOWS } from "./view_state";
import { toPlane } from "../viewer/geometry";

export type KeyActions = {
  canEdit: boolean;
  compare: () => void;
  sign: () => void;
  next: () => void;
  help: () => void;
};

export function useReadingKeys(exam: OpenedExam, actions: KeyActions): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      // also one of the side panel: a key in it must not edit what it covers
      if (document.querySelector("dialog[open]") || isTyping(event)) return;
      const ctrl = event.ctrlKey || event.metaKey;
      if (event.altKey) return;
      const site = ctrl ? undefined : siteOfKey(exam, event.key);
      if (site !== undefined) {
        exam.view.activeSite.value = site;
        event.preventDefault();
        return;
      }
      const command = commandOf({ key: event.key, shift: event.shiftKey, ctrl });
      if (command === null || isOnControl(event, command)) return;
      event.preventDefault();
      run(command, exam, actions);
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  });
}

/**
 * What is clicked with a mouse does not keep the keys: after a click on an artery, Enter assigns, and
 * after a choice from a list, the arrows go through the slices again. Who walks by Tab stays where they are.
 */
export function useFreedKeys(): void {
  useEffect(() => {
    let isPointer = false;
    const free = (event: Event): void => {
      const target = event.target as HTMLElement;
      const control = target.closest<HTMLElement>(".reading button, .reading summary, .reading select");
      if (!control || control.closest("dialog")) return;
      if (event.type === "change" ? isPointer : (event as MouseEvent).detail > 0 && control.tagName !== "SELECT") control.blur();
    };
    const pointed = (): void => void (isPointer = true);
    const typed = (): void => void (isPointer = false);
    const all = [["click", free], ["change", free], ["pointerdown", pointed], ["keydown", typed]] as const;
    for (const [name, call] of all) addEventListener(name, call);
    return () => {
      for (const [name, call] of all) removeEventListener(name, call);
    };
  }, []);
}

function siteOfKey(exam: OpenedExam, key: string): string | undefined {
  return exam.store.sites.value.find((site) => site.key === key)?.label;
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/** Enter and the arrows belong to a button, tab or link that has the focus. */
function isOnControl(event: KeyboardEvent, command: Command): boolean {
  const target = event.target as HTMLElement;
  if (command === "act") return target.closest("button, a, summary, [role=tab]") !== null;
  return event.key.startsWith("Arrow") && target.closest("[role=tablist], [role=radiogroup]") !== null;
}

function run(command: Command, exam: OpenedExam, actions: KeyActions): void {
  const { view, store } = exam;
  const at = view.at.value;
  // what has the corners, wherever the pointer happens to rest; without it what is pointed at
  const selected = view.selected.value ?? view.hovered.value;
  const cross = (dy: number, dx: number): void => {
    view.showCross.value = true;
    view.moveTo({ y: at.y + dy, x: at.x + dx });
  };
  switch (command) {
    case "slice_up": return view.step("axial", 1);
    case "slice_down": return view.step("axial", -1);
    case "slice_up_5": return view.step("axial", 5);
    case "slice_down_5": return view.step("axial", -5);
    case "first_slice": return view.moveTo({ z: view.grid.shape[0] - 1 });
    case "last_slice": return view.moveTo({ z: 0 });
    case "cross_left": return cross(0, -1);
    case "cross_right": return cross(0, 1);
    case "cross_up": return cross(-1, 0);
    case "cross_down": return cross(1, 0);
    case "next": return stepCandidate(store, view, 1);
    case "previous": return stepCandidate(store, view, -1);
    case "act": return actions.canEdit ? act(exam, selected) : undefined;
    case "remove":
      if (actions.canEdit && selected !== null) void assign(store, selected, null);
      return;
    case "why": view.isWhyOpen.value = !view.isWhyOpen.value; return;
    case "show_all": view.showAll.value = !view.showAll.value; return;
    case "overlay": view.showOverlay.value = !view.showOverlay.value; return;
    case "cross": view.showCross.value = !view.showCross.value; return;
    case "tool_larger": return view.resizeTool(1);
    case "tool_smaller": return view.resizeTool(-1);
    case "tool_assign": view.tool.value = "assign"; return;
    case "tool_line": view.tool.value = "line"; return;
    case "tool_brush": view.tool.value = "brush"; return;
    case "tool_region": view.tool.value = "region"; return;
    case "tool_window": view.tool.value = "window"; return;
    case "undo": if (actions.canEdit && store.canUndo.value) void store.edit({ type: "undo" }); return;
    case "redo": if (actions.canEdit && store.canRedo.value) void store.edit({ type: "redo" }); return;
    case "zoom_in": return zoom(1.25);
    case "zoom_out": return zoom(0.8);
    case "fit": return mainPane()?.fit();
    case "next_window": return nextWindow(exam);
    case "slab": view.slabMm.value = following(SLABS_MM, view.slabMm.value); return;
    case "layout": view.layout.value = view.layout.value === "axial" ? "reading" : "axial"; return;
    case "compare": return actions.compare();
    case "sign": return actions.sign();
    case "next_exam": return actions.next();
    case "help": return actions.help();
    case "cancel":
      if (view.stroke.value.length > 0) view.stroke.value = [];
      else if (view.tool.value !== "assign") view.tool.value = "assign";
      else view.selected.value = null;
      return;
  }
}

/** Enter: with a drawing tool a point at the crosshair, else the selected candidate. */
function act(exam: OpenedExam, selected: number | null): void {
  const { view, store } = exam;
  const tool = view.tool.value;
  if (tool === "line" || tool === "brush" || tool === "region") {
    view.showCross.value = true;
    const { u, v } = toPlane(view.grid, "axial", view.at.value);
    const points = [...view.stroke.value, { u, v }];
    const last = view.stroke.value[view.stroke.value.length - 1];
    // a line has two ends; the others end with Enter pressed twice at one place
    const isDone = tool === "line" ? points.length === 2 : last?.u === u && last?.v === v;
    view.stroke.value = isDone ? [] : points;
    if (isDone) void endStroke(store, view, points);
  } else if (selected !== null) {
    void actOn(store, view, selected);
  }
}

function mainPane(): PaneController | undefined {
  const element = document.querySelector(".pane-main") as (HTMLElement & { corcalPane?: PaneController }) | null;
  return element?.corcalPane;
}

export function zoom(factor: number): void {
  const element = document.querySelector(".pane-main");
  if (element) mainPane()?.zoom(factor, element.clientWidth / 2, element.clientHeight / 2);
}

export function fit(): void {
  mainPane()?.fit();
}

function nextWindow(exam: OpenedExam): void {
  const { view } = exam;
  const now = WINDOWS.findIndex(
    ({ window }) => window.center === view.window.value.center && window.width === view.window.value.width,
  );
  const next = WINDOWS[(now + 1) % WINDOWS.length];
  if (next) view.window.value = next.window;
}

export function following<T>(list: readonly T[], now: T): T {
  return list[(list.indexOf(now) + 1) % list.length] as T;
}
