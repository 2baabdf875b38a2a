/**
 * What a mail's frame may do: open a link beside the mailbox, when a person clicks it, and nothing else.
 *
 * The page that opens is free of the sandbox, as one from a mail program is.
 */
export const mailSandbox = "allow-popups allow-popups-to-escape-sandbox";

/** A mail is a stranger's document: no script, no form, no connection, and no place to stand in but our frame. */
const headers = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": `sandbox ${mailSandbox}; default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; frame-ancestors 'self'`,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

/**
 * Gives a mail's HTML as it is shown in the frame. Its links open beside the mailbox: in the frame they would be stopped, and the
 * mail gone. Links that lead nowhere from a mail, relative ones and scripts, lose their address.
 */
export function mailDocument(html: string): Response {
  const rewriter = new HTMLRewriter().on("a[href], area[href]", {
    element: (element) => {
      const href = element.getAttribute("href")?.trim() ?? "";
      if (href.startsWith("#")) return;
      if (!/^(https?|mailto|tel):/i.test(href)) element.removeAttribute("href");
      element.setAttribute("target", "_blank");
      element.setAttribute("rel", "noopener noreferrer");
    },
  });
  return rewriter.transform(new Response(html, { headers }));
}
