/** All keys, from the table that makes them work. */

import type { SiteInfo } from "../api/types";
import { Dialog } from "../ui/dialog";
import { KEYS, spelled } from "./keys";

export function HelpDialog(props: { sites: SiteInfo[]; onClose: () => void }) {
  const groups = ["Move", "Assign", "Tools", "Show", "Exam"] as const;
  return (
    <Dialog title="Keys" onClose={props.onClose} size="full">
      <p>
        Mouse: wheel for slices, Ctrl and wheel for size, drag to move, right button for brightness and contrast. Fingers:
        one for slices, two for size and place, a tap assigns.
      </p>
      <div class="keys">
        <section>
          <h3>Sites</h3>
          <dl>
            {props.sites.map((site) => (
              <div key={site.label}>
                <dt><kbd>{site.key}</kbd></dt>
                <dd>{site.name}</dd>
              </div>
            ))}
          </dl>
        </section>
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {KEYS.filter((row) => row.group === group).map((row) => (
                <div key={row.command}>
                  <dt>{spelled(row.keys).map((key) => <kbd key={key}>{key}</kbd>)}</dt>
                  <dd>{row.says}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
