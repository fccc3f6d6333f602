/** What is done with a whole exam; what the server refuses is said over the images. */

import { post, wordsOf } from "../api/http";
import { refresh, type OpenedExam } from "../pages/reading";

export async function attempt({ store }: OpenedExam, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    store.say("error", wordsOf(error));
    return false;
  }
}

/** Opens a signed exam again. */
export async function beginAddendum(exam: OpenedExam, reason: string): Promise<void> {
  await attempt(exam, async () => {
    await post(`/exams/${exam.store.examId}/addendum`, { reason });
    await Promise.all([exam.store.load(), refresh(exam)]);
  });
}

export async function askForBlindRead(exam: OpenedExam, reader: string): Promise<void> {
  const isAsked = await attempt(exam, () => post(`/exams/${exam.store.examId}/blind-reads`, { reader }));
  if (isAsked) exam.store.say("info", "The second reader was asked.");
}
