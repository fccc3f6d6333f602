export function SettingsPage() {
  return <main class="page"><h1>Settings</h1></main>;
}
