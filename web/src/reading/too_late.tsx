/** For who wanted to sign when another had just done so: who, when, what it means, what can be done. */

import type { Problem } from "../api/http";
import { moment, score } from "../lib/format";
import { isAdmin, session } from "../lib/session";
import { Dialog } from "../ui/dialog";

export type Signature = { who: string; isMe: boolean; at: string; version: string; agatston: string };

export function signatureOf({ more }: Problem, shown: string): Signature {
  const login = session.value?.user.login;
  return {
    who: typeof more.signed_by === "string" ? more.signed_by : "Another reader",
    isMe: login !== undefined && more.signed_by_login === login,
    at: typeof more.signed_at === "string" ? moment(more.signed_at) : "a moment ago",
    version: typeof more.version === "number" ? `version ${more.version}` : "the latest version",
    agatston: typeof more.agatston === "number" ? score(more.agatston) : shown,
  };
}

export function TooLate(props: { signature: Signature; onClose: () => void; onAsk: (what: "addendum" | "blind") => void }) {
  const { who, isMe, at, version, agatston } = props.signature;
  return (
    <Dialog title="This exam is signed already" onClose={props.onClose}>
      <p class="lead" role="alert">
        {isMe ? "You signed it in another window" : <><bdi>{who}</bdi> signed it</>}, {at}: {version}, Agatston score {agatston}.
      </p>
      <p>
        Yours is no second signature. Nothing of yours is lost: all edits that the review has, yours among them, are in the version that was signed,
        and History lists them.
      </p>
      <p>
        If you agree, nothing is left to do. If you do not, begin an addendum: it needs a reason, and both versions stay readable.
        {!isAdmin.value && " For a second opinion an admin can ask a reader who has not worked at this exam for a blind second read."}
      </p>
      <footer class="dialog-foot">
        {isAdmin.value && <button type="button" class="button" onClick={() => props.onAsk("blind")}>Blind second read…</button>}
        <button type="button" class="button" onClick={() => props.onAsk("addendum")}>Addendum…</button>
        <button type="button" class="button button-main" autofocus onClick={props.onClose}>Look at it</button>
      </footer>
    </Dialog>
  );
}
