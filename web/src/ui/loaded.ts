/** Something asked of the server when a part of the page opens, and again when it may be old. */

import { useEffect, useState } from "preact/hooks";

import { get, wordsOf } from "../api/http";
import { onReturn } from "../api/live";

export type Loaded<T> = { value: T | null; words: string | null; again: () => void };

const SETTLE_MS = 350;

export function useLoaded<T>(path: string, version: string | number = 0): Loaded<T> {
  const [value, setValue] = useState<T | null>(null);
  const [words, setWords] = useState<string | null>(null);
  const [count, setCount] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    // after an edit: not until the reader pauses
    const wait = setTimeout(
      () => {
        get<T>(path, abort.signal)
          .then((found) => {
            setValue(found);
            setWords(null);
          })
          .catch((error: unknown) => {
            if (!abort.signal.aborted) setWords(wordsOf(error));
          });
      },
      value === null ? 0 : SETTLE_MS,
    );
    return () => {
      clearTimeout(wait);
      abort.abort();
    };
  }, [path, version, count]);
  const again = (): void => setCount((now) => now + 1);
  useEffect(() => onReturn(again), []);
  return { value, words, again };
}
