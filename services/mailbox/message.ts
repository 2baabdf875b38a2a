/** A file that came with a mail. */
export type MessageFile = {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Uint8Array<ArrayBuffer>;
};

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
  /** Headers given as `h:Name`, and Cc and Bcc, each with all its addresses. */
  readonly headers: Readonly<Record<string, string>>;
  /** Tags given as `o:tag`. */
  readonly tags: readonly string[];
  /** Left out where there are none. */
  readonly attachments?: readonly MessageFile[];
};

/** Gives a message as the API shows it: of each file what it is called, what it is and how long. */
export function messageJson({ attachments, ...message }: Message): object {
  const files = attachments?.map(({ filename, contentType, content }) => ({
    filename,
    contentType,
    size: content.byteLength,
  }));
  return files === undefined ? message : { ...message, attachments: files };
}

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

/** Most characters of all that it keeps, and bytes of files, so that a thousand mails of 25 MB do not take the machine's memory. */
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

function sizeOf({ html, text, subject, from, to, headers, tags, attachments = [] }: Message): number {
  const texts = [html, text, subject, from, to, ...Object.entries(headers).flat(), ...tags];
  const bytes = attachments.reduce((sum, { content }) => sum + content.byteLength, 0);
  return texts.reduce((sum, one) => sum + one.length, bytes);
}
