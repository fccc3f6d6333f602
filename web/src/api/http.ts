/** Requests to the server: one place for the address, the token against forged requests, and errors. */

import { sentence } from "../lib/format";

export const API = "/api/v1";

let csrfToken: string | null = null;
let onLoggedOut: () => void = () => {};
let onOldToken: () => Promise<boolean> = async () => false;

export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Called when the server no longer knows who asks. */
export function whenLoggedOut(call: () => void): void {
  onLoggedOut = call;
}

/** Called when another window has logged in anew; whether the same person goes on. */
export function whenTokenIsOld(call: () => Promise<boolean>): void {
  onOldToken = call;
}

/** An answer that is none: RFC 9457, with a sentence for a person. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly more: Record<string, unknown> = {},
  ) {
    super(detail);
    this.name = "Problem";
  }
}

type Options = {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  json?: unknown;
  body?: BodyInit;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Sent once more, with the token of the session as it is now. */
  isAgain?: boolean;
};

/** Answers that pass by: no server, one that starts, or a session that has ended. */
const PASSING = new Set([0, 401, 502, 503, 504]);

/** Whether it is worth to ask again once the server and the session are there. */
export function isOutage(error: unknown): boolean {
  return error instanceof Problem && PASSING.has(error.status);
}

export async function request(path: string, options: Options = {}): Promise<Response> {
  const method = options.method ?? (options.json === undefined ? "GET" : "POST");
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  if (method !== "GET" && csrfToken !== null) headers["X-CSRF-Token"] = csrfToken;
  if (options.json !== undefined) headers["Content-Type"] = "application/json";
  let answer: Response;
  try {
    answer = await fetch(API + path, {
      method,
      headers,
      body: options.json === undefined ? options.body : JSON.stringify(options.json),
      signal: options.signal,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "unreachable", "The server does not answer.");
  }
  if (answer.ok) return answer;
  const problem = await problemOf(answer);
  if (problem.code === "csrf" && !options.isAgain && (await onOldToken())) {
    return request(path, { ...options, isAgain: true });
  }
  if (answer.status === 401 && path !== "/session") onLoggedOut();
  throw problem;
}

async function problemOf(answer: Response): Promise<Problem> {
  let body: Record<string, unknown> = {};
  try {
    body = (await answer.json()) as Record<string, unknown>;
  } catch {
    // a proxy in between answers without a problem document
  }
  const detail = typeof body.detail === "string" ? body.detail : `The server answered ${answer.status}.`;
  const code = typeof body.code === "string" ? body.code : String(answer.status);
  const wait = answer.headers.get("Retry-After");
  return new Problem(answer.status, code, detail, wait === null ? body : { ...body, retry_after: wait });
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await request(path, { signal })).json()) as T;
}

export async function post<T>(path: string, json: unknown = {}, signal?: AbortSignal): Promise<T> {
  const answer = await request(path, { json, signal, method: "POST" });
  const text = await answer.text();
  return (text === "" ? null : JSON.parse(text)) as T;
}

export async function patch<T>(path: string, json: unknown): Promise<T> {
  const text = await (await request(path, { json, method: "PATCH" })).text();
  return (text === "" ? null : JSON.parse(text)) as T;
}

export async function remove(path: string): Promise<void> {
  await request(path, { method: "DELETE" });
}

/** What to tell a person about an error. */
export function wordsOf(error: unknown): string {
  if (error instanceof Problem) return sentence(error.message);
  return "Something went wrong in this page. Reload it; nothing that was saved is lost.";
}
