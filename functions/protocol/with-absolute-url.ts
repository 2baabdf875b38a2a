/**
 * Gives a request whose URL is whole. Bun gives a request of HTTP/1.0 without `Host`, as load balancers send for their health
 * checks, the path alone as its URL, which no router finds and `new URL` refuses.
 */
export function withAbsoluteUrl(request: Request): Request {
  if (URL.canParse(request.url)) return request;
  const path = request.url.replace(/^\/+/, "");
  return new Request(new URL(`http://localhost/${path}`), request);
}
