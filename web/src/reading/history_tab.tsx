import type { OpenedExam } from "../pages/reading";
export function HistoryTab(_props: { exam: OpenedExam; canEdit: boolean }) {
  return <p />;
}
