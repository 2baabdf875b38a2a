/** @jsxImportSource hono/jsx */
import { MailView, subjectOf, type View } from "./mail-view.tsx";
import type { Message } from "./message.ts";
import { Shell } from "./shell.tsx";

type PageProps = {
  readonly messages: readonly Message[];
  readonly chosen: Message | undefined;
  /** Whether the address names the chosen message; else it is the newest. */
  readonly isFixed: boolean;
  readonly view: View;
  readonly links: readonly string[];
};

/** The mailbox's page: the list of messages, and one of them. */
export function Page({ messages, chosen, isFixed, view, links }: PageProps) {
  const mailbox = `Mailbox (${messages.length})`;
  const known = {
    "data-newest": messages[0]?.id ?? "",
    "data-count": String(messages.length),
    "data-fixed": isFixed ? "true" : undefined,
  };
  return (
    <Shell title={chosen === undefined ? mailbox : `${subjectOf(chosen)} – ${mailbox}`} known={known}>
      {messages.length > 0 && (
        <a class="skip" href="#message">
          Skip to the message
        </a>
      )}
      <header>
        <h1>
          Mailbox{" "}
          <small role="status">
            {messages.length === 1 ? "1 message" : `${messages.length} messages`}, in memory
          </small>
        </h1>
        {messages.length > 0 && (
          <form method="post" action="/clear">
            <button type="submit">Delete all</button>
          </form>
        )}
      </header>
      {messages.length === 0 ? <Empty /> : <Messages {...{ messages, chosen, isFixed, view, links }} />}
    </Shell>
  );
}

function Empty() {
  return (
    <main class="empty">
      <h2>No mail yet</h2>
      <p>Mail that the local functions send arrives here. Send one:</p>
      <pre>
        bun run jobs enqueue simple-email '{'{"to":"you@example.com","subject":"Hello","text":"It works."}'}'
      </pre>
    </main>
  );
}

function Messages({ messages, chosen, isFixed, view, links }: PageProps) {
  return (
    <main>
      <nav class="list" aria-label="Messages">
        <ol>
          {messages.map((message) => (
            <li>
              <a href={`/?id=${message.id}`} aria-current={message.id === chosen?.id ? "true" : undefined}>
                <strong dir="auto">{subjectOf(message)}</strong>
                <span>
                  <bdi>{message.to}</bdi>
                  <time datetime={message.receivedAt}>{message.receivedAt.slice(11, 19)}</time>
                </span>
              </a>
            </li>
          ))}
        </ol>
      </nav>
      {chosen === undefined ? <Gone /> : <MailView message={chosen} {...{ isFixed, view, links }} />}
    </main>
  );
}

function Gone() {
  return (
    <section id="message" tabindex={-1}>
      <h2>This message is not here any more</h2>
      <p>
        It was deleted, or the mailbox has started anew. <a href="/">Show the newest one</a>
      </p>
    </section>
  );
}
