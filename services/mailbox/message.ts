/** A mail that was sent to the mailbox. */
export type Message = {
  readonly id: string;
  /** ISO 8601. */
  readonly receivedAt: string;
  readonly from: string;
  /** Recipients, as given, joined by a comma. */
  readonly to: string;
  readonly subject: string;
  /** Empty where the mail has no such part. */
  readonly html: string;
  readonly text: string;
  /** Headers given as `h:Name`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Tags given as `o:tag`. */
  readonly tags: readonly string[];
};

/** The messages of a mailbox, in memory. */
export type MessageStore = {
  readonly add: (message: Message) => void;
  /** Gives all, the newest first. */
  readonly list: () => readonly Message[];
  readonly find: (id: string) => Message | undefined;
  readonly clear: () => void;
};

/** Most messages that a mailbox keeps; the oldest goes when one more comes. */
export const keptMessages = 1_000;

/** Most characters of all that it keeps, so that a thousand mails of 25 MB do not take the machine's memory. */
export const keptCharacters = 100_000_000;

/** Gives an empty store. */
export function createMessageStore(): MessageStore {
  let messages: Message[] = [];
  return {
    add: (message) => {
      let left = keptCharacters;
      messages = [message, ...messages].slice(0, keptMessages).filter((one) => {
        left -= sizeOf(one);
        return one === message || left >= 0;
      });
    },
    list: () => messages,
    find: (id) => messages.find((message) => message.id === id),
    clear: () => {
      messages = [];
    },
  };
}

function sizeOf({ html, text, subject, from, to, headers, tags }: Message): number {
  const texts = [html, text, subject, from, to, ...Object.entries(headers).flat(), ...tags];
  return texts.reduce((sum, one) => sum + one.length, 0);
}
