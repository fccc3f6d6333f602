/** Questions before something is done with the whole exam. */

import { useState } from "preact/hooks";

import { Dialog } from "../ui/dialog";

export function AskDialog(props: {
  title: string;
  label: string;
  button: string;
  must?: string;
  children: string;
  onClose: () => void;
  onSay: (text: string) => void;
}) {
  const [text, setText] = useState("");
  const isGood = props.must ? text === props.must : text.trim().length > 0;
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isGood) props.onSay(text.trim());
        }}
      >
        <p>{props.children}</p>
        <label class="field">
          {props.label}
          <input value={text} autofocus autocomplete="off" onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={props.onClose}>Cancel</button>
          <button type="submit" class="button button-main" disabled={!isGood}>{props.button}</button>
        </footer>
      </form>
    </Dialog>
  );
}

export function AddendumDialog(props: { onClose: () => void; onSay: (reason: string) => void }) {
  return (
    <AskDialog title="Addendum" label="Why is the signed score corrected?" button="Begin the addendum" {...props}>
      The signed version stays as it is; what you change now becomes a new version.
    </AskDialog>
  );
}

export function BlindDialog(props: { onClose: () => void; onSay: (login: string) => void }) {
  return (
    <AskDialog title="Blind second read" label="Login name of the second reader" button="Ask for it" {...props}>
      The second reader sees the exam without proposals and without your edits. Their read signs nothing; it is for the agreement.
    </AskDialog>
  );
}
