import type { ComponentChildren } from "preact";

/** Something that happened: told to a screen reader as well. */
export function Message(props: { kind: "info" | "error"; children: ComponentChildren; onClose?: () => void }) {
  return (
    <div class={`message message-${props.kind}`} role={props.kind === "error" ? "alert" : "status"}>
      <span>{props.children}</span>
      {props.onClose && (
        <button type="button" class="button button-quiet" onClick={props.onClose} aria-label="Dismiss">
          ✕
        </button>
      )}
    </div>
  );
}

export function Loading(props: { what: string }) {
  return (
    <p class="loading" role="status">
      <span class="spinner" aria-hidden="true" /> Loading {props.what}…
    </p>
  );
}
