/** A chart that the server draws; or the sentence that says why there is none. */

import { useEffect, useState } from "preact/hooks";

import { Dialog } from "./dialog";
import { request, wordsOf } from "../api/http";

type Drawn = { url: string | null; words: string | null };

/** A drawing of the server's as an address of this page; or why there is none. */
function useDrawn(path: string, version: string | number): Drawn {
  const [url, setUrl] = useState<string | null>(null);
  const [words, setWords] = useState<string | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    let made: string | null = null;
    request(path, { headers: { Accept: "image/svg+xml" }, signal: abort.signal })
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
  }, [path, version]);
  return { url, words };
}

/** Small, with letters that can be read in a column; a press shows the whole, with all that it says. */
export function Chart(props: { path: string; about: string; version: string | number }) {
  const [isLarge, setLarge] = useState(false);
  const { url, words } = useDrawn(`${props.path}?size=small`, props.version);
  if (!url) return <p class="quiet">{words ? `No chart: ${words}` : "Drawing…"}</p>;
  return (
    <>
      <button type="button" class="chart-button" title="Larger" onClick={() => setLarge(true)}>
        <img class="chart chart-paper" src={url} alt={props.about} />
      </button>
      {isLarge && (
        <Dialog title={props.about} onClose={() => setLarge(false)} size="wide">
          <Large {...props} />
        </Dialog>
      )}
    </>
  );
}

function Large(props: { path: string; about: string; version: string | number }) {
  const { url, words } = useDrawn(props.path, props.version);
  if (!url) return <p class="quiet">{words ? `No chart: ${words}` : "Drawing…"}</p>;
  return <img class="chart chart-paper" src={url} alt={props.about} />;
}
