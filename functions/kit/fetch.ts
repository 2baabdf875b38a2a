/** The part of the standard `fetch` that functions use; tests and other runtimes give their own. */
export type Fetch = (input: string | URL, init?: RequestInit) => Promise<Response>;
