/** Gives the http and https links of a mail, each once, in order of appearance. */
export async function findLinks(html: string, text: string): Promise<string[]> {
  const links = new Set<string>();
  const rewriter = new HTMLRewriter().on("a[href]", {
    element: (element) => {
      links.add(unescapeAmpersands(element.getAttribute("href") ?? ""));
    },
  });
  await rewriter.transform(new Response(html)).text();
  for (const [link] of text.matchAll(/https?:\/\/[^\s<>"]+/g)) links.add(link);
  return [...links].filter((link) => /^https?:\/\//i.test(link) && URL.canParse(link));
}

function unescapeAmpersands(href: string): string {
  return href.replaceAll("&amp;", "&").replaceAll("&#x3D;", "=").replaceAll("&#38;", "&");
}
