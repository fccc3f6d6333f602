/** The keys of the reading view, in one table: what they do, and what the help says of them. */

export type Command =
  | "slice_up" | "slice_down" | "slice_up_5" | "slice_down_5" | "first_slice" | "last_slice"
  | "cross_left" | "cross_right" | "cross_up" | "cross_down"
  | "next" | "previous" | "act" | "remove"
  | "why" | "show_all" | "overlay" | "cross"
  | "tool_larger" | "tool_smaller" | "tool_assign" | "tool_line" | "tool_brush" | "tool_region" | "tool_window"
  | "undo" | "redo" | "zoom_in" | "zoom_out" | "fit"
  | "next_window" | "slab" | "layout" | "compare" | "sign" | "next_exam" | "help" | "cancel";

export type KeyRow = { keys: string; command: Command; says: string; group: "Move" | "Assign" | "Tools" | "Show" | "Exam" };

/** `keys` is one or more of: modifiers and key, joined by `+`; alternatives parted by a blank. */
export const KEYS: readonly KeyRow[] = [
  { keys: "ArrowUp", command: "slice_up", says: "one slice towards the head", group: "Move" },
  { keys: "ArrowDown", command: "slice_down", says: "one slice towards the feet", group: "Move" },
  { keys: "PageUp", command: "slice_up_5", says: "five slices towards the head", group: "Move" },
  { keys: "PageDown", command: "slice_down_5", says: "five slices towards the feet", group: "Move" },
  { keys: "Home", command: "first_slice", says: "uppermost slice", group: "Move" },
  { keys: "End", command: "last_slice", says: "lowest slice", group: "Move" },
  { keys: "Shift+ArrowLeft", command: "cross_left", says: "crosshair to the left", group: "Move" },
  { keys: "Shift+ArrowRight", command: "cross_right", says: "crosshair to the right", group: "Move" },
  { keys: "Shift+ArrowUp", command: "cross_up", says: "crosshair upwards", group: "Move" },
  { keys: "Shift+ArrowDown", command: "cross_down", says: "crosshair downwards", group: "Move" },
  { keys: "+ =", command: "zoom_in", says: "larger", group: "Move" },
  { keys: "-", command: "zoom_out", says: "smaller", group: "Move" },
  { keys: "f", command: "fit", says: "whole image", group: "Move" },
  { keys: "ArrowRight .", command: "next", says: "next candidate, the highest score first", group: "Assign" },
  { keys: "ArrowLeft ,", command: "previous", says: "previous candidate", group: "Assign" },
  { keys: "Enter", command: "act", says: "assign the selected candidate to the active site; again removes it. With a drawing tool: set a point at the crosshair", group: "Assign" },
  { keys: "Delete Backspace", command: "remove", says: "the selected candidate is no calcium", group: "Assign" },
  { keys: "Ctrl+z u", command: "undo", says: "undo", group: "Assign" },
  { keys: "Ctrl+y Shift+u Ctrl+Shift+z", command: "redo", says: "redo", group: "Assign" },
  { keys: "w", command: "why", says: "why this site was proposed", group: "Assign" },
  { keys: "s", command: "tool_assign", says: "select and assign", group: "Tools" },
  { keys: "c", command: "tool_line", says: "cut a candidate by a line", group: "Tools" },
  { keys: "v", command: "tool_brush", says: "part a candidate by a brush", group: "Tools" },
  { keys: "r", command: "tool_region", says: "freehand region", group: "Tools" },
  { keys: "g", command: "tool_window", says: "drag for brightness and contrast", group: "Tools" },
  { keys: "]", command: "tool_larger", says: "larger brush, deeper region", group: "Tools" },
  { keys: "[", command: "tool_smaller", says: "smaller brush, shallower region", group: "Tools" },
  { keys: "Escape", command: "cancel", says: "end a drawing, or unselect", group: "Tools" },
  { keys: "i", command: "next_window", says: "next window preset", group: "Show" },
  { keys: "m", command: "slab", says: "maximum projection: single slices, 6, 10, 20 ... mm", group: "Show" },
  { keys: "a", command: "show_all", says: "also bone, noise and what is no calcium", group: "Show" },
  { keys: "h", command: "overlay", says: "hide the colours", group: "Show" },
  { keys: "k", command: "cross", says: "crosshair", group: "Show" },
  { keys: "t", command: "layout", says: "axial alone, or with the other planes", group: "Show" },
  { keys: "x", command: "compare", says: "earlier exam beside this one", group: "Exam" },
  { keys: "Shift+s", command: "sign", says: "sign", group: "Exam" },
  { keys: "Shift+n", command: "next_exam", says: "next exam to review", group: "Exam" },
  { keys: "?", command: "help", says: "these keys", group: "Exam" },
];

export type Pressed = { key: string; shift: boolean; ctrl: boolean };

const BY_KEY: ReadonlyMap<string, Command> = new Map(
  KEYS.flatMap((row) => row.keys.split(" ").map((key) => [key.toLowerCase(), row.command] as const)),
);

export function commandOf(pressed: Pressed): Command | null {
  const key = pressed.key.toLowerCase();
  // of signs such as "?" and "+", the shift key is part of how they are typed
  const isSign = key.length === 1 && key.toUpperCase() === key && !/[0-9]/.test(key);
  const name = [pressed.ctrl ? "ctrl" : "", pressed.shift && !isSign ? "shift" : "", key]
    .filter(Boolean)
    .join("+");
  return BY_KEY.get(name) ?? null;
}

/** Keys as a person reads them, each alternative by itself. */
export function spelled(keys: string): string[] {
  const names: Record<string, string> = {
    ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→",
    PageUp: "Page up", PageDown: "Page down", Escape: "Esc", Delete: "Del",
  };
  return keys
    .split(" ")
    .map((one) => (one === "+" ? one : one.split("+").map((part) => names[part] ?? part).join(" + ")));
}
