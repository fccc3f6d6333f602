/** The colour of a site; Preact sets it through the CSSOM, as the strict content policy wants it. */
export function Swatch(props: { colour: string | null }) {
  return props.colour === null ? (
    <span class="swatch swatch-open" aria-hidden="true" />
  ) : (
    <span class="swatch" style={{ background: props.colour }} aria-hidden="true" />
  );
}
