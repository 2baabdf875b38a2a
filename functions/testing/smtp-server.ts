/** One mail as an SMTP server got it. */
export type SmtpMail = { readonly recipients: readonly string[]; readonly source: string };

/** Gives a server that takes mail by SMTP and keeps it, or answers DATA with `refusal`, such as `550 no`. */
export function withSmtp(refusal?: string) {
  const mails: SmtpMail[] = [];
  const server = Bun.listen<{ text: string; recipients: string[]; inData: boolean }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => {
        socket.data = { text: "", recipients: [], inData: false };
        socket.write("220 test ESMTP\r\n");
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
          if (state.inData) {
            mails.push({ recipients: state.recipients, source: part });
            state.inData = false;
            socket.write("250 kept\r\n");
            continue;
          }
          const recipient = /^RCPT TO:<(.*)>/i.exec(part)?.[1];
          if (recipient !== undefined) state.recipients.push(recipient);
          const isData = /^DATA$/i.test(part);
          state.inData = isData && refusal === undefined;
          socket.write(`${isData ? (refusal ?? "354 go on") : "250 ok"}\r\n`);
        }
      },
    },
  });
  return {
    url: `smtp://127.0.0.1:${server.port}`,
    mails,
    [Symbol.asyncDispose]: async () => server.stop(true),
  };
}
