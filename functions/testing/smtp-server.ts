/** One mail as an SMTP server got it. */
export type SmtpMail = { readonly recipients: readonly string[]; readonly source: string };

/** How a server differs from one that takes everything. */
export type SmtpBehaviour = {
  /** Gives what is answered to a line of the client, or undefined for the usual; "" answers nothing, "close" hangs up. */
  readonly answer?: (line: string) => string | undefined;
  readonly greeting?: string;
  /** Extensions that the server names. */
  readonly extensions?: readonly string[];
  readonly tls?: { readonly key: string; readonly cert: string };
};

/** Gives a server that takes mail by SMTP and keeps it, but for what `behaviour` says; `lines` is all that it was told. */
export function withSmtp({ answer, greeting = "220 test ESMTP", extensions = [], tls }: SmtpBehaviour = {}) {
  const mails: SmtpMail[] = [];
  const lines: string[] = [];
  const usual = (line: string) => {
    if (/^EHLO/i.test(line))
      return ["test", ...extensions]
        .map((name, at) => `250${at === extensions.length ? " " : "-"}${name}`)
        .join("\r\n");
    if (/^DATA$/i.test(line)) return "354 go on";
    return /^AUTH/i.test(line) ? "235 welcome" : "250 ok";
  };
  const server = Bun.listen<{ text: string; recipients: string[]; inData: boolean }>({
    hostname: "127.0.0.1",
    port: 0,
    ...(tls === undefined ? {} : { tls }),
    socket: {
      open: (socket) => {
        socket.data = { text: "", recipients: [], inData: false };
        if (greeting !== "") socket.write(`${greeting}\r\n`);
      },
      data: (socket, chunk) => {
        const state = socket.data;
        state.text += chunk.toString();
        for (;;) {
          const end = state.inData ? "\r\n.\r\n" : "\r\n";
          const at = state.text.indexOf(end);
          if (at < 0) return;
          const part = state.text.slice(0, at);
          state.text = state.text.slice(at + end.length);
          if (!state.inData) lines.push(part);
          const said = answer?.(state.inData ? "." : part) ?? (state.inData ? "250 kept" : usual(part));
          if (state.inData && said.startsWith("2"))
            mails.push({ recipients: state.recipients, source: part });
          const recipient = /^RCPT TO:<(.*?)>/i.exec(part)?.[1];
          if (!state.inData && recipient !== undefined && said.startsWith("2"))
            state.recipients.push(recipient);
          state.inData = !state.inData && said.startsWith("354");
          if (said === "close") return void socket.end();
          if (said !== "") socket.write(`${said}\r\n`);
        }
      },
    },
  });
  return {
    url: `${tls === undefined ? "smtp" : "smtps"}://127.0.0.1:${server.port}`,
    mails,
    lines,
    [Symbol.asyncDispose]: async () => server.stop(true),
  };
}
