import { useEffect, useRef, useState } from "preact/hooks";

import { droppedFiles, isHidden } from "../lib/dropped";
import { bytes, plural } from "../lib/format";
import { dismiss, upload, uploads, type Upload } from "../lib/uploads";

export function UploadArea({ onDone }: { onDone: () => void }) {
  const [isOver, setOver] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  useEffect(() => {
    folder.current?.setAttribute("webkitdirectory", "");
  }, []);

  const take = (list: FileList | null): void => {
    if (list) void upload([...list].filter((file) => !isHidden(file.name)), onDone);
  };
  return (
    <section
      class={isOver ? "upload upload-over" : "upload"}
      aria-label="Upload"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (event.dataTransfer) void droppedFiles(event.dataTransfer).then((found) => upload(found, onDone));
      }}
    >
      <div class="upload-line">
        <span>Drop a folder, DICOM files or a zip here, or choose</span>
        <button type="button" class="button" onClick={() => folder.current?.click()}>Folder…</button>
        <button type="button" class="button" onClick={() => files.current?.click()}>Files…</button>
        <input ref={files} type="file" multiple hidden aria-label="Files to upload" onChange={(event) => { take(event.currentTarget.files); event.currentTarget.value = ""; }} />
        <input ref={folder} type="file" multiple hidden aria-label="Folder to upload" onChange={(event) => { take(event.currentTarget.files); event.currentTarget.value = ""; }} />
      </div>
      {uploads.value.length > 0 && (
        <ul class="uploads" aria-live="polite">
          {uploads.value.map((one) => <Line key={one.key} one={one} />)}
        </ul>
      )}
    </section>
  );
}

function Line({ one }: { one: Upload }) {
  return (
    <li>
      <span>{plural(one.files, "file")}, {bytes(one.bytes)}</span>
      {one.state === "sending" && (
        <>
          <progress value={one.sent} max={Math.max(one.bytes, 1)} aria-label="Upload" />
          <span>{one.sentFiles} of {one.files}</span>
        </>
      )}
      {one.state === "reading" && <progress aria-label="Reading the files" />}
      <span class={one.state === "failed" ? "failed" : ""}>{one.words}</span>
      {(one.state === "done" || one.state === "failed") && (
        <button type="button" class="button button-quiet" aria-label="Dismiss" onClick={() => dismiss(one.key)}>✕</button>
      )}
    </li>
  );
}
