type FaultOptions = { readonly remedy?: string; readonly cause?: unknown; readonly isOfTls?: boolean };

/**
 * Why a connection could not be opened, where that was not said by the server itself. Its code tells whether trying again may
 * help (is-transient.ts), and its remedy what to do.
 */
export class ConnectionFault extends Error {
  override readonly name = "ConnectionFault";
  readonly code: string;
  readonly remedy: string | undefined;
  /** Whether it is TLS that failed: without, the server may be reached. */
  readonly isOfTls: boolean;

  constructor(code: string, message: string, { remedy, cause, isOfTls = false }: FaultOptions = {}) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.remedy = remedy;
    this.isOfTls = isOfTls;
  }
}

/** An error that the server answered with before it took us in, with the bytes that said it. */
export class ServerRefusal extends Error {
  override readonly name = "ServerRefusal";
  readonly code: string;
  readonly bytes: Uint8Array;
  /** Whether it came before we had proved who we are: another encryption may be treated otherwise. */
  readonly isEarly: boolean;

  constructor({ code, message, bytes, isEarly }: Omit<ServerRefusal, keyof Error> & { message: string }) {
    super(message);
    this.code = code;
    this.bytes = bytes;
    this.isEarly = isEarly;
  }
}
