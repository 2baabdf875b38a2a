/**
 * Tells whether a host name is one that a machine or a cluster gives by itself, and nobody registers: an address, a single label,
 * `.localhost`, `.local`. A page elsewhere whose name was pointed at this address (DNS rebinding) has another.
 */
export function isLocalHost(hostname: string): boolean {
  return /^[\d.]+$|^\[|^[^.]+$|\.localhost$|\.local$/.test(hostname);
}
