import type { Message } from "./message.ts";

const views = ["html", "text", "source", "headers"] as const;

/** What of a message is shown. */
export type View = (typeof views)[number];

const titles: Record<View, string> = { html: "Rendered", text: "Text", source: "Source", headers: "Headers" };

/** Gives the view that a query names; a mail's best where it names none. */
export function readView(name: string | undefined, message: Message | undefined): View {
  return views.find((view) => view === name) ?? (message?.html === "" ? "text" : "html");
}

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
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Mailbox ({messages.length})</title>
        <link rel="stylesheet" href="/page.css" />
        <script src="/page.js" defer />
      </head>
      <body data-newest={messages[0]?.id ?? ""} data-count={String(messages.length)}>
        <header>
          <h1>
            Mailbox{" "}
            <small>
              {messages.length === 1 ? "1 message" : `${messages.length} messages`}, kept in memory
            </small>
          </h1>
          {messages.length > 0 && (
            <form method="post" action="/clear">
              <button type="submit">Empty</button>
            </form>
          )}
        </header>
        {messages.length === 0 ? <Empty /> : <Messages {...{ messages, chosen, isFixed, view, links }} />}
      </body>
    </html>
  );
}

function Empty() {
  return (
    <main class="empty">
      <div>
        <h2>No mail yet</h2>
        <p>Mail that the local functions send arrives here. Send one:</p>
        <pre>
          bun run jobs enqueue simple-email '{'{"to":"you@example.com","subject":"Hello","text":"It works."}'}
          '
        </pre>
      </div>
    </main>
  );
}

function Messages({ messages, chosen, isFixed, view, links }: PageProps) {
  return (
    <main>
      <nav aria-label="Messages">
        <ol>
          {messages.map((message) => (
            <li>
              <a href={`/?id=${message.id}`} aria-current={message.id === chosen?.id ? "true" : undefined}>
                <strong dir="auto">{message.subject === "" ? "(no subject)" : message.subject}</strong>
                <span>
                  <span>{message.to}</span>
                  <time datetime={message.receivedAt}>{message.receivedAt.slice(11, 19)}</time>
                </span>
              </a>
            </li>
          ))}
        </ol>
      </nav>
      {chosen === undefined ? (
        <section>
          <h2>This message is not here any more.</h2>
        </section>
      ) : (
        <One message={chosen} isFixed={isFixed} view={view} links={links} />
      )}
    </main>
  );
}

type OneProps = Pick<PageProps, "isFixed" | "view" | "links"> & { readonly message: Message };

function One({ message, isFixed, view, links }: OneProps) {
  const address = (next: View) => (isFixed ? `/?id=${message.id}&view=${next}` : `/?view=${next}`);
  return (
    <section>
      <h2 dir="auto">{message.subject === "" ? "(no subject)" : message.subject}</h2>
      <dl>
        <dt>From</dt>
        <dd>{message.from}</dd>
        <dt>To</dt>
        <dd>{message.to}</dd>
        <dt>Received</dt>
        <dd>{message.receivedAt.slice(0, 19).replace("T", " ")} UTC</dd>
      </dl>
      <div class="tabs">
        {views.map((next) => (
          <a href={address(next)} aria-current={next === view ? "page" : undefined}>
            {titles[next]}
          </a>
        ))}
      </div>
      <Body message={message} view={view} />
      {links.length > 0 && (
        <ul class="links" aria-label="Links in the mail">
          {links.map((link) => (
            <li>
              <a href={link} target="_blank" rel="noopener noreferrer">
                {link}
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Body({ message, view }: { readonly message: Message; readonly view: View }) {
  switch (view) {
    case "html":
      return message.html === "" ? (
        <pre>(This mail has no HTML part.)</pre>
      ) : (
        <iframe title="The mail as it is rendered" sandbox="" src={`/messages/${message.id}/html`} />
      );
    case "text":
      return <pre dir="auto">{message.text === "" ? "(This mail has no text part.)" : message.text}</pre>;
    case "source":
      return <pre>{message.html}</pre>;
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
