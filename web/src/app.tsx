/** Which page is shown, and the frame around it. */

import { useEffect, useState } from "preact/hooks";
import type { ComponentType } from "preact";

import { isLive } from "./api/live";
import { ROLE_NAMES } from "./lib/format";
import { route } from "./lib/route";
import { isExpired, isKnown, leave, session, setTheme, shownTheme, theme, type Theme } from "./lib/session";
import { AgreementPage } from "./pages/agreement";
import { LoginAgain, LoginPage } from "./pages/login";
import { SettingsPage } from "./pages/settings";
import { WorklistPage } from "./pages/worklist";
import { Loading, Message } from "./ui/message";

const WARM_UP_MS = 700;

export function App() {
  const now = route.value;
  useTheme(now.page === "exam" && session.value !== null);
  useTitle(now.page);
  useReadyReading(now.page === "exams" && session.value !== null);
  if (!isKnown.value) return <Loading what="corcal" />;
  if (!session.value) return <LoginPage />;
  const look = `frame ${now.page === "exam" ? "frame-reading" : ""} ${isExpired.value ? "frame-veiled" : ""}`;
  // another person who logs in at this screen begins anew
  return (
    <div class={look} key={session.value.user.id}>
      {isExpired.value && <LoginAgain />}
      <a class="skip" href="#content" onClick={skip}>Skip to the content</a>
      {now.page !== "exam" && <Header />}
      {!isLive.value && !isExpired.value && (
        <p class="offline" role="status">
          The connection to the server is lost; it is being tried again. What you do now is sent when it is back.
        </p>
      )}
      <div id="content" tabIndex={-1} class="content">
        {now.page === "exams" && <WorklistPage />}
        {now.page === "exam" && <LazyReading id={now.id} />}
        {now.page === "agreement" && <AgreementPage />}
        {now.page === "settings" && <SettingsPage />}
      </div>
      <footer class="statement">{session.value.research_use}</footer>
    </div>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

/** The pixels' code is large: the worklist does not wait for it. */
function LazyReading(props: { id: string }) {
  const [isMissing, setMissing] = useState(false);
  const [Page, setPage] = useState<{ it: ComponentType<{ id: string }> } | null>(null);
  useEffect(() => {
    import("./pages/reading").then(
      (found) => setPage({ it: found.ReadingPage }),
      () => setMissing(true),
    );
  }, []);
  if (isMissing) {
    return (
      <main class="page narrow">
        <Message kind="error">The reading view could not be loaded: the server does not answer, or has a new version.</Message>
        <button type="button" class="button button-main" onClick={() => location.reload()}>Load this page again</button>
      </main>
    );
  }
  return Page ? <Page.it id={props.id} /> : <Loading what="the reading view" />;
}

/** Fetched while the reader looks at the worklist, so that the first exam opens as fast as others. */
function useReadyReading(isWanted: boolean): void {
  useEffect(() => {
    if (!isWanted) return;
    const wait = setTimeout(() => void import("./pages/reading").then((found) => found.warmUp(), () => undefined), WARM_UP_MS);
    return () => clearTimeout(wait);
  }, [isWanted]);
}

function Header() {
  const user = session.value?.user;
  const page = route.value.page;
  const here = (name: string) => (page === name ? ({ "aria-current": "page" } as const) : {});
  return (
    <header class="head">
      <a class="brand" href="#/exams">
        <img src="/favicon.svg" alt="" width={24} height={24} /> corcal
      </a>
      <nav aria-label="Pages">
        <a href="#/exams" {...here("exams")}>Worklist</a>
        <a href="#/agreement" {...here("agreement")}>Agreement</a>
        <a href="#/settings" {...here("settings")}>Settings</a>
      </nav>
      <span class="spacer" />
      <label class="control">
        <span class="sr-only">Colours</span>
        <select value={theme.value} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
          <option value="system">Colours of the system</option>
          <option value="dark">Dark</option>
          <option value="light">Light</option>
        </select>
      </label>
      {user && <span class="who">{user.name}, {ROLE_NAMES[user.role]}</span>}
      <button type="button" class="button" onClick={() => void leave()}>Log out</button>
    </header>
  );
}

const TITLES = { exams: "Worklist", exam: "Reading", agreement: "Agreement", settings: "Settings" };

/** Which page it is; never who is read: titles stay in the browser's history. */
function useTitle(page: keyof typeof TITLES): void {
  useEffect(() => {
    document.title = `${TITLES[page]} · corcal`;
  }, [page]);
}

function useTheme(isReading: boolean): void {
  const wanted = theme.value;
  useEffect(() => {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const apply = (): void => {
      document.documentElement.dataset.theme = shownTheme(wanted, isReading, system.matches);
    };
    apply();
    system.addEventListener("change", apply);
    return () => system.removeEventListener("change", apply);
  }, [wanted, isReading]);
}
