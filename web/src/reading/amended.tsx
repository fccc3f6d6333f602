/** That a signed score corrects another one, or is being corrected: said in the head, told when asked. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import type { Version } from "../api/types";
import { moment, score, sentence } from "../lib/format";
import { authorOf, corrected, lastSigned } from "./versions";

export function Amended(props: { versions: readonly Version[]; isFinal: boolean }) {
  const now = lastSigned(props.versions);
  if (!now) return null;
  if (!props.isFinal) {
    return (
      <Told name="Addendum begun">
        <p><strong>This exam is signed, and is being corrected.</strong></p>
        <p>Version {now.number} stands until you sign: score {score(now.agatston)}, signed by {authorOf(now)}, {moment(now.created_at)}.</p>
      </Told>
    );
  }
  const before = corrected(props.versions, now);
  if (!before) return null;
  return (
    <Told name="Addendum">
      <p><strong>This signed version corrects an earlier one.</strong></p>
      <Then before={before} now={now} />
    </Told>
  );
}

/** Opens over what is below it, and closes when one goes on. */
function Told(props: { name: string; children: ComponentChildren }) {
  const ref = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event): void => {
      if (ref.current?.open && !ref.current.contains(event.target as Node)) ref.current.open = false;
    };
    const events = ["pointerdown", "focusin"];
    for (const one of events) document.addEventListener(one, close, true);
    return () => {
      for (const one of events) document.removeEventListener(one, close, true);
    };
  }, []);
  const escape = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !ref.current?.open) return;
    event.stopPropagation();
    ref.current.open = false;
  };
  return (
    <details ref={ref} class="amended" onKeyDown={escape}>
      <summary>{props.name}</summary>
      <div class="amended-words">{props.children}</div>
    </details>
  );
}

/** The score then and now, and why. */
export function Then({ before, now }: { before: Version; now: Version }) {
  return (
    <>
      <table class="score-table then">
        <tbody>
          <tr><th scope="row">Then: version {before.number}<small>{authorOf(before)}, {moment(before.created_at)}</small></th><td>{score(before.agatston)}</td></tr>
          <tr><th scope="row">Now: version {now.number}<small>{authorOf(now)}, {moment(now.created_at)}</small></th><td>{score(now.agatston)}</td></tr>
        </tbody>
      </table>
      {now.note && <p class="reason"><span class="quiet">Reason:</span> <bdi>{sentence(now.note)}</bdi></p>}
    </>
  );
}
