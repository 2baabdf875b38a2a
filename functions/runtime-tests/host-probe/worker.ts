/** Asks the URL of `X-Probe-Url` with a Host of its own, and passes on what the server there says. */
export default {
  fetch: async (request: Request): Promise<Response> => {
    const answer = await fetch(request.headers.get("X-Probe-Url") ?? "", {
      headers: { Host: "private.localhost" },
    });
    return new Response(await answer.text());
  },
};
