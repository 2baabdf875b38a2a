const patienceMs = 4_000;

/**
 * Asks whether what listens on a port of this machine is ready, and gives an exit code: 0 when it is, else 1 with the reason on stderr.
 * It stands in for curl in images that have no shell.
 */
export async function askHealth(port = "0"): Promise<0 | 1> {
  const url = `http://127.0.0.1:${port}/readyz`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs) });
    if (response.ok) return 0;
    process.stderr.write(`${url} answers HTTP ${response.status}: ${await response.text()}\n`);
  } catch (fault) {
    process.stderr.write(
      `${url} does not answer: ${fault instanceof Error ? fault.message : String(fault)}\n`,
    );
  }
  return 1;
}
