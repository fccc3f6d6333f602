import type { OpenedExam } from "../pages/reading";
export function MeaningTab(_props: { exam: OpenedExam; canEdit: boolean }) {
  return <p />;
}
