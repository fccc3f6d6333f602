import type { OpenedExam } from "../pages/reading";
export function RecordTab(_props: { exam: OpenedExam; canEdit: boolean }) {
  return <p />;
}
