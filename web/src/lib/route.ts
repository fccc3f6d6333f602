/** Where the screen is: the part of the address after `#`. It never holds anything of a patient. */

import { signal } from "@preact/signals";

export type Route =
  | { page: "exams" }
  | { page: "exam"; id: string }
  | { page: "agreement" }
  | { page: "settings" };

export function parseRoute(hash: string): Route {
  const parts = hash.replace(/^#?\/?/, "").split("/");
  if (parts[0] === "exams" && parts[1] && /^[0-9a-f]{32}$/.test(parts[1])) {
    return { page: "exam", id: parts[1] };
  }
  if (parts[0] === "agreement") return { page: "agreement" };
  if (parts[0] === "settings") return { page: "settings" };
  return { page: "exams" };
}

export const route = signal<Route>(
  typeof location === "undefined" ? { page: "exams" } : parseRoute(location.hash),
);

export function followAddress(): void {
  addEventListener("hashchange", () => (route.value = parseRoute(location.hash)));
}

export function go(path: string): void {
  location.hash = path;
}
