/**
 * Gives a function that works each answer out once, and forgets all of them when it holds `limit`: what makes up the texts that it
 * is asked for cannot fill the memory. An answer that throws is not kept.
 */
export function remember<Answer extends object>(
  limit: number,
  answerTo: (text: string) => Answer,
): (text: string) => Answer {
  const known = new Map<string, Answer>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const answer = answerTo(text);
    if (known.size >= limit) known.clear();
    known.set(text, answer);
    return answer;
  };
}
