import type { Socket } from "bun";
import { createAnswerReader } from "../worker/http/answer-reader.ts";

/** What came of an answer: its status, the header `A` where it has one, and its body; or `lost`. */
export type AnswerOutcome = string;

/** Gives an answer's bytes whole, in two pieces at each place, and one by one. */
export function allPieces(answer: string): Buffer[][] {
  const bytes = Buffer.from(answer, "latin1");
  const places = Array.from({ length: Math.max(0, bytes.length - 1) }, (_, n) => n + 1);
  return [
    [bytes],
    ...places.map((place) => [bytes.subarray(0, place), bytes.subarray(place)]),
    Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)),
  ];
}

type Got = {
  readonly status: number;
  readonly headers: { readonly get: (name: string) => string | null };
  readonly body: string;
};

function outcomeOf({ status, headers, body }: Got): AnswerOutcome {
  const a = headers.get("A");
  return [status, ...(a === null ? [] : [`A=${a}`]), body].join(" ").trim();
}

/** Gives what our reader makes of these pieces, after which the server closes the connection. */
export function readPieces(pieces: readonly Buffer[]): AnswerOutcome {
  const reader = createAnswerReader();
  try {
    for (const piece of pieces) {
      const answer = reader.push(piece);
      if (answer !== null) return outcomeOf(answer.response);
    }
  } catch {
    return "lost";
  }
  const last = reader.close();
  return last === null ? "lost" : outcomeOf(last.response);
}

/** Gives what Bun's fetch makes of these pieces, each sent by itself, after which the server closes the connection. */
export async function fetchPieces(pieces: readonly Buffer[]): Promise<AnswerOutcome> {
  const answer = async (socket: Socket) => {
    for (const piece of pieces) {
      socket.write(piece);
      socket.flush();
      await new Promise((resolve) => {
        setTimeout(resolve, 0);
      });
    }
    socket.end();
  };
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void answer(socket), error: () => {} },
  });
  try {
    const url = `http://127.0.0.1:${listener.port}`;
    const response = await fetch(url, { method: "POST", body: "{}", redirect: "manual", keepalive: false });
    return outcomeOf({ status: response.status, headers: response.headers, body: await response.text() });
  } catch {
    return "lost";
  } finally {
    listener.stop(true);
  }
}
