export function AgreementPage() {
  return <main class="page"><h1>Agreement</h1></main>;
}
