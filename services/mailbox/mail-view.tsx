/** @jsxImportSource hono/jsx */
import { mailSandbox } from "./mail-document.ts";
import type { Message, MessageFile } from "./message.ts";

const views = ["html", "text", "source", "headers"] as const;

/** What of a message is shown. */
export type View = (typeof views)[number];

const titles: Record<View, string> = { html: "Rendered", text: "Text", source: "Source", headers: "Headers" };

/** Gives the view that a query names; a mail's best where it names none. */
export function readView(name: string | undefined, message: Message | undefined): View {
  return views.find((view) => view === name) ?? (message?.html === "" ? "text" : "html");
}

/** Gives what a mail is called. */
export function subjectOf({ subject }: Message): string {
  return subject === "" ? "(no subject)" : subject;
}

type MailViewProps = {
  readonly message: Message;
  /** Whether the address names the message; else it is the newest. */
  readonly isFixed: boolean;
  readonly view: View;
  readonly links: readonly string[];
};

/** One message: who, to whom, when, and one view of it. */
export function MailView({ message, isFixed, view, links }: MailViewProps) {
  const address = (next: View) => (isFixed ? `/?id=${message.id}&view=${next}` : `/?view=${next}`);
  return (
    <section id="message" tabindex={-1} aria-labelledby="subject">
      <h2 id="subject" dir="auto">
        {subjectOf(message)}
      </h2>
      <dl>
        <dt>From</dt>
        <dd>
          <bdi>{message.from}</bdi>
        </dd>
        <dt>To</dt>
        <dd>
          <bdi>{message.to}</bdi>
        </dd>
        <dt>Received</dt>
        <dd>
          <time datetime={message.receivedAt}>{message.receivedAt.slice(0, 19).replace("T", " ")} UTC</time>
        </dd>
      </dl>
      <nav class="tabs" aria-label="Views of the message">
        {views.map((next) => (
          <a href={address(next)} aria-current={next === view ? "page" : undefined}>
            {titles[next]}
          </a>
        ))}
      </nav>
      <Body message={message} view={view} />
      {links.length > 0 && <Links links={links} />}
      {message.attachments !== undefined && <Attachments id={message.id} files={message.attachments} />}
    </section>
  );
}

function Links({ links }: Pick<MailViewProps, "links">) {
  return (
    <>
      <h3 id="links">Links in the mail</h3>
      <ul class="links" aria-labelledby="links">
        {links.map((link) => (
          <li>
            <a href={link} target="_blank" rel="noopener noreferrer">
              {link}
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

function Attachments({ id, files }: { readonly id: string; readonly files: readonly MessageFile[] }) {
  return (
    <>
      <h3 id="attachments">Attachments</h3>
      <ul class="links" aria-labelledby="attachments">
        {files.map(({ filename, contentType, content }, number) => (
          <li>
            <a href={`/messages/${id}/attachments/${number}`} download>
              <bdi>{filename}</bdi>
            </a>{" "}
            {contentType}, {content.byteLength} bytes
          </li>
        ))}
      </ul>
    </>
  );
}

function Body({ message, view }: Pick<MailViewProps, "message" | "view">) {
  switch (view) {
    case "html":
      return message.html === "" ? (
        <pre>(This mail has no HTML part.)</pre>
      ) : (
        <iframe
          title="The mail as it is rendered"
          sandbox={mailSandbox}
          src={`/messages/${message.id}/html`}
        />
      );
    case "text":
      return <pre dir="auto">{message.text === "" ? "(This mail has no text part.)" : message.text}</pre>;
    case "source":
      return <pre>{message.html === "" ? "(This mail has no HTML part.)" : message.html}</pre>;
    case "headers":
      return <pre>{headerLines(message)}</pre>;
  }
}

function headerLines({ from, to, subject, headers, tags }: Message): string {
  const lines = Object.entries({ From: from, To: to, Subject: subject, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return [...lines, ...tags.map((tag) => `(tag) ${tag}`)].join("\n");
}
