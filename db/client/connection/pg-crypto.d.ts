/** node-postgres's own SCRAM, which has no types. */
declare module "pg/lib/crypto/sasl.js" {
  import type { TLSSocket } from "node:tls";

  /** An exchange under way; `response` is what to send next. */
  export type SaslSession = { readonly mechanism: string; response: string };
  export function startSession(
    mechanisms: readonly string[],
    stream: TLSSocket | undefined,
    mostRounds: number,
  ): SaslSession;
  export function continueSession(
    ...words: [session: SaslSession, password: string, serverData: string, stream: TLSSocket | undefined]
  ): Promise<void>;
  export function finalizeSession(session: SaslSession, serverData: string): void;
}

declare module "pg/lib/crypto/utils.js" {
  export function postgresMd5PasswordHash(user: string, password: string, salt: Uint8Array): Promise<string>;
}
