import { useEffect, useRef, useState } from "preact/hooks";

import type { ComponentChildren } from "preact";

import { Problem, post, wordsOf } from "../api/http";
import type { Session } from "../api/types";
import { begin, hasSignOn, leave, session } from "../lib/session";
import { Message } from "../ui/message";

/** Over whatever was open, which nobody sees meanwhile: after the login it is as it was. */
export function LoginAgain() {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    ref.current?.showModal();
  }, []);
  return (
    <dialog ref={ref} class="dialog-login" aria-label="Log in again" onCancel={(event) => event.preventDefault()}>
      <LoginForm>
        <Message kind="info">
          Your session has ended. Log in again as {session.value?.user.name}, and go on where you were: nothing is lost.
        </Message>
      </LoginForm>
      <button type="button" class="button button-quiet" onClick={() => void leave()}>Leave instead</button>
    </dialog>
  );
}

export function LoginPage() {
  return (
    <main class="login">
      <LoginForm />
      <footer class="statement">For research use only. Not a medical device; not for diagnosis.</footer>
    </main>
  );
}

function LoginForm(props: { children?: ComponentChildren }) {
  // who was logged in need not tell their name again
  const [name, setName] = useState(session.value?.user.login ?? "");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      begin(await post<Session>("/session", { name, password }));
    } catch (error) {
      const wait = error instanceof Problem && error.status === 429 ? error.more.retry_after : null;
      setProblem(typeof wait === "string" ? `${wordsOf(error)} Try again in ${wait} seconds.` : wordsOf(error));
      setPassword("");
      setBusy(false);
    }
  };

  return (
    <form class="card" onSubmit={(event) => void submit(event)}>
      <h1>
        <img src="/favicon.svg" alt="" width={32} height={32} /> corcal
      </h1>
      <p>Coronary calcium: review and sign.</p>
      {props.children}
      {problem && <Message kind="error">{problem}</Message>}
      <label class="field">
        Name
        <input
          name="username" autocomplete="username" required value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        Password
        <input
          name="password" type="password" autofocus={name !== ""} autocomplete="current-password" required value={password}
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button button-main" disabled={isBusy}>
        {isBusy ? "Logging in…" : "Log in"}
      </button>
      {hasSignOn.value ? (
        <a class="button" href="/oidc/login" target={session.value === null ? undefined : "_blank"}>Sign on with your organisation</a>
      ) : (
        <p class="quiet">On your own machine, open the link that <code>corcal serve</code> printed.</p>
      )}
    </form>
  );
}
