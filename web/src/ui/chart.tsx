/** A chart that the server draws; or the sentence that says why there is none. */

import { useEffect, useState } from "preact/hooks";

import { Dialog } from "./dialog";
import { request, wordsOf } from "../api/http";

export function Chart(props: { path: string; about: string; version: string | number }) {
  const [url, setUrl] = useState<string | null>(null);
  const [isLarge, setLarge] = useState(false);
  const [words, setWords] = useState<string | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    let made: string | null = null;
    request(props.path, { headers: { Accept: "image/svg+xml" }, signal: abort.signal })
      .then((answer) => answer.blob())
      .then((blob) => {
        made = URL.createObjectURL(blob);
        setUrl(made);
        setWords(null);
      })
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        setUrl(null);
        setWords(wordsOf(error));
      });
    return () => {
      abort.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [props.path, props.version]);
  if (url) {
    return (
      <>
        <button type="button" class="chart-button" title="Larger" onClick={() => setLarge(true)}>
          <img class="chart chart-paper" src={url} alt={props.about} />
        </button>
        {isLarge && (
          <Dialog title={props.about} onClose={() => setLarge(false)} size="wide">
            <img class="chart chart-paper" src={url} alt={props.about} />
          </Dialog>
        )}
      </>
    );
  }
  return words ? <p class="quiet">No chart: {words}</p> : <p class="quiet">Drawing…</p>;
}
