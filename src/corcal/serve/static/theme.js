// The colours that a person has chosen, before anything is drawn; app.tsx keeps them up to date.
(() => {
  let kept = null;
  try {
    kept = localStorage.getItem("corcal.theme");
  } catch {
    // storage is switched off
  }
  const isDark = kept === "dark" || (kept !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
})();
