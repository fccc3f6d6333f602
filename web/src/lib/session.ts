/** Who is logged in, and the colours that they like. */

import { computed, signal } from "@preact/signals";

import { Problem, get, remove, setCsrfToken, whenTokenIsOld } from "../api/http";
import { startLive, stopLive, whenLost } from "../api/live";
import type { Session } from "../api/types";

export const session = signal<Session | null>(null);
export const isKnown = signal(false);
/** The session has ended while someone worked: they log in again, and go on where they were. */
export const isExpired = signal(false);
/** Whether people can log in at their organisation. */
export const hasSignOn = signal(false);
export const mayRead = computed(() => session.value !== null && session.value.user.role !== "viewer");
export const isAdmin = computed(() => session.value?.user.role === "admin");

export function begin(found: Session): void {
  setCsrfToken(found.csrf_token);
  session.value = found;
  isExpired.value = false;
  startLive();
}

export async function findSession(): Promise<void> {
  try {
    begin(await get<Session>("/session"));
  } catch (error) {
    session.value = null;
    hasSignOn.value = error instanceof Problem && error.more.sign_on === true;
  }
  isKnown.value = true;
}

const RETRY_MS = 1500;
let returning: Promise<void> | null = null;

/** Resolves when server and session are there again, if by a login in another window. */
export function whenBack(): Promise<void> {
  return (returning ??= comeBack().finally(() => (returning = null)));
}

async function comeBack(): Promise<void> {
  while (session.value !== null) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    try {
      const found = await get<Session>("/session");
      if (session.value !== null) begin(found);
      return;
    } catch (error) {
      if (error instanceof Problem && error.status === 401) expire(error);
    }
  }
}

function expire(error: Problem): void {
  hasSignOn.value = error.more.sign_on === true;
  isExpired.value = session.value !== null;
}

/** The server says that nobody is logged in. */
export function loggedOut(): void {
  if (session.value !== null) void whenBack();
}

whenLost(() => void whenBack());
whenTokenIsOld(async () => {
  const before = session.value?.user.id;
  const found = await get<Session>("/session");
  begin(found);
  return found.user.id === before;
});

export function forget(): void {
  stopLive();
  setCsrfToken(null);
  session.value = null;
  isExpired.value = false;
}

/** Where who came by sign-on goes after logging out: the provider may know them still. */
const SIGN_OFF = "/oidc/logout";

export async function leave(): Promise<void> {
  const cameBySignOn = session.value?.sign_on === true;
  try {
    await remove("/session");
    if (cameBySignOn) location.assign(SIGN_OFF);
  } finally {
    forget();
  }
}

export type Theme = "system" | "dark" | "light";
const THEME_KEY = "corcal.theme"; // the only thing kept in the browser: a colour scheme
export const theme = signal<Theme>(storedTheme());

function storedTheme(): Theme {
  try {
    const kept = localStorage.getItem(THEME_KEY);
    return kept === "dark" || kept === "light" ? kept : "system";
  } catch {
    return "system"; // storage is switched off
  }
}

export function setTheme(wanted: Theme): void {
  theme.value = wanted;
  try {
    if (wanted === "system") localStorage.removeItem(THEME_KEY);
    else localStorage.setItem(THEME_KEY, wanted);
  } catch {
    // storage is switched off: the choice lasts as long as the page
  }
}

/** Dark in the reading view unless asked otherwise: a bright page next to a CT blinds. */
export function shownTheme(wanted: Theme, isReading: boolean, systemIsDark: boolean): "dark" | "light" {
  if (wanted !== "system") return wanted;
  return isReading || systemIsDark ? "dark" : "light";
}
