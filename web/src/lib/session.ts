/** Who is logged in, and the colours that they like. */

import { computed, signal } from "@preact/signals";

import { Problem, get, remove, setCsrfToken } from "../api/http";
import { startLive, stopLive } from "../api/live";
import type { Session } from "../api/types";

export const session = signal<Session | null>(null);
export const isKnown = signal(false);
/** Whether people can log in at their organisation. */
export const hasSignOn = signal(false);
export const mayRead = computed(() => session.value !== null && session.value.user.role !== "viewer");
export const isAdmin = computed(() => session.value?.user.role === "admin");

export function begin(found: Session): void {
  setCsrfToken(found.csrf_token);
  session.value = found;
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

export function forget(): void {
  stopLive();
  setCsrfToken(null);
  session.value = null;
}

export async function leave(): Promise<void> {
  try {
    await remove("/session");
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
