import { useState } from "preact/hooks";

import { Problem, post, wordsOf } from "../api/http";
import type { Session } from "../api/types";
import { begin, hasSignOn } from "../lib/session";
import { Message } from "../ui/message";

export function LoginPage() {
  const [name, setName] = useState("");
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
    <main class="login">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <h1>
          <img src="/favicon.svg" alt="" width={32} height={32} /> corcal
        </h1>
        <p>Coronary calcium: review and sign.</p>
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
            name="password" type="password" autocomplete="current-password" required value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button button-main" disabled={isBusy}>
          {isBusy ? "Logging in…" : "Log in"}
        </button>
        <p class="quiet">
          {hasSignOn.value ? (
            <a href="/oidc/login">Sign on with your organisation</a>
          ) : (
            <>On your own machine, open the link that <code>corcal serve</code> printed.</>
          )}
        </p>
      </form>
      <footer class="statement">For research use only. Not a medical device; not for diagnosis.</footer>
    </main>
  );
}
