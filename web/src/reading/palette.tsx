/** Sites to assign, tools, and how the images are shown: one row above the images. */

import type { ReviewStore } from "./review_store";
import { isVessel, siteColour } from "./sites";
import { SLABS_MM, WINDOWS, type Tool, type ViewState } from "./view_state";
import { fit, zoom } from "./key_listener";
import { Swatch } from "../ui/swatch";

const TOOLS: readonly { tool: Tool; name: string; key: string; icon: string }[] = [
  { tool: "assign", name: "Select and assign", key: "s", icon: "M5 3l6 16 2.5-6.5L20 10z" },
  { tool: "line", name: "Cut by a line", key: "c", icon: "M4 20L20 4M7 7a2 2 0 1 0-.1 0zM17 17a2 2 0 1 0 .1 0z" },
  { tool: "brush", name: "Part by a brush", key: "v", icon: "M20 4L10 14M9 13c-3 0-4 2-4 4 0 1-1 2-2 2 3 2 8 1 8-3z" },
  { tool: "region", name: "Freehand region", key: "r", icon: "M12 5c6-2 9 3 7 8s-9 8-13 4S5 7 12 5z" },
  { tool: "window", name: "Brightness and contrast", key: "g", icon: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18" },
];
/** Shown as buttons of their own; the rest is in a list. */
const FREQUENT = ["LM", "LAD", "LCX", "RCA"];

export function Palette(props: { view: ViewState; store: ReviewStore; canEdit: boolean }) {
  const { view, store, canEdit } = props;
  return (
    <div class="palette" role="toolbar" aria-label="Sites and tools">
      {canEdit && <Sites view={view} store={store} />}
      {canEdit && <span class="divider" />}
      <Tools view={view} canEdit={canEdit} />
      <span class="divider" />
      <Windows view={view} />
      <label class="control">
        <span class="sr-only">Slab</span>
        <select
          value={view.slabMm.value} title="Single slices, or a maximum projection of this thickness (m)"
          onChange={(event) => (view.slabMm.value = Number(event.currentTarget.value))}
        >
          {SLABS_MM.map((mm) => (
            <option value={mm} key={mm}>{mm === 0 ? "Slices" : `${mm} mm`}</option>
          ))}
        </select>
      </label>
      <span class="group" role="group" aria-label="Size">
        <IconButton name="Smaller" hint="-" onClick={() => zoom(0.8)} icon="M5 12h14" />
        <IconButton name="Larger" hint="+" onClick={() => zoom(1.25)} icon="M5 12h14M12 5v14" />
        <IconButton name="Whole image" hint="f" onClick={fit} icon="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5" />
      </span>
      <span class="group" role="group" aria-label="Show">
        <IconButton
          name="Colours" hint="h" isOn={view.showOverlay.value}
          onClick={() => (view.showOverlay.value = !view.showOverlay.value)}
          icon="M3 12c4-7 14-7 18 0-4 7-14 7-18 0zM12 9a3 3 0 1 0 .1 0z"
        />
        <IconButton
          name="Also bone, noise and what is no calcium" hint="a" isOn={view.showAll.value}
          onClick={() => (view.showAll.value = !view.showAll.value)}
          icon="M5 8a2 2 0 1 1 3-2l8 8a2 2 0 1 1 2 3 2 2 0 1 1-3 1L7 10a2 2 0 1 1-2-2z"
        />
        <IconButton
          name="Crosshair" hint="k" isOn={view.showCross.value}
          onClick={() => (view.showCross.value = !view.showCross.value)}
          icon="M12 3v7M12 14v7M3 12h7M14 12h7"
        />
      </span>
    </div>
  );
}

function Sites({ view, store }: { view: ViewState; store: ReviewStore }) {
  const sites = store.sites.value;
  const active = view.activeSite.value;
  const others = sites.filter((site) => !FREQUENT.includes(site.label));
  const isOther = !isVessel(active);
  return (
    <span class="group sites" role="radiogroup" aria-label="A click assigns">
      {sites
        .filter((site) => FREQUENT.includes(site.label))
        .map((site) => (
          <button
            type="button" role="radio" key={site.label}
            class={`site site-${site.label}`}
            aria-checked={site.label === active}
            title={`${site.name} (${site.key})`}
            onClick={() => (view.activeSite.value = site.label)}
          >
            <Swatch colour={siteColour(sites, site.label)} />
            {site.label}
            <kbd>{site.key}</kbd>
          </button>
        ))}
      <select
        class={isOther ? "site-other site-other-on" : "site-other"}
        aria-label="Another site"
        value={isOther ? active : ""}
        onChange={(event) => event.currentTarget.value && (view.activeSite.value = event.currentTarget.value)}
      >
        <option value="">Other…</option>
        {others.map((site) => (
          <option value={site.label} key={site.label}>{`${site.name}  (${site.key})`}</option>
        ))}
      </select>
    </span>
  );
}

function Tools({ view, canEdit }: { view: ViewState; canEdit: boolean }) {
  const tools = canEdit ? TOOLS : TOOLS.filter(({ tool }) => tool === "assign" || tool === "window");
  return (
    <span class="group" role="radiogroup" aria-label="Tool">
      {tools.map(({ tool, name, key, icon }) => (
        <IconButton
          key={tool} name={name} hint={key} icon={icon} isChoice isOn={view.tool.value === tool}
          onClick={() => (view.tool.value = tool)}
        />
      ))}
    </span>
  );
}

function Windows({ view }: { view: ViewState }) {
  const { center, width } = view.window.value;
  const now = WINDOWS.find(({ window }) => window.center === center && window.width === width);
  return (
    <label class="control">
      <span class="sr-only">Window</span>
      <select
        value={now?.name ?? ""} title="Window (i)"
        onChange={(event) => {
          const found = WINDOWS.find(({ name }) => name === event.currentTarget.value);
          if (found) view.window.value = found.window;
        }}
      >
        {!now && <option value="">{`${center} / ${width}`}</option>}
        {WINDOWS.map(({ name }) => (
          <option key={name} value={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

export function IconButton(props: {
  name: string;
  hint?: string;
  icon: string;
  isOn?: boolean;
  isChoice?: boolean;
  isDisabled?: boolean;
  onClick: () => void;
}) {
  const state = props.isOn === undefined ? {} : props.isChoice ? { role: "radio" as const, "aria-checked": props.isOn } : { "aria-pressed": props.isOn };
  return (
    <button
      type="button" class="icon-button" aria-label={props.name} disabled={props.isDisabled}
      title={props.hint ? `${props.name} (${props.hint})` : props.name}
      onClick={props.onClick} {...state}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d={props.icon} />
      </svg>
    </button>
  );
}
