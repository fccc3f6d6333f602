/** What is under the pointer or selected, in one line; and why, if asked. */

import type { Candidate } from "../api/types";
import { percent, score } from "../lib/format";
import { mayRead } from "../lib/session";
import type { ReviewStore } from "./review_store";
import { isByReader, siteColour, siteName } from "./sites";
import type { ViewState } from "./view_state";
import { Swatch } from "../ui/swatch";

const MOST_SITES = 4;

type Props = { view: ViewState; store: ReviewStore; isVolume: boolean };

export function CandidateStrip({ view, store, isVolume }: Props) {
  const id = view.focus.value;
  const one = id === null ? undefined : store.candidates.value.get(id);
  return (
    <section class="strip" aria-label="Candidate">
      <div class="strip-line" aria-live="polite">
        {one ? <Line one={one} store={store} /> : <Idle view={view} store={store} isVolume={isVolume} />}
      </div>
      {one && view.isWhyOpen.value && <Why one={one} store={store} />}
    </section>
  );
}

function Idle({ view, store, isVolume }: Props) {
  if (store.refusal.value !== null) {
    const how = isVolume ? "this scan has no score." : "they form no volume, and distances from slice to slice are not true.";
    return <span class="quiet">Images alone: {how}</span>;
  }
  if (!store.isLoaded.value) return <span class="quiet">Loading the candidates…</span>;
  if (store.isFinal.value) return <span class="quiet">Signed: an addendum (under Record) is needed to change it.</span>;
  if (!mayRead.value) return <span class="quiet">Point at calcium to see what it is. You may look, not edit.</span>;
  const site = siteName(store.sites.value, view.activeSite.value);
  if (matchMedia("(pointer: coarse)").matches) {
    return <span class="quiet">A tap gives calcium to {site}, a second one takes it out. One finger turns slices, two make it larger.</span>;
  }
  return (
    <span class="quiet">
      Point at calcium to see what it is; a click gives it to {site}, or takes it out of there. → goes from candidate to candidate, ? shows all keys.
    </span>
  );
}

function Line({ one, store }: { one: Candidate; store: ReviewStore }) {
  const sites = store.sites.value;
  const name = siteName(sites, one.site);
  return (
    <>
      <Swatch colour={siteColour(sites, one.site)} />
      <strong>{name}</strong>
      <span class={isByReader(one) ? "tag tag-reader" : "tag"}>{isByReader(one) ? "reader" : "automatic"}</span>
      {one.proposed_site !== null && (
        <span>
          proposed: {siteName(sites, one.proposed_site)}
          {one.probability !== null && `, ${percent(one.probability)}`}
        </span>
      )}
      <span>
        {score(one.agatston)} Agatston · {one.volume_mm3.toFixed(0)} mm³ · peak {Math.round(one.peak_hu)} HU · {slices(one.slices)}
      </span>
      {!store.isBlind.value && <span class="quiet"><kbd>w</kbd> why</span>}
    </>
  );
}

export function slices(list: readonly number[]): string {
  const first = Math.min(...list) + 1;
  const last = Math.max(...list) + 1;
  if (list.length === 0) return "";
  return first === last ? `slice ${first}` : `slices ${first} to ${last}`;
}

function Why({ one, store }: { one: Candidate; store: ReviewStore }) {
  const likely = Object.entries(one.probabilities ?? {})
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_SITES);
  return (
    <div class="why">
      <div>
        <h2>Why {siteName(store.sites.value, one.proposed_site)} was proposed</h2>
        {one.why.length === 0 ? (
          <p>{one.proposed_site === null ? "Nothing was proposed here." : "A person proposed it; no reasons were given."}</p>
        ) : (
          <ul>
            {one.why.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        )}
      </div>
      {likely.length > 0 && (
        <table class="likely">
          <caption>Probabilities</caption>
          <tbody>
            {likely.map(([label, p]) => (
              <tr key={label}>
                <th scope="row">{siteName(store.sites.value, label)}</th>
                <td>
                  <meter min={0} max={1} value={p} aria-label={siteName(store.sites.value, label)}>{percent(p)}</meter>
                </td>
                <td class="number">{percent(p)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
