/** @jsxImportSource hono/jsx */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";

type ShellProps = {
  readonly title: string;
  /** Read by the page's script, as `data-…`. */
  readonly known?: Readonly<Record<`data-${string}`, string | undefined>>;
  readonly children: Child;
};

/** What every page of the mailbox stands in. */
export function Shell({ title, known = {}, children }: ShellProps) {
  return (
    <>
      {raw("<!doctype html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>{title}</title>
          <link rel="stylesheet" href="/page.css" />
          <script src="/page.js" defer />
        </head>
        <body {...known}>{children}</body>
      </html>
    </>
  );
}

/** The page of an address that there is nothing at. */
export function NothingHere({ children }: { readonly children: Child }) {
  return (
    <Shell title="Nothing here – Mailbox">
      <header>
        <h1>Mailbox</h1>
      </header>
      <main class="empty">
        <h2>Nothing here</h2>
        <p>{children}</p>
        <p>
          <a href="/">Show the mailbox</a>
        </p>
      </main>
    </Shell>
  );
}
