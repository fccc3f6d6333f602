/** Own tokens; users and the audit log for an admin. */

import { useState } from "preact/hooks";

import { patch, post, remove, wordsOf } from "../api/http";
import type { Role, Token, User } from "../api/types";
import { moment, ROLE_NAMES } from "../lib/format";
import { forget, isAdmin, session } from "../lib/session";
import { useLoaded } from "../ui/loaded";
import { Message } from "../ui/message";

type Listed<T> = T[] | { items: T[] };
const items = <T,>(list: Listed<T> | null): T[] => (list === null ? [] : Array.isArray(list) ? list : list.items);

export function SettingsPage() {
  return (
    <main class="page narrow">
      <div class="page-head"><h1>Settings</h1></div>
      <div class="sections">
        <Tokens />
        {session.value?.mode === "department" && !session.value.sign_on && <Password />}
        {isAdmin.value && <Users />}
        {isAdmin.value && <Audit />}
        <p class="quiet">corcal {session.value?.version}. {session.value?.research_use}</p>
      </div>
    </main>
  );
}

function Tokens() {
  const list = useLoaded<Listed<Token>>("/tokens");
  const [name, setName] = useState("");
  const [days, setDays] = useState(90);
  const [made, setMade] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const act = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      setProblem(null);
      list.again();
    } catch (error) {
      setProblem(wordsOf(error));
    }
  };
  const add = async (): Promise<void> => {
    setMade((await post<{ token: string }>("/tokens", { name, days })).token);
    setName("");
  };
  return (
    <section class="section">
      <h2>Tokens for programs</h2>
      <p class="quiet">A token may do what you may. It is shown once.</p>
      {problem && <Message kind="error">{problem}</Message>}
      {made && (
        <Message kind="info" onClose={() => setMade(null)}>
          Keep it now: <code class="secret">{made}</code>
        </Message>
      )}
      <form class="inline-form" onSubmit={(event) => { event.preventDefault(); void act(add); }}>
        <label class="field">For what<input required maxLength={100} value={name} onInput={(event) => setName(event.currentTarget.value)} /></label>
        <label class="field">Days<input type="number" min={1} max={365} value={days} onInput={(event) => setDays(Number(event.currentTarget.value))} /></label>
        <button type="submit" class="button">Make a token</button>
      </form>
      {items(list.value).length > 0 && (
        <table class="plain-table">
          <thead><tr><th scope="col">For</th><th scope="col">Made</th><th scope="col">Last used</th><th scope="col">Ends</th><th scope="col"><span class="sr-only">Actions</span></th></tr></thead>
          <tbody>
            {items(list.value).map((one) => (
              <tr key={one.id}>
                <th scope="row">{one.name}</th>
                <td>{moment(one.created_at)}</td>
                <td>{moment(one.last_used_at) || "never"}</td>
                <td>{moment(one.expires_at) || "never"}</td>
                <td><button type="button" class="button button-danger" onClick={() => void act(() => remove(`/tokens/${one.id}`))}>Revoke</button></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Password() {
  const [old, setOld] = useState("");
  const [wanted, setWanted] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const change = async (): Promise<void> => {
    try {
      await post("/session/password", { old, new: wanted });
      forget(); // all sessions of this user have ended, this one too
    } catch (error) {
      setProblem(wordsOf(error));
    }
  };
  return (
    <section class="section">
      <h2>Password</h2>
      {problem && <Message kind="error">{problem}</Message>}
      <form class="inline-form" onSubmit={(event) => { event.preventDefault(); void change(); }}>
        <label class="field">Now<input type="password" required autocomplete="current-password" value={old} onInput={(event) => setOld(event.currentTarget.value)} /></label>
        <label class="field">New, 12 characters or more<input type="password" required minLength={12} autocomplete="new-password" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} /></label>
        <button type="submit" class="button">Change</button>
      </form>
    </section>
  );
}

function Users() {
  const list = useLoaded<Listed<User>>("/users");
  const [login, setLogin] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("reader");
  const [problem, setProblem] = useState<string | null>(null);
  const act = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
      setProblem(null);
      list.again();
    } catch (error) {
      setProblem(wordsOf(error));
    }
  };
  const add = async (): Promise<void> => {
    await post("/users", { login, name: name || login, role, password });
    setLogin("");
    setName("");
    setPassword("");
  };
  return (
    <section class="section">
      <h2>Users</h2>
      {(problem ?? list.words) && <Message kind="error">{problem ?? list.words}</Message>}
      <table class="plain-table">
        <thead><tr><th scope="col">Name</th><th scope="col">Login</th><th scope="col">Role</th><th scope="col">State</th></tr></thead>
        <tbody>
          {items(list.value).map((one) => (
            <tr key={one.id}>
              <th scope="row">{one.name}</th>
              <td>{one.login}</td>
              <td>
                <select aria-label={`Role of ${one.name}`} value={one.role} disabled={one.id === session.value?.user.id}
                  onChange={(event) => void act(() => patch(`/users/${one.id}`, { role: event.currentTarget.value }))}
                >
                  {Object.entries(ROLE_NAMES).map(([key, text]) => <option key={key} value={key}>{text}</option>)}
                </select>
              </td>
              <td>
                <button type="button" class="button" disabled={one.id === session.value?.user.id}
                  onClick={() => void act(() => patch(`/users/${one.id}`, { is_active: one.is_active === false }))}
                >
                  {one.is_active === false ? "Let in again" : "Lock out"}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <form class="inline-form" autocomplete="off" onSubmit={(event) => { event.preventDefault(); void act(add); }}>
        <label class="field">Login<input required autocomplete="off" value={login} onInput={(event) => setLogin(event.currentTarget.value)} /></label>
        <label class="field">Name<input value={name} onInput={(event) => setName(event.currentTarget.value)} /></label>
        <label class="field">Role
          <select value={role} onChange={(event) => setRole(event.currentTarget.value as Role)}>
            {Object.entries(ROLE_NAMES).map(([key, text]) => <option key={key} value={key}>{text}</option>)}
          </select>
        </label>
        <label class="field">Password, 12 characters or more<input type="password" required minLength={12} autocomplete="new-password" value={password} onInput={(event) => setPassword(event.currentTarget.value)} /></label>
        <button type="submit" class="button">Add</button>
      </form>
    </section>
  );
}

type AuditRow = { id?: string | number; at: string; user: string | null; action: string; exam_id?: string | null; what?: string | null };

function Audit() {
  const [isOpen, setOpen] = useState(false);
  return (
    <section class="section">
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Who looked at what</summary>
        {isOpen && <AuditRows />}
      </details>
    </section>
  );
}

function AuditRows() {
  const { value, words } = useLoaded<Listed<AuditRow>>("/audit?limit=200");
  if (words) return <p class="quiet">{words}</p>;
  return (
    <table class="plain-table">
      <thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Exam</th></tr></thead>
      <tbody>
        {items(value).map((one, i) => (
          <tr key={one.id ?? i}>
            <td class="nowrap">{moment(one.at)}</td>
            <td>{one.user}</td>
            <td>{one.action}</td>
            <td>{one.exam_id && <a href={`#/exams/${one.exam_id}`}>{one.exam_id.slice(0, 8)}</a>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
