import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The kernel cuts longer socket paths (108 bytes on Linux, 104 on BSD and macOS). */
const SOCKET_PATH_BYTES_MAX = 100;

/** The admin socket of a data directory: inside it, or, where that path is too long for a socket, a name in the temporary directory. */
export function adminSocketPath(preferred: string): string {
  if (Buffer.byteLength(preferred) <= SOCKET_PATH_BYTES_MAX) return preferred;
  return join(tmpdir(), `ledgerwood-${createHash('sha256').update(preferred).digest('hex').slice(0, 16)}.sock`);
}
